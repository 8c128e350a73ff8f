import { renderUsd } from "../domain/limits.ts";
import { escapeLine } from "./escape-markdown.ts";
import { fitSections } from "./fit-sections.ts";
import { maxReport, reportSections } from "./report.ts";
import { criteriaTable } from "./report-sections.ts";
import { plural, renderBasis, renderDuration, renderNext, renderTitle } from "./report-text.ts";
import type { ReportView } from "./report-view.ts";

/** The status comment: short, because the pull request has the whole; whole when there is no pull request to look at. */
export function renderStatus(view: ReportView, pullRequestUrl: string | null = null): string {
  const { facts, spend } = view;
  const link = facts.fullReportUrl ?? facts.traceUrl ?? facts.runUrl;
  const alone = pullRequestUrl === null && view.headline !== "working";
  if (alone) return fitSections([...reportSections(view)], maxReport, link);
  const links = [
    pullRequestUrl ? `[pull request](${pullRequestUrl})` : "",
    facts.runUrl ? `[run](${facts.runUrl})` : "",
  ].filter((l) => l);
  const cost = `${renderUsd(spend.total.usd_micro)}, ${plural(spend.total.turns, "turn")}, ${renderDuration(view.workedMs)}`;
  return fitSections(
    [
      { name: "verdict", drop: 0, text: `**${renderTitle(view)}**\n\n${renderNext(view)}` },
      { name: "questions", drop: 0, text: view.questions.map((q, i) => `${i + 1}. ${escapeLine(q, 500)}`).join("\n") },
      { name: "basis", drop: 2, text: view.headline === "working" ? "" : renderBasis(view) },
      { name: "criteria", drop: 1, text: view.headline === "working" ? criteriaTable(view) : "" },
      { name: "cost", drop: 0, text: [...links, cost].join(" · ") },
    ],
    maxReport,
    link,
  );
}
