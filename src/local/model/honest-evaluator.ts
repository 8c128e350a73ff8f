import type { Script } from "./script.ts";
import { requestText } from "./script-helpers.ts";
import type { MessagesRequest } from "./wire.ts";

/** One row of the evidence that Baton showed to its judge. */
export interface EvidenceRow {
  evidence: string;
  criterion: string;
  outcome: "pass" | "fail" | "flaky" | "error";
}

const evidenceId = /\bE\d{1,4}\b/;
const criterionId = /\b(?:[A-DF-Z][A-Z0-9]{0,2}|E[A-Z][A-Z0-9]?)\d{1,3}\b/;
const outcomeWord = /\b(pass|fail|flaky|error)\b/;

/** Reads evidence wherever a line (table row, list item or JSON object on one line) names evidence, criterion and outcome. */
export function readEvidenceRows(text: string): EvidenceRow[] {
  const rows: EvidenceRow[] = [];
  for (const line of text.split("\n")) {
    const evidence = evidenceId.exec(line)?.[0];
    const criterion = criterionId.exec(line)?.[0];
    const outcome = outcomeWord.exec(line)?.[1] as EvidenceRow["outcome"] | undefined;
    if (evidence && criterion && outcome) rows.push({ evidence, criterion, outcome });
  }
  return rows;
}

/** Every criterion id that a request names at the start of a line, list item, table row or as a JSON id. */
export function readCriterionIds(text: string): string[] {
  const ids = new Set<string>();
  const start = /(?:^[\s>#|*-]*`?|"id":\s*")((?:[A-DF-Z][A-Z0-9]{0,2}|E[A-Z][A-Z0-9]?)\d{1,3})\b/gm;
  for (const match of text.matchAll(start)) if (match[1]) ids.add(match[1]);
  return [...ids];
}

/** A judge that says exactly what the evidence says, and `unjudged` (default pass) of criteria that have none. */
export function honestEvaluator(
  options: {
    unjudged?: "pass" | "fail" | "unverifiable";
    findings?: unknown[];
    read?: (request: MessagesRequest) => EvidenceRow[];
  } = {},
): Script {
  return (request) => {
    const text = requestText(request);
    const rows = (options.read ?? ((asked) => readEvidenceRows(requestText(asked))))(request);
    const ids = new Set([...readCriterionIds(text), ...rows.map((row) => row.criterion)]);
    const criteria = [...ids].map((id) => {
      const mine = rows.filter((row) => row.criterion === id);
      const verdict =
        mine.length === 0
          ? (options.unjudged ?? "pass")
          : mine.every((row) => row.outcome === "pass")
            ? "pass"
            : "fail";
      const reason =
        mine.length === 0
          ? "No command decides this; judged by reading."
          : `The evidence says ${mine.map((row) => row.outcome).join(", ")}.`;
      return { id, verdict, evidence: mine.map((row) => row.evidence), reason };
    });
    return { toolCalls: [{ name: "verdict", input: { criteria, findings: options.findings ?? [] } }] };
  };
}
