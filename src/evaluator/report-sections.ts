import type { Criterion } from "../domain/contract.ts";
import { renderUsd } from "../domain/limits.ts";
import type { CriterionVerdict, Evidence, Finding } from "../domain/verdict.ts";
import { codeBlock, codeSpan, escapeLine, quoteBlock } from "./escape-markdown.ts";
import { hash, plural, renderDuration } from "./report-text.ts";
import type { ReportView } from "./report-view.ts";
import { commandOf } from "./run-oracle.ts";

/** One part of a report. Parts with the highest `drop` go first when the whole is too long; 0 always stays. */
export interface Section {
  name: string;
  drop: number;
  text: string;
}

const marks: Record<CriterionVerdict["verdict"] | "open" | "claimed", string> = {
  pass: "✅ pass",
  fail: "❌ fail",
  unverifiable: "⚠️ not shown",
  open: "▫️ open",
  claimed: "▫️ claimed, not checked",
};

/** The table of criteria: one row each, verdict and reason on the row. */
export function criteriaTable(view: ReportView): string {
  if (!view.contract) return "";
  const rows = view.contract.criteria.map((criterion) => {
    const given = view.verdict?.criteria.find((c) => c.id === criterion.id);
    const status = given?.verdict ?? view.criteria.find((c) => c.id === criterion.id)?.status ?? "open";
    const notes = [
      ...(criterion.must ? [] : ["optional"]),
      ...(criterion.worker_written ? ["test written by the worker: weaker evidence"] : []),
      ...(criterion.oracle.type === "rubric" ? ["judged, not run"] : []),
      ...(given && given.verdict !== "pass" && given.reason ? [escapeLine(given.reason, 200)] : []),
    ];
    const evidence =
      given && given.evidence.length > 0 ? given.evidence.map((id) => escapeLine(id, 10)).join(", ") : "–";
    return `| ${criterion.id} | ${marks[status]} | ${escapeLine(criterion.text, 200)}${notes.length > 0 ? `<br><sub>${notes.join("; ")}</sub>` : ""} | ${evidence} |`;
  });
  return ["| | Verdict | Criterion | Evidence |", "|---|---|---|---|", ...rows].join("\n");
}

/** What Baton ran, folded: failures with their output, passes in one line. */
export function evidenceDetails(view: ReportView, tail = 1_500): string {
  const { verdict } = view;
  if (!verdict || verdict.evidence.length === 0) return "";
  const failed = verdict.evidence.filter((e) => e.outcome !== "pass");
  const passed = verdict.evidence.filter((e) => e.outcome === "pass");
  const blocks = failed.map((e) => [evidenceLine(e), ...(e.tail.trim() ? [codeBlock(e.tail, tail)] : [])].join("\n\n"));
  const list = passed.map((e) => `- ${evidenceLine(e)}`).join("\n");
  return details(
    `What was run (${plural(verdict.evidence.length, "run")}, ${failed.length} not green)`,
    [...blocks, ...(list ? [list] : []), renderCounting(verdict.tests_counted_by)].join("\n\n"),
  );
}

const counting: Readonly<Record<string, string>> = {
  tap: "the runner's TAP report",
  junit: "the runner's JUnit report",
  json: "the runner's JSON report",
  source: "their titles in the source, since no run named them",
  file: "file",
};

/** How lost tests were looked for: the weaker ways are said in words. */
function renderCounting(ways: string): string {
  const named = ways.split("+").map((way) => counting[way] ?? `what the runner prints (${escapeLine(way, 20)})`);
  return `Tests were told apart by ${named.join(", and by ")}.`;
}

/** Findings that block, in the open; hints folded. */
export function findingSections(view: ReportView): Section[] {
  const findings = view.verdict?.findings ?? [];
  const blockers = findings.filter((f) => f.severity === "blocker");
  const hints = findings.filter((f) => f.severity === "advisory");
  return [
    ...(blockers.length > 0
      ? [
          {
            name: "rules",
            drop: 2,
            text: `### Broken rules\n\n${blockers.slice(0, 20).map(findingLine).join("\n")}${more(blockers.length, 20)}`,
          },
        ]
      : []),
    ...(hints.length > 0
      ? [
          {
            name: "hints",
            drop: 7,
            text: details(
              `Worth a look (${hints.length})`,
              `${hints.slice(0, 30).map(findingLine).join("\n")}${more(hints.length, 30)}`,
            ),
          },
        ]
      : []),
  ];
}

/** What nobody has shown, and why; empty when all was. */
export function unverifiedSection(view: ReportView): string {
  const { verdict } = view;
  if (!verdict) return "";
  const open = verdict.criteria.filter((c) => c.verdict === "unverifiable");
  const weak =
    view.contract?.criteria.filter(
      (c) => c.worker_written && verdict.criteria.some((v) => v.id === c.id && v.verdict === "pass"),
    ) ?? [];
  const lines = [
    ...open.map((c) => `- ${c.id}: ${escapeLine(c.reason || "no reason was given", 300)}`),
    ...(verdict.judged_by === null ? ["- No model has judged request and diff: only the oracles speak."] : []),
    ...(weak.length > 0
      ? [`- ${weak.map((c) => c.id).join(", ")}: shown by a test that the worker wrote; it is red on the base.`]
      : []),
    ...view.facts.weaker.map((w) => `- Walls: ${escapeLine(w, 200)}`),
  ];
  return lines.length > 0 ? `### What was not verified\n\n${lines.join("\n")}` : "";
}

/** The contract whole, with its hash and how each oracle behaved on the base. */
export function contractDetails(view: ReportView): string {
  const { contract } = view;
  if (!contract) return "";
  const criteria = contract.criteria.map((c) => {
    const base = contract.baseline.find((b) => b.criterion === c.id);
    const first = base?.detail.split("\n")[0] ?? "";
    return [
      `**${c.id}** (${c.kind}${c.must ? "" : ", optional"}) ${escapeLine(c.text, 1_000)}`,
      `- decided by ${oracleText(c)}`,
      ...(base
        ? [
            `- on the base: ${base.outcome.replace("_", " ")}${first && base.outcome !== "pass" ? `, ${escapeLine(first, 200)}` : ""}`,
          ]
        : []),
      ...(c.files.length > 0 ? [`- carries ${c.files.map((f) => codeSpan(f.path)).join(", ")}`] : []),
    ].join("\n");
  });
  const amended = contract.amendments.map(
    (a) => `Added by ${escapeLine(a.actor, 60)}:\n\n${quoteBlock(a.text, 1_000)}`,
  );
  const changes = contract.allowed_test_changes.map((a) => `- ${codeSpan(a.path)}: ${escapeLine(a.reason, 300)}`);
  return details(
    `Contract, frozen before the work (${codeSpanHtml((view.contractSha256 ?? "").slice(0, 12))})`,
    [
      `sha256 ${codeSpan(view.contractSha256 ?? "")}`,
      ...criteria,
      ...amended,
      ...(changes.length > 0 ? [`Existing tests that may change:\n\n${changes.join("\n")}`] : []),
    ].join("\n\n"),
  );
}

/** What the initializer took for granted, and what it left out. */
export function scopeSections(view: ReportView): Section[] {
  const { contract } = view;
  const list = (items: readonly string[]) => items.map((item) => `- ${escapeLine(item, 500)}`).join("\n");
  return [
    ...(contract && contract.assumptions.length > 0
      ? [{ name: "assumptions", drop: 4, text: `### Assumptions\n\n${list(contract.assumptions)}` }]
      : []),
    ...(contract && contract.out_of_scope.length > 0
      ? [{ name: "scope", drop: 5, text: details("Out of scope", list(contract.out_of_scope)) }]
      : []),
  ];
}

/** What it took: money by role, turns, time, walls, base. */
export function runDetails(view: ReportView): string {
  const { spend, facts } = view;
  const roles = spend.byRole.map(([role, s]) => `| ${role} | ${renderUsd(s.usd_micro)} | ${s.turns} |`);
  const moved =
    facts.baseMoved === null
      ? ""
      : facts.baseMoved === 0
        ? ", which has not moved since"
        : `, which has moved by ${plural(facts.baseMoved, "commit")} since`;
  const perVerified =
    spend.perVerifiedUsdMicro === null ? "" : ` (${renderUsd(spend.perVerifiedUsdMicro)} per verified criterion)`;
  const links = [
    facts.runUrl ? `[run](${facts.runUrl})` : "",
    facts.traceUrl ? `[trace](${facts.traceUrl})` : "",
  ].filter((l) => l !== "");
  const estimated =
    spend.total.estimated_usd_micro > 0 ? `, of which ${renderUsd(spend.total.estimated_usd_micro)} is estimated` : "";
  return details(
    `Cost and course: ${renderUsd(spend.total.usd_micro)}, ${plural(spend.total.turns, "turn")}, ${renderDuration(view.workedMs)}`,
    [
      [
        "| Role | Spend | Turns |",
        "|---|---:|---:|",
        ...roles,
        `| **together** | **${renderUsd(spend.total.usd_micro)}** | **${spend.total.turns}** |`,
      ].join("\n"),
      [
        `- Spend: ${renderUsd(spend.total.usd_micro)}${perVerified}${estimated}`,
        `- ${plural(view.runs, "run")}, ${plural(view.contexts, "context")}, ${plural(view.rounds, "evaluation")} in the last run${view.restarts > 0 ? `, ${plural(view.restarts, "restart")}` : ""}`,
        `- Base: ${codeSpan(view.base.ref)} at ${hash(view.base.sha)}${moved}`,
        `- Walls: ${escapeLine(facts.walls, 200)}`,
        ...(facts.blockedHosts.length > 0
          ? [
              `- Network asked for and denied: ${facts.blockedHosts
                .slice(0, 10)
                .map((h) => codeSpan(h))
                .join(", ")}`,
            ]
          : []),
        ...facts.renewals.slice(-3).map((line) => `- Set-up: ${escapeLine(line, 400)}`),
        ...view.warnings.slice(0, 10).map((w) => `- Note: ${escapeLine(w, 300)}`),
        ...(links.length > 0 ? [`- ${links.join(" · ")}`] : []),
      ].join("\n"),
    ].join("\n\n"),
  );
}

/** The evidence for a base that already does what was asked. */
export function baselineSection(view: ReportView): string {
  if (view.headline !== "already_satisfied" || view.facts.baseline.length === 0) return "";
  const rows = view.facts.baseline.map(({ criterion, outcome, exit, detail }) => {
    const [text = "", command = ""] = detail.split("\n");
    const end = `${outcome === "pass" ? "✅ pass" : `▫️ ${outcome.replace("_", " ")}`}${exit === null ? "" : `, exit ${exit}`}`;
    return `| ${escapeLine(criterion, 10)} | ${end} | ${escapeLine(text, 200)} | ${escapeLine(command, 200)} |`;
  });
  return ["| | On the base | Criterion | What was run |", "|---|---|---|---|", ...rows].join("\n");
}

/** A folded part. `summary` must be inert already. */
export function details(summary: string, body: string): string {
  return `<details>\n<summary>${summary}</summary>\n\n${body}\n\n</details>`;
}

function evidenceLine(e: Evidence): string {
  const attempts = e.attempts.length > 1 ? ` (exits ${e.attempts.map((x) => x ?? "none").join(", ")})` : "";
  return `**${escapeLine(e.id, 10)}**${e.criterion ? ` ${escapeLine(e.criterion, 10)}` : ""} ${e.kind.replaceAll("_", " ")}: ${codeSpan(e.command)} → ${e.outcome}, exit ${e.exit ?? "none"}${attempts}, ${renderDuration(e.duration_ms)}, tree ${hash(e.tree)}`;
}

function findingLine(f: Finding): string {
  const place = f.file ? ` ${codeSpan(`${f.file}${f.line ? `:${f.line}` : ""}`)}` : "";
  return `- **${escapeLine(f.rule, 60)}**${place}: ${escapeLine(f.text, 400)}`;
}

function more(count: number, shown: number): string {
  return count > shown ? `\n- … and ${count - shown} more` : "";
}

function oracleText(criterion: Criterion): string {
  const { oracle } = criterion;
  if (oracle.type === "rubric") return `the evaluator: ${escapeLine(oracle.rubric, 600)}`;
  const expect = "expect" in oracle ? `, expecting ${codeSpan(JSON.stringify(oracle.expect))}` : "";
  return `${oracle.type} ${codeSpan(commandOf(oracle), 400)}${expect}`;
}

function codeSpanHtml(text: string): string {
  return `<code>${text.replace(/[^0-9a-f]/g, "")}</code>`;
}
