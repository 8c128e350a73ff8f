import { contractSha256 } from "../domain/contract.ts";
import { runBaselines } from "../evaluator/freeze-contract.ts";
import type { RunEnd } from "./end.ts";
import type { Run } from "./open-run.ts";
import { saveWork } from "./save.ts";
import { withoutBaton } from "./tree.ts";

/**
 * A scheduled run on an open pull request takes the moved base up: it is merged into the work, and the branch gets a
 * commit with both parents, so that nothing is rewritten. A base that has not moved changes nothing.
 */
export async function takeUpNewBase(run: Run): Promise<RunEnd | null> {
  const state = run.session.state();
  if (run.world.envelope.trigger.kind !== "schedule" || !state.contract || !state.work_head) return null;
  const ref = `refs/heads/${state.base.ref}`;
  const head = (await run.store.lsRemote([ref])).get(ref);
  if (!head || head === state.base.sha) return null;
  await run.store.fetch([ref]);
  if (!(await run.store.isAncestor(state.base.sha, head)))
    return { stop: "conflict", text: `\`${state.base.ref}\` was force-pushed; the work does not follow it by itself.` };
  const [base, theirs] = await Promise.all([state.base.sha, head].map((commit) => treeWithoutBaton(run, commit)));
  const merged = await run.store.merge({ base: base!, ours: run.workTree, theirs: theirs! });
  if (merged.kind === "conflict") {
    const paths = merged.paths.slice(0, 10).join(", ");
    return { stop: "conflict", text: `\`${state.base.ref}\` and this pull request change the same places: ${paths}.` };
  }
  run.workTree = merged.tree;
  await run.record("base_refreshed", { from: state.base.sha, to: head, tree: merged.tree });
  const message = `baton: take up ${state.base.ref} at ${head.slice(0, 10)}`;
  const outcome = await saveWork(run, message, { merged: head });
  return outcome.kind === "pushed"
    ? null
    : { stop: "conflict", text: `The refreshed branch was not taken: ${outcome.detail}` };
}

/** After the set-up on a base that moved: every oracle runs on it once more, and the work waits for the evaluator. */
export async function judgeNewBase(run: Run): Promise<null> {
  const { contract, base } = run.session.state();
  if (!contract || contract.base_sha === base.sha) return null;
  const baseline = await runBaselines(contract, base.sha, run.evaluatorWorld);
  const moved = { ...contract, base_sha: base.sha, baseline };
  await run.record("contract_frozen", { contract: moved, sha256: contractSha256(moved) });
  await run.record("work_finished", { tree: run.workTree, summary: "The base moved on and was merged." });
  return null;
}

async function treeWithoutBaton(run: Run, commit: string): Promise<string> {
  return await withoutBaton(run.store, await run.store.treeOf(commit));
}
