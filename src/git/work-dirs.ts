import { chmod, mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { readIgnoreRules } from "./ignore-rules.ts";
import type { ObjectWriter } from "./object-writer.ts";
import { GitError, type GitResult } from "./run-git.ts";
import { type Scan, type StatCache, scanWorkDir } from "./scan.ts";
import { buildTree, keepSubmodules, restoreProtected, type Snapshot } from "./snapshot.ts";
import type { Trees } from "./trees.ts";

export interface SnapshotOptions {
  /** What the work folder started from: its ignore rules count, and its protected paths are put back. */
  baseTree: string;
  /** Asked with `/`-separated paths; must not mind case. */
  isProtected(path: string): boolean;
  /** More ignore lines (gitignore syntax), such as what the set-up left untracked. */
  ignore?: readonly string[];
}

export interface WorkDirs {
  snapshot(workDir: string, options: SnapshotOptions): Promise<Snapshot>;
  worldHash(workDir: string): Promise<string>;
  checkout(tree: string, dir: string): Promise<void>;
}

interface Memory {
  stats: Map<string, { key: string; sha: string }>;
  baseTree: string | null;
  ignore: readonly string[];
}

/** Copy-out and copy-in of work folders; remembers per folder what was hashed, so that a turn costs what it changed. */
export function createWorkDirs(hands: {
  dir: string;
  git: (args: readonly string[], options: { env: Record<string, string>; cwd?: string }) => Promise<GitResult>;
  trees: Trees;
  writer: ObjectWriter;
}): WorkDirs {
  const memories = new Map<string, Memory>();
  const memoryOf = (workDir: string): Memory => {
    const key = resolve(workDir);
    const memory = memories.get(key) ?? { stats: new Map(), baseTree: null, ignore: [] };
    memories.set(key, memory);
    return memory;
  };
  const scan = async (workDir: string, memory: Memory, store: boolean): Promise<Scan> => {
    const tree = memory.baseTree;
    return await scanWorkDir({
      workDir,
      base: tree ? await hands.trees.base(tree) : { files: new Map(), folders: new Set() },
      ignore: tree ? await hands.trees.ignoreRules(tree, memory.ignore) : readIgnoreRules(new Map()),
      cache: createStatCache(memory),
      isKnown: (sha) => !store || hands.writer.isKnown(sha),
      onContent: (_sha, bytes) => void (store && hands.writer.write("blob", bytes)),
    });
  };
  const run = async (name: string, index: string, args: readonly string[], cwd?: string) => {
    const result = await hands.git(args, { env: { GIT_INDEX_FILE: index }, cwd });
    if (result.code !== 0) throw new GitError(name, result);
  };
  /** The index of each tree that was checked out: read once, since every oracle gets a checkout of its own. */
  const indexes = new Map<string, Promise<string>>();
  const indexOf = (tree: string): Promise<string> => {
    const index = join(hands.dir, `index-${process.pid}-${tree}`);
    const known = indexes.get(tree) ?? run("read-tree", index, ["read-tree", tree]).then(() => index);
    indexes.set(tree, known);
    known.catch(() => indexes.delete(tree));
    return known;
  };
  return {
    async snapshot(workDir, options) {
      const memory = memoryOf(workDir);
      memory.baseTree = options.baseTree;
      memory.ignore = options.ignore ?? [];
      const base = await hands.trees.base(options.baseTree);
      const found = await scan(workDir, memory, true);
      const world = buildTree(found.entries, null);
      keepSubmodules(found, base);
      const restored = restoreProtected(found, base, options.isProtected);
      const refused = found.refused.sort((a, b) => (a.path < b.path ? -1 : 1));
      return { tree: buildTree(found.entries, hands.writer), world, restored, refused, nested: found.nested.sort() };
    },
    async worldHash(workDir) {
      const { entries } = await scan(workDir, memoryOf(workDir), false);
      return buildTree(entries, null);
    },
    async checkout(tree, dir) {
      const target = resolve(dir);
      const [index] = await Promise.all([indexOf(tree), mkdir(target, { recursive: true })]);
      const args = [`--work-tree=${target}`, "checkout-index", "--all", "--force", "--quiet"];
      await run("checkout-index", index, args, target);
      memoryOf(dir).baseTree = tree;
      await chmod(dir, 0o755);
    },
  };
}

function createStatCache(memory: Memory): StatCache {
  return {
    get: (path) => memory.stats.get(path),
    set: (path, value) => void memory.stats.set(path, value),
    keep(paths) {
      for (const path of memory.stats.keys()) if (!paths.has(path)) memory.stats.delete(path);
    },
  };
}
