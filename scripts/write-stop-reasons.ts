/** Writes docs/stop-reasons.md from the one table of stop reasons: `node scripts/write-stop-reasons.ts`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type StopReasonRow, stopReasons } from "../src/domain/stop-reason.ts";

/** Path of the document within the repository. */
export const stopReasonsPath = "docs/stop-reasons.md";

/** The document's text, computed from the table alone. */
export function renderStopReasons(table: Readonly<Record<string, StopReasonRow>> = stopReasons): string {
  const cell = (text: string): string => text.replaceAll("|", "\\|");
  const rows = Object.entries(table).map(
    ([name, row]) =>
      `| \`${name}\` | ${cell(row.sentence)} | ${row.conclusion} | ${row.exitCode} | ${row.resumable ? "yes" : "no"} | ${cell(row.next)} |`,
  );
  return [
    "# Stop reasons",
    "",
    "<!-- Written by scripts/write-stop-reasons.ts from src/domain/stop-reason.ts; do not edit. -->",
    "",
    "Every run ends with exactly one of these. The name is the action's output `stop_reason` and stands in the report, in the",
    "status comment and in the journal. The exit code is that of the action's step and of `baton run` and `baton continue`:",
    "0 unless a person must act, so that a nightly cap sends nobody a red mail. A usage error of the command line is 2.",
    "",
    "On a local session, `baton status` says the next step in commands: `baton continue SESSION` stands for `/continue`.",
    "",
    "| Stop reason | What happened | Conclusion | Exit code | Resumable | What you can do |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

if (import.meta.main) writeFileSync(join(import.meta.dirname, "..", stopReasonsPath), renderStopReasons());
