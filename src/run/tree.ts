import type { GitStore } from "../git/store.ts";

/** A tree without Baton's own folder: what is evaluated and what a merge sees. */
export async function withoutBaton(store: GitStore, tree: string): Promise<string> {
  return await store.graft(tree, [{ path: ".baton", sha: null }]);
}
