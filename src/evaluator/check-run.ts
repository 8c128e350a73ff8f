import { fitSections } from "./fit-sections.ts";
import { reportSections } from "./report.ts";
import { renderBasis, renderNext, renderTitle } from "./report-text.ts";
import type { ReportView } from "./report-view.ts";

/** Most characters of a check run's summary and of its text (GitHub's REST description of `output`). */
export const maxCheckText = 65_535;

/** A check run on the judged commit; its conclusion is the verdict, whatever the run's own ending was. */
export interface CheckRunText {
  title: string;
  summary: string;
  text: string;
  conclusion: "success" | "failure" | "neutral";
}

/** Renders the check run. Only a pass on this very tree is a success. */
export function renderCheckRun(view: ReportView): CheckRunText {
  const link = view.facts.fullReportUrl ?? view.facts.traceUrl ?? view.facts.runUrl;
  const sections = reportSections(view).filter((s) => s.name !== "verdict");
  return {
    title: renderTitle(view).slice(0, 250),
    summary: fitSections(
      [{ name: "summary", drop: 0, text: `${renderBasis(view)}\n\n**Next:** ${renderNext(view)}` }],
      maxCheckText,
      link,
    ),
    text: fitSections(sections, maxCheckText, link),
    conclusion: conclusionOf(view),
  };
}

function conclusionOf({ headline, verdict }: ReportView): CheckRunText["conclusion"] {
  if (headline === "pass" || headline === "already_satisfied") return "success";
  if (headline === "stale" || headline === "working") return "neutral";
  return verdict?.outcome === "fail" ? "failure" : "neutral";
}
