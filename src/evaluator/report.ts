import { reportBegin, reportEnd, staleTableTitle } from "../domain/stale-report.ts";
import { escapeLine, quoteBlock } from "./escape-markdown.ts";
import { fitSections } from "./fit-sections.ts";
import {
  baselineSection,
  contractDetails,
  criteriaTable,
  details,
  evidenceDetails,
  findingSections,
  runDetails,
  type Section,
  scopeSections,
  unverifiedSection,
} from "./report-sections.ts";
import { renderBasis, renderNext, renderTitle } from "./report-text.ts";
import type { ReportView } from "./report-view.ts";

/** Most characters of a pull request's or comment's body (GitHub answers 422 `Body is too long` beyond it). */
export const maxBody = 65_536;

/** Most characters of a report, which leaves room for what people write around it. */
export const maxReport = 60_000;

const icons: Record<ReportView["headline"], string> = {
  pass: "✅",
  fail: "❌",
  unverified: "⚠️",
  partial: "⏸️",
  already_satisfied: "✅",
  blocked: "❓",
  stale: "⚠️",
  working: "⏳",
  ended: "⏸️",
};

/** The report with its markers, within `most` characters: verdict first, then what to do, then what it rests on. */
export function renderReport(view: ReportView, most = maxReport): string {
  const room = most - reportBegin.length - reportEnd.length - 4;
  return `${reportBegin}\n\n${fitSections(reportSections(view), room, view.facts.fullReportUrl ?? view.facts.traceUrl ?? view.facts.runUrl)}\n\n${reportEnd}`;
}

/** The report's parts in order, most important first; shared by check run and job summary. */
export function reportSections(view: ReportView): Section[] {
  const stale = view.headline === "stale";
  const closes = view.headline === "pass" && view.request.number !== null ? `\n\nCloses #${view.request.number}` : "";
  const table = view.headline === "already_satisfied" ? "" : criteriaTable(view);
  return [
    {
      name: "verdict",
      drop: 0,
      text: `## ${icons[view.headline]} ${renderTitle(view)}\n\n**Next:** ${renderNext(view)}\n\n${renderBasis(view)}${closes}`,
    },
    { name: "questions", drop: 0, text: questionsSection(view) },
    {
      name: "summary",
      drop: 3,
      text:
        view.alreadySatisfied !== null && view.headline === "already_satisfied"
          ? quoteBlock(view.alreadySatisfied, 2_000)
          : "",
    },
    { name: "baseline", drop: 1, text: baselineSection(view) },
    { name: "criteria", drop: 1, text: stale && table ? `${staleTableTitle}\n\n${table}` : table },
    ...findingSections(view),
    { name: "what was not verified", drop: 2, text: unverifiedSection(view) },
    { name: "notes", drop: 5, text: view.facts.notes.map((note) => `> **Note:** ${note}`).join("\n\n") },
    ...flakySection(view),
    ...scopeSections(view),
    { name: "runs", drop: 8, text: evidenceDetails(view) },
    { name: "contract", drop: 6, text: contractDetails(view) },
    { name: "cost", drop: 3, text: runDetails(view) },
  ];
}

/** Puts the report into a pull request's text: between the markers if they stand there, else after what people wrote. */
export function placeReport(existing: string | null, report: string): string {
  const body = existing ?? "";
  const begin = body.indexOf(reportBegin);
  const end = body.indexOf(reportEnd, begin);
  const before = begin >= 0 && end >= 0 ? body.slice(0, begin) : body.trim() === "" ? "" : `${body.trimEnd()}\n\n`;
  const after = begin >= 0 && end >= 0 ? body.slice(end + reportEnd.length) : "";
  return `${before}${report}${after}`;
}

/** Characters that a report may have so that it and people's own text fit into one body. */
export function roomForReport(existing: string | null): number {
  const people = placeReport(existing, "").length;
  return Math.max(2_000, Math.min(maxReport, maxBody - people));
}

function questionsSection({ questions }: ReportView): string {
  return questions.length === 0
    ? ""
    : `### Questions\n\n${questions.map((q, i) => `${i + 1}. ${escapeLine(q, 500)}`).join("\n")}`;
}

function flakySection({ verdict }: ReportView): Section[] {
  const flaky = verdict?.evidence.filter((e) => e.outcome === "flaky") ?? [];
  if (flaky.length === 0) return [];
  const lines = flaky.map(
    (e) => `- ${e.criterion ?? e.id}: failed and passed on the same tree (exits ${e.attempts.join(", ")})`,
  );
  return [{ name: "flaky", drop: 4, text: details(`Flaky (${flaky.length})`, lines.join("\n")) }];
}
