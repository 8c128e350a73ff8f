import { contractSha256 } from "../domain/contract.ts";
import { runBaselines } from "../evaluator/freeze-contract.ts";
import type { RunEnd } from "./end.ts";
import { mergeNewBase } from "./merge-base.ts";
import type { Run } from "./open-run.ts";
import { saveWork } from "./save.ts";

/**
 * A scheduled run on an open pull request takes the moved base up: it is merged into the work, and the branch gets a
 * commit with both parents, so that nothing is rewritten. A base that has not moved changes nothing.
 */
export async function takeUpNewBase(run: Run): Promise<RunEnd | null> {
  const { contract, work_head: head, base } = run.session.state();
  if (run.world.envelope.trigger.kind !== "schedule" || !contract || !head) return null;
  const outcome = await mergeNewBase(run);
  if (outcome.kind === "unmoved") return null;
  if (outcome.kind === "conflict") return outcome.end;
  const message = `baton: take up ${base.ref} at ${outcome.head.slice(0, 10)}`;
  const saved = await saveWork(run, message, { merged: outcome.head });
  if (run.conflict) return run.conflict;
  return saved.kind === "pushed"
    ? null
    : { stop: "conflict", text: `The refreshed branch was not taken: ${saved.detail}` };
}

/** After the set-up on a base that moved: every oracle runs on it once more, and the work waits for the evaluator. */
export async function judgeNewBase(run: Run): Promise<null> {
  const { contract, base, criteria } = run.session.state();
  if (!contract || contract.base_sha === base.sha) return null;
  const baseline = await runBaselines(contract, base.sha, run.evaluatorWorld);
  const isComplete = criteria.every(({ status }) => status === "pass" || status === "claimed");
  const moved = { ...contract, base_sha: base.sha, baseline };
  await run.record("contract_frozen", { contract: moved, sha256: contractSha256(moved) });
  // What was complete is judged on the new base before anybody works on.
  if (isComplete)
    await run.record("work_finished", { tree: run.workTree, summary: "The base moved on and was merged." });
  return null;
}
