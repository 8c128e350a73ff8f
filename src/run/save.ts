import { committedUsd } from "../domain/replay.ts";
import { stateFileOf } from "../domain/session-key.ts";
import type { State } from "../domain/state.ts";
import type { CheckpointOutcome } from "../session/checkpoint.ts";
import { renderStateFile } from "../session/state-file.ts";
import { yieldToHuman } from "./human-commits.ts";
import type { Run } from "./open-run.ts";

/** Pushes a checkpoint and waits for it; `allowance` is the cumulative micro-USD that it covers (default: what is spent). */
export async function saveNow(run: Run, allowance?: number): Promise<CheckpointOutcome> {
  return note(run, await run.session.checkpoint(input(run, allowance)));
}

/** Pushes a checkpoint in the background. */
export function saveSoon(run: Run, allowance?: number): void {
  run.session.checkpointSoon(input(run, allowance));
}

/**
 * Commits the work tree (with the state file, unless `bare`) onto the work branch and pushes it together with the
 * checkpoint that records it: all or nothing. `merged` becomes the second parent.
 */
export async function saveWork(
  run: Run,
  message: string,
  options: { bare?: boolean; merged?: string } = {},
): Promise<CheckpointOutcome> {
  // The branch belongs to people now; the checkpoint keeps the work.
  if (run.conflict || run.handsOff) return await saveNow(run);
  const state = run.session.state();
  const parent = state.work_head ?? state.base.sha;
  const tree = options.bare ? run.workTree : await withStateFile(run, state);
  if (state.work_head === null && tree === (await run.store.treeOf(parent))) return await saveNow(run);
  const parents = options.merged ? [parent, options.merged] : [parent];
  const commit =
    parents.length === 1 && tree === (await run.store.treeOf(parent))
      ? parent
      : await run.store.commit({
          tree,
          parents,
          message: renderMessage(run, message),
          at: run.world.now().getTime(),
        });
  if (commit === run.pushedHead) return await saveNow(run);
  if (commit !== state.work_head) {
    await run.record("work_committed", { commit, tree, parents, message });
  }
  const outcome = await run.session.checkpoint({
    ...input(run),
    workBranch: { ref: `refs/heads/${state.branch}`, commit },
  });
  if (outcome.kind === "pushed") run.pushedHead = commit;
  if (outcome.kind !== "refused" || outcome.why !== "non_fast_forward") return note(run, outcome);
  run.conflict = await yieldToHuman(run, state.work_head);
  const isMerged = run.session.state().work_head !== commit;
  // With people's commits in it the tree is another one: nothing that was verified is said of it.
  return run.conflict || !isMerged ? outcome : await saveWork(run, message);
}

/** The last commit of verified work: its tree is exactly the verified one, so the state file goes (unless the policy keeps it). */
export async function saveVerified(run: Run): Promise<CheckpointOutcome> {
  const { session } = run.session.state();
  return await saveWork(run, `baton: finish ${session}`, { bare: !run.world.policy.keep_state_file });
}

/** Message of a commit: who asked comes as co-author, the session as trailer; trailers stand last (GitHub reads them there). */
function renderMessage(run: Run, message: string): string {
  const { requester, session } = run.session.state();
  const coAuthor =
    requester.id > 0
      ? `Co-authored-by: ${requester.login} <${requester.id}+${requester.login}@users.noreply.github.com>\n`
      : "";
  return `${message}\n\nBaton-Session: ${session}\n${coAuthor}`;
}

async function withStateFile(run: Run, state: State): Promise<string> {
  const sha = await run.store.writeBlob(renderStateFile(state));
  return await run.store.graft(run.workTree, [{ path: stateFileOf(state.session), sha, mode: "100644" }]);
}

function input(run: Run, allowance?: number): { workTree: string; allowanceUsdMicro: number } {
  return {
    workTree: run.workTree,
    allowanceUsdMicro: allowance ?? Math.max(committedUsd(run.session.state()), run.session.acknowledgedAllowance()),
  };
}

function note(run: Run, outcome: CheckpointOutcome): CheckpointOutcome {
  if (outcome.kind === "superseded") run.superseded = outcome.detail;
  return outcome;
}
