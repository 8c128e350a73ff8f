import type { Contract } from "../domain/contract.ts";
import type { Verdict } from "../domain/verdict.ts";
import { commandOf } from "./run-oracle.ts";

/** Most characters of feedback: about 2,000 tokens. */
export const maxFeedback = 7_000;

/** What the worker is told when the work is sent back: failed criteria, how to see the failure, and the log's end. */
export function renderFeedback(contract: Contract, verdict: Verdict): { text: string; criteria: string[] } {
  const open = verdict.criteria.filter((c) => c.verdict !== "pass");
  const blockers = verdict.findings.filter((f) => f.severity === "blocker");
  const tail = Math.max(200, Math.floor(3_600 / Math.max(1, open.length)));
  const parts = open.map((c) => {
    const criterion = contract.criteria.find((k) => k.id === c.id);
    const run = verdict.evidence.filter((e) => c.evidence.includes(e.id) && e.outcome !== "pass").at(-1);
    return [
      `## ${c.id} ${c.verdict}: ${criterion?.text.slice(0, 300) ?? ""}`,
      c.reason.slice(0, 400),
      ...(criterion && criterion.oracle.type !== "rubric"
        ? [`To see it: ${commandOf(criterion.oracle).slice(0, 400)}`]
        : []),
      ...(run?.tail ? ["```", run.tail.trimEnd().slice(-tail).replaceAll("```", "'''"), "```"] : []),
    ].join("\n");
  });
  const rules = blockers.map(
    (f) => `- ${f.rule}${f.file ? ` ${f.file}${f.line ? `:${f.line}` : ""}` : ""}: ${f.text.slice(0, 300)}`,
  );
  const text = [
    "The work was evaluated in a clean checkout and is not accepted yet.",
    ...(rules.length > 0 ? ["## Must be undone or mended", rules.slice(0, 12).join("\n")] : []),
    ...parts,
  ].join("\n\n");
  return { text: cutAtLine(text, maxFeedback), criteria: open.map((c) => c.id) };
}

function cutAtLine(text: string, most: number): string {
  if (text.length <= most) return text;
  const cut = text.slice(0, most - 40);
  const kept = cut.slice(0, cut.lastIndexOf("\n"));
  const open = [...kept.matchAll(/^```/gm)].length % 2 === 1;
  return `${kept}${open ? "\n```" : ""}\n\n(the rest was cut)`;
}
