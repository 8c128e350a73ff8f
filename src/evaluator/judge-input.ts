import type { Contract } from "../domain/contract.ts";
import type { Evidence, Finding } from "../domain/verdict.ts";

/** All that the judge is told. There is no field for anything that the worker said. */
export interface JudgeInput {
  request: { title: string; body: string };
  contract: Contract;
  contractSha256: string;
  tree: string;
  /** Tree with overlays: what the judge's throw-away copy is checked out from. */
  evaluatedTree: string;
  evidence: Evidence[];
  findings: Finding[];
  /** Runs that failed and are not held against the work, by evidence id, with the reason. */
  excused?: ReadonlyMap<string, string>;
  /** Unified diff from base to tree, at most 60 KB. */
  diff: string;
  diffCut: boolean;
  /** `path +added −removed` of each changed file, also of those whose diff was cut. */
  files: string[];
}

/** Most bytes of the diff that the judge is given; the rest it reads with its tools. */
export const maxDiffBytes = 60_000;

/** The judge's view as text for the first message: one evidence per line, tails short, everything marked as data. */
export function renderJudgeInput(input: JudgeInput): string {
  const { contract } = input;
  const criteria = contract.criteria.map((c) => {
    const oracle = c.oracle.type === "rubric" ? `rubric: ${c.oracle.rubric}` : `oracle: ${JSON.stringify(c.oracle)}`;
    return `- ${c.id} (${c.kind}${c.must ? "" : ", not a must"}${c.worker_written ? ", test written by the worker: weaker evidence" : ""}): ${c.text}\n  ${oracle}`;
  });
  const evidence = input.evidence.map(
    (e) =>
      `- ${e.id} ${e.criterion ?? "-"} ${e.kind} ${outcomeOf(e, input)} exit=${e.exit ?? "none"} tree=${e.tree.slice(0, 12)} \`${e.command}\`\n${indent(e.tail.slice(-600))}`,
  );
  return [
    section("request", `${input.request.title}\n\n${input.request.body}`),
    section("amendments", contract.amendments.map((a) => `- ${a.actor}: ${a.text}`).join("\n")),
    section("contract", `sha256 ${input.contractSha256}\n${contract.summary}\n${criteria.join("\n")}`),
    section("assumptions", contract.assumptions.map((a) => `- ${a}`).join("\n")),
    section("out_of_scope", contract.out_of_scope.map((a) => `- ${a}`).join("\n")),
    section("evidence", `tree ${input.evaluatedTree}\n${evidence.join("\n")}`),
    section(
      "findings",
      input.findings
        .map((f) => `- ${f.severity} ${f.rule} ${f.file ?? ""}${f.line ? `:${f.line}` : ""} ${f.text}`)
        .join("\n"),
    ),
    section("changed_files", input.files.join("\n")),
    section(input.diffCut ? "diff_cut" : "diff", input.diff),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** A judge that reads only `fail` cannot know that Baton has compared it with the base, and would doubt honest work. */
function outcomeOf({ id, outcome }: Evidence, { excused }: JudgeInput): string {
  const why = excused?.get(id);
  return why ? `pass (counted so by Baton: ${why}; the command itself: ${outcome})` : outcome;
}

/** Failures that are none of the work's: known ones of the base, and a new test that is red there as it must be. */
export function excuse(
  evidence: readonly Evidence[],
  findings: readonly Finding[],
  verdicts: readonly { verdict: string; reason: string; evidence: readonly string[] }[],
): Map<string, string> {
  const blamed = new Set(findings.filter((f) => f.severity === "blocker").flatMap((f) => f.evidence));
  const passed = new Map(
    verdicts.filter((v) => v.verdict === "pass").flatMap((v) => v.evidence.map((id) => [id, v.reason] as const)),
  );
  const reasonOf = ({ id, kind }: Evidence): string => {
    if (kind === "oracle") return passed.get(id) ?? "";
    if (blamed.has(id)) return "";
    if (kind === "base_tests_on_head") return "only what fails on the base fails";
    return kind === "head_tests_on_base" ? "red on the base, as a test of new work must be" : "";
  };
  return new Map(
    evidence
      .filter((e) => e.outcome !== "pass")
      .map((e) => [e.id, reasonOf(e)] as const)
      .filter(([, reason]) => reason !== ""),
  );
}

function section(name: string, body: string): string {
  // Closing tags inside data must not end the section.
  const inert = body.replaceAll(
    /<(\/?)(request|amendments|contract|assumptions|out_of_scope|evidence|findings|changed_files|diff_cut|diff)>/g,
    "<$1 $2>",
  );
  return inert.trim() === "" ? "" : `<${name}>\n${inert.trim()}\n</${name}>`;
}

function indent(text: string): string {
  return text.trimEnd() === "" ? "" : text.trimEnd().replace(/^/gm, "    ");
}
