import { objectId, renderTree, type TreeEntry } from "./object-format.ts";
import type { ObjectWriter } from "./object-writer.ts";
import { plainPath } from "./path-rules.ts";
import type { BaseTree, FileEntry, Scan } from "./scan.ts";

/** Copy-out of a work folder as a tree of Baton's own git directory. */
export interface Snapshot {
  tree: string;
  /** Hash of the work folder as it was found, before anything was put back: what `worldHash` gives. */
  world: string;
  /** Protected paths that differed and were put back as the base has them. */
  restored: string[];
  /** What was left out; where the base has the path, the base's entry stays. */
  refused: { path: string; why: string }[];
  /** Folders with a repository of their own, stored as plain files without its `.git`. */
  nested: string[];
}

/**
 * Puts every protected path back to what the base has, or removes it. Asks the rule for the path and for its plain form
 * (Unicode tricks undone); the rule itself must not mind case.
 */
export function restoreProtected(scan: Scan, base: BaseTree, isProtected: (path: string) => boolean): string[] {
  const restored = new Set<string>();
  const check = (path: string) => isProtected(path) || isProtected(plainPath(path));
  for (const [path, entry] of [...scan.entries]) {
    if (!check(path)) continue;
    const tracked = base.files.get(path);
    if (tracked && tracked.sha === entry.sha && tracked.mode === entry.mode) continue;
    scan.entries.delete(path);
    restored.add(path);
  }
  const inTheWay = new Set<string>();
  for (const [path, tracked] of base.files) {
    if (scan.entries.has(path) || !check(path)) continue;
    scan.entries.set(path, { mode: tracked.mode, sha: tracked.sha });
    restored.add(path);
    for (const folder of foldersOf(path)) if (scan.entries.delete(folder)) restored.add(folder);
    inTheWay.add(`${path}/`);
  }
  if (inTheWay.size > 0) dropBelow(scan, inTheWay, restored);
  return [...restored].sort();
}

/** Keeps the base's submodules: a copy of the work folder may have lost their empty folders. */
export function keepSubmodules(scan: Scan, base: BaseTree): void {
  for (const [path, tracked] of base.files) {
    if (tracked.mode !== "160000" || scan.entries.has(path)) continue;
    if (foldersOf(path).some((folder) => scan.entries.has(folder))) continue;
    scan.entries.set(path, { mode: tracked.mode, sha: tracked.sha });
  }
}

/** Writes (or, without a writer, only hashes) the trees of these files; returns the id of the top. */
export function buildTree(entries: ReadonlyMap<string, FileEntry>, writer: ObjectWriter | null): string {
  const root: Branch = new Map();
  for (const [path, entry] of entries) {
    const parts = path.split("/");
    const name = parts.pop()!;
    let folder = root;
    for (const part of parts) {
      const next = folder.get(part);
      if (next instanceof Map) folder = next;
      else {
        const made: Branch = new Map();
        folder.set(part, made);
        folder = made;
      }
    }
    folder.set(name, entry);
  }
  return buildBranch(root, writer);
}

type Branch = Map<string, Branch | FileEntry>;

function buildBranch(branch: Branch, writer: ObjectWriter | null): string {
  const entries: TreeEntry[] = [];
  for (const [name, node] of branch) {
    if (node instanceof Map) entries.push({ name, mode: "040000", sha: buildBranch(node, writer) });
    else entries.push({ name, mode: node.mode, sha: node.sha });
  }
  const body = renderTree(entries);
  return writer ? writer.write("tree", body) : objectId("tree", body);
}

function foldersOf(path: string): string[] {
  const folders: string[] = [];
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) folders.push(path.slice(0, at));
  return folders;
}

function dropBelow(scan: Scan, prefixes: ReadonlySet<string>, restored: Set<string>): void {
  for (const path of [...scan.entries.keys()]) {
    if (!foldersOf(path).some((folder) => prefixes.has(`${folder}/`))) continue;
    scan.entries.delete(path);
    restored.add(path);
  }
}
