import { sha256 } from "../domain/hash.ts";
import type { Evidence, Finding } from "../domain/verdict.ts";
import type { CrossRun } from "./base-tests.ts";
import { type OracleResult, tailLength } from "./run-oracle.ts";

/** Numbers what Baton ran: `E1`, `E2`, … within one evaluation. */
export interface EvidenceLog {
  readonly items: Evidence[];
  add(kind: Evidence["kind"], criterion: string | null, result: OracleResult): string;
  /** Adds the diff itself, so that a rubric can be judged on it. */
  addDiff(tree: string, diff: { patch: string; files: { path: string; added: number; removed: number }[] }): string;
  /** Adds the runs of a cross run and returns its findings with their evidence. */
  addCross(cross: CrossRun): Finding[];
}

/** An empty log. */
export function createEvidenceLog(): EvidenceLog {
  const items: Evidence[] = [];
  const put = (item: Omit<Evidence, "id">): string => {
    const id = `E${items.length + 1}`;
    items.push({ id, ...item });
    return id;
  };
  const add: EvidenceLog["add"] = (kind, criterion, result) =>
    put({
      criterion,
      kind,
      command: result.command,
      outcome: result.outcome,
      exit: result.exit,
      attempts: result.attempts,
      duration_ms: result.durationMs,
      tree: result.tree,
      output_sha256: result.outputSha256,
      tail: result.tail,
    });
  return {
    items,
    add,
    addDiff: (tree, { patch, files }) =>
      put({
        criterion: null,
        kind: "policy",
        command: "git diff --stat base..tree",
        outcome: "pass",
        exit: 0,
        attempts: [0],
        duration_ms: 0,
        tree,
        output_sha256: sha256(patch),
        tail: files
          .map((f) => `${f.path} +${f.added} -${f.removed}`)
          .join("\n")
          .slice(0, tailLength),
      }),
    addCross: ({ runs, findings }) => {
      const ids = runs.map((run) => add(run.kind, run.criterion, run.result));
      return findings.map(({ run, ...finding }) => ({ ...finding, evidence: ids[run] ? [ids[run]] : [] }));
    },
  };
}
