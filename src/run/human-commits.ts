import type { RunEnd } from "./end.ts";
import type { Run } from "./open-run.ts";
import { withoutBaton } from "./tree.ts";

/**
 * Looks at the work branch as it stands on the remote: people's commits since are merged into the work, and a branch
 * that was deleted or force-pushed ends the run as a conflict. Nothing is ever overwritten.
 */
export async function findHumanCommits(run: Run, head = fetchWorkHead(run)): Promise<RunEnd | null> {
  return await takeIn(run, run.session.state().work_head, await head);
}

/** Head of the work branch on the remote; null when there is no such branch. */
export async function fetchWorkHead(run: Run): Promise<string | null> {
  const ref = `refs/heads/${run.session.state().branch}`;
  return (await run.store.lsRemote([ref])).get(ref) ?? null;
}

/**
 * After the remote refused a commit, since a person was faster: their commits are merged into the work, which is built
 * anew in the next context, or the run ends in a conflict. `known` is the last head of ours that the remote took.
 */
export async function yieldToHuman(run: Run, known: string | null): Promise<RunEnd | null> {
  const end = await takeIn(run, known, await fetchWorkHead(run));
  if (end) await run.record("human_commits_found", { commits: [], merged: false, work_head: known });
  else await run.workshop.discardWork();
  return end;
}

async function takeIn(run: Run, workHead: string | null, head: string | null): Promise<RunEnd | null> {
  const { branch } = run.session.state();
  const ref = `refs/heads/${branch}`;
  if (workHead === null) {
    return head === null ? null : conflict(`The branch \`${branch}\` exists already, and not from this session.`);
  }
  if (head === workHead) {
    // The next commit of work goes onto it, and a fresh runner does not have it yet.
    if ((await run.store.resolve(`${head}^{commit}`)) === null) await run.store.fetch([ref]);
    return null;
  }
  if (head === null) return conflict(`The branch \`${branch}\` was deleted.`);
  await run.store.fetch([ref]);
  if (!(await run.store.isAncestor(workHead, head))) {
    return conflict(`The branch \`${branch}\` was force-pushed: ${workHead.slice(0, 10)} is no longer in it.`);
  }
  return await mergeHuman(run, workHead, head);
}

async function mergeHuman(run: Run, workHead: string, head: string): Promise<RunEnd | null> {
  const commits = (await run.store.log(workHead, head)).map(({ sha }) => sha).reverse();
  const theirs = await withoutBaton(run.store, await run.store.treeOf(head));
  const base = await withoutBaton(run.store, await run.store.treeOf(workHead));
  const merged = await run.store.merge({ base, ours: run.workTree, theirs });
  if (merged.kind === "conflict") {
    await run.record("human_commits_found", { commits, merged: false, conflict: merged.paths });
    return conflict(
      `People's commits on \`${run.session.state().branch}\` and the saved work change the same places: ${merged.paths.slice(0, 10).join(", ")}.`,
    );
  }
  await run.record("human_commits_found", { commits, merged: true });
  run.workTree = merged.tree;
  const { criteria } = run.session.state();
  const isComplete = criteria.length > 0 && criteria.every(({ status }) => status === "pass" || status === "claimed");
  // The verdict on the old tree is stale: what was complete is judged anew before anybody works on.
  if (isComplete) await run.record("work_finished", { tree: merged.tree, summary: "People's commits were merged." });
  return null;
}

function conflict(text: string): RunEnd {
  return { stop: "conflict", text };
}
