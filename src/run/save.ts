import { committedUsd } from "../domain/replay.ts";
import { stateFileOf } from "../domain/session-key.ts";
import type { State } from "../domain/state.ts";
import type { CheckpointOutcome } from "../session/checkpoint.ts";
import { renderStateFile } from "../session/state-file.ts";
import { yieldToHuman } from "./human-commits.ts";
import type { Run } from "./open-run.ts";
import { answerRefusal, dropHead } from "./refusals.ts";

/** Answers to refusals in one go: each takes one named part out. */
const maxRemedies = 8;

/**
 * Pushes a checkpoint and waits for it; `allowance` is the cumulative micro-USD that it covers (default: what is spent).
 * What the remote refuses to hold is left out, and the push tried again.
 */
export async function saveNow(run: Run, allowance?: number): Promise<CheckpointOutcome> {
  for (let round = 1; ; round += 1) {
    const outcome = note(run, await run.session.checkpoint(input(run, allowance)));
    if (outcome.kind !== "refused" || round > maxRemedies) return outcome;
    const isOfBranch = outcome.why === "non_fast_forward" || outcome.why === "workflows";
    // A commit that an outage left over is made anew by the next `saveWork`, which can merge.
    if (isOfBranch) await dropHead(run, outcome);
    if (isOfBranch || (await answerRefusal(run, outcome)).kind === "again") continue;
    return outcome;
  }
}

/** Pushes a checkpoint in the background. */
export function saveSoon(run: Run, allowance?: number): void {
  run.session.checkpointSoon(input(run, allowance));
}

/**
 * Commits the work tree (with the state file, unless `bare`) onto the work branch; the checkpoint that records it takes it
 * along: all or nothing. `merged` becomes the second parent.
 */
export async function saveWork(
  run: Run,
  message: string,
  options: { bare?: boolean; merged?: string } = {},
  round = 1,
): Promise<CheckpointOutcome> {
  // Nothing more goes onto the branch; the checkpoint keeps the work.
  if (run.conflict || run.handsOff) return await saveNow(run);
  const commit = await commitWork(run, message, options);
  if (commit === null || commit === run.session.remoteHead()) return await saveNow(run);
  const outcome = note(run, await run.session.checkpoint(input(run)));
  if (outcome.kind !== "refused" || round > maxRemedies) return outcome;
  if (outcome.why === "non_fast_forward") {
    run.conflict = await yieldToHuman(run, run.session.remoteHead());
    const isMerged = run.session.state().work_head !== commit;
    // With people's commits in it the tree is another one: nothing that was verified is said of it.
    return run.conflict || !isMerged ? outcome : await saveWork(run, message, {}, round + 1);
  }
  const remedy = await answerRefusal(run, outcome);
  if (remedy.kind === "again")
    return await saveWork(run, message, { merged: remedy.merged ?? options.merged }, round + 1);
  await saveNow(run);
  return outcome;
}

/** The commit that has the work as it stands now, recorded; null while there is nothing to commit. */
async function commitWork(
  run: Run,
  message: string,
  { bare, merged }: { bare?: boolean; merged?: string },
): Promise<string | null> {
  const state = run.session.state();
  const parent = state.work_head ?? state.base.sha;
  // A run that ended before it looked at the branch has nothing to add to it, and a fresh runner does not have it.
  if ((await run.store.resolve(`${parent}^{commit}`)) === null) return null;
  const tree = bare ? run.workTree : await withStateFile(run, state);
  const parents = merged && merged !== parent ? [parent, merged] : [parent];
  const isSame = parents.length === 1 && tree === (await run.store.treeOf(parent));
  if (isSame) return state.work_head;
  const commit = await run.store.commit({
    tree,
    parents,
    message: renderMessage(run, message),
    at: run.world.now().getTime(),
  });
  await run.record("work_committed", { commit, tree, parents, message });
  return commit;
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
      ? `Co-authored-by: ${requester.login} <${requester.id}+${requester.login}@users.noreply.${noreplyHost(run.world.remote.url)}>\n`
      : "";
  return `${message}\n\nBaton-Session: ${session}\n${coAuthor}`;
}

/** Host of people's noreply addresses: that of the server which the work is pushed to; github.com for a path. */
export function noreplyHost(remote: string): string {
  return URL.canParse(remote) ? new URL(remote).hostname || "github.com" : "github.com";
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
