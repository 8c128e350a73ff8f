import type { Contract } from "../domain/contract.ts";
import type { Finding } from "../domain/verdict.ts";
import type { Change } from "./changes.ts";
import { restoreDefinitions } from "./definitions.ts";
import type { EvaluatorWorld } from "./room.ts";

/** The head's tree as it is evaluated: protected paths and definitions as on the base. Each oracle's own carried files come on top. */
export async function overlayHead(
  contract: Contract,
  baseTree: string,
  tree: string,
  changes: readonly Change[],
  world: EvaluatorWorld,
): Promise<{ tree: string; findings: Finding[] }> {
  const { store } = world;
  const paths = [...new Set(changes.flatMap((c) => (c.oldPath === null ? [c.path] : [c.oldPath, c.path])))];
  const base = new Map((await store.listTree(baseTree)).map((e) => [e.path, e]));
  const head = new Map((await store.listTree(tree)).map((e) => [e.path, e]));
  const read = (from: string) => async (path: string) => {
    const bytes = await store.readBlob(from, path);
    return bytes && new TextDecoder().decode(bytes);
  };
  const definitions = await restoreDefinitions({ contract, changed: paths, base: read(baseTree), head: read(tree) });
  const grafts: { path: string; sha: string | null; mode?: string }[] = [];
  for (const [path, text] of definitions.overlay) {
    const mode = base.get(path)?.mode ?? head.get(path)?.mode;
    grafts.push({
      path,
      sha: text === null ? null : await store.writeBlob(Buffer.from(text)),
      ...(mode ? { mode } : {}),
    });
  }
  for (const path of paths.filter(world.isProtected)) {
    const was = base.get(path);
    grafts.push(was ? { path, sha: was.sha, mode: was.mode } : { path, sha: null });
  }
  const restored = grafts.length > 0 ? await store.graft(tree, grafts) : tree;
  return { tree: restored, findings: definitions.findings };
}
