import type { Script } from "./script.ts";
import { requestText } from "./script-helpers.ts";
import type { MessagesRequest } from "./wire.ts";

/** One row of the evidence that Baton showed to its judge. */
export interface EvidenceRow {
  evidence: string;
  criterion: string;
  outcome: "pass" | "fail" | "flaky" | "error";
}

const criterion = "(?:[A-DF-Z][A-Z0-9]{0,2}|E[A-Z][A-Z0-9]?)\\d{1,3}";
/** Evidence first, its criterion next to it, the outcome behind: as a list item, a table row or a JSON object on one line. */
const rowPattern = new RegExp(
  `^ {0,3}(?:[-*|>] *)?(?:\\{"id":")?\`?(E\\d{1,4})\`?["|,\\s]*(?:"criterion":")?\`?(${criterion})\\b.*?\\b(pass|fail|flaky|error)\\b`,
);
const idPattern = new RegExp(`(?:^ {0,3}(?:[-*|>#]+ *)?\`?|"id":\\s*")(${criterion})\\b`, "gm");

/** The part of a text between two tags, or all of it when it has none: what quoted files say is not looked at. */
function sectionOf(text: string, tag: string): string {
  return new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(text)?.[1] ?? text;
}

/** Reads the rows of evidence that decide a criterion. */
export function readEvidenceRows(text: string): EvidenceRow[] {
  const rows: EvidenceRow[] = [];
  for (const line of sectionOf(text, "evidence").split("\n")) {
    const found = rowPattern.exec(line);
    if (found?.[1] && found[2])
      rows.push({ evidence: found[1], criterion: found[2], outcome: found[3] as EvidenceRow["outcome"] });
  }
  return rows;
}

/** Every criterion that the contract in a request names, in order. */
export function readCriterionIds(text: string): string[] {
  return [...new Set([...sectionOf(text, "contract").matchAll(idPattern)].map((match) => match[1] ?? ""))];
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
