import type { Event } from "../domain/event.ts";
import type { GitStore } from "../git/store.ts";
import { withoutBaton } from "./tree.ts";

/** Longest diff of one checkpoint or commit in a trace, bytes. */
const maxDiffBytes = 60_000;
/** All diffs of a trace together, bytes: the page must open at once. Those of later turns are left out. */
const maxTotalBytes = 4_000_000;

/**
 * What each checkpoint and each commit changed, as patches by hash, as far as the store has them: a checkpoint against the
 * one before it (the first against the base), so that the trace shows the work grow turn by turn.
 */
export async function readDiffs(store: GitStore, events: readonly Event[]): Promise<Map<string, string>> {
  const diffs = new Map<string, string>();
  let total = 0;
  let before: string | null = null;
  const add = async (hash: string, from: string | null, to: string | null): Promise<void> => {
    if (from === null || to === null || from === to || total >= maxTotalBytes) return;
    const diff = await store.diff(from, to, { maxBytes: maxDiffBytes });
    if (diff.patch === "") return;
    total += diff.patch.length;
    diffs.set(hash, diff.cut ? `${diff.patch}\n(cut at ${maxDiffBytes} bytes)` : diff.patch);
  };
  for (const event of events) {
    if (event.type === "session_started") before = await treeAt(store, event.data.base_sha);
    if (event.type === "checkpoint_pushed") {
      const tree = await treeAt(store, `${event.data.checkpoint}:work`);
      await add(event.data.checkpoint, before, tree);
      before = tree;
    }
    if (event.type !== "work_committed") continue;
    const { commit, parents } = event.data;
    await add(commit, await treeAt(store, parents[0]), await treeAt(store, commit));
  }
  return diffs;
}

/** Tree without `.baton/`; null when the store does not have it: a branch that was rewritten has taken its commits with it. */
async function treeAt(store: GitStore, rev: string | undefined): Promise<string | null> {
  const tree = rev ? await store.resolve(rev.includes(":") ? rev : `${rev}^{tree}`) : null;
  return tree === null ? null : await withoutBaton(store, tree);
}
