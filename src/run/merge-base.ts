import type { RunEnd } from "./end.ts";
import type { Run } from "./open-run.ts";
import { withoutBaton } from "./tree.ts";

/** What came of a base that may have moved: the work has it in it now, nothing moved, or a person must decide. */
export type BaseMerge = { kind: "merged"; head: string } | { kind: "unmoved" } | { kind: "conflict"; end: RunEnd };

/** Merges the base branch as it stands on the remote into the work; the next commit needs `head` as its second parent. */
export async function mergeNewBase(run: Run): Promise<BaseMerge> {
  const { base } = run.session.state();
  const ref = `refs/heads/${base.ref}`;
  const head = (await run.store.lsRemote([ref])).get(ref);
  if (!head || head === base.sha) return { kind: "unmoved" };
  await run.store.fetch([ref]);
  if (!(await run.store.isAncestor(base.sha, head)))
    return conflict(`\`${base.ref}\` was force-pushed; the work does not follow it by itself.`);
  const [old, theirs] = await Promise.all([base.sha, head].map((commit) => treeWithoutBaton(run, commit)));
  const merged = await run.store.merge({ base: old!, ours: run.workTree, theirs: theirs! });
  if (merged.kind === "conflict")
    return conflict(`\`${base.ref}\` and the work change the same places: ${merged.paths.slice(0, 10).join(", ")}.`);
  run.workTree = merged.tree;
  await run.record("base_refreshed", { from: base.sha, to: head, tree: merged.tree });
  return { kind: "merged", head };
}

function conflict(text: string): BaseMerge {
  return { kind: "conflict", end: { stop: "conflict", text } };
}

async function treeWithoutBaton(run: Run, commit: string): Promise<string> {
  return await withoutBaton(run.store, await run.store.treeOf(commit));
}
