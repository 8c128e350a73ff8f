import { type IgnoreRules, readIgnoreRules } from "./ignore-rules.ts";
import { decodePaths, readTree, renderTree, type TreeEntry } from "./object-format.ts";
import type { ObjectReader } from "./object-reader.ts";
import type { ObjectWriter } from "./object-writer.ts";
import { GitError, type GitResult } from "./run-git.ts";
import type { BaseTree, FileEntry } from "./scan.ts";

export interface ListedFile {
  path: string;
  mode: string;
  sha: string;
  /** Bytes; 0 for a submodule. */
  size: number;
}

export interface Change {
  path: string;
  /** Blob or subtree to put there; null removes what is there. */
  sha: string | null;
  /** `100644` when not given. */
  mode?: string;
}

export interface Trees {
  list(tree: string): Promise<ListedFile[]>;
  base(tree: string): Promise<BaseTree>;
  ignoreRules(tree: string, extra: readonly string[]): Promise<IgnoreRules>;
  graft(tree: string, changes: readonly Change[]): Promise<string>;
}

const folderMode = "040000";
const emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/** Reads and rewrites tree objects; the last few are remembered, since trees never change. */
export function createTrees(hands: {
  git: (args: readonly string[]) => Promise<GitResult>;
  reader: ObjectReader;
  writer: ObjectWriter;
}): Trees {
  const lists = createCache<ListedFile[]>(4);
  const bases = createCache<BaseTree>(4);
  const objects = createCache<TreeEntry[]>(2_000);
  const rules = createCache<IgnoreRules>(4);

  const list = (tree: string) =>
    lists(tree, async () => {
      const result = await hands.git(["ls-tree", "-r", "-l", "-z", "--full-tree", tree]);
      if (result.code !== 0) throw new GitError("ls-tree", result);
      const files = decodePaths(result.stdout).map(readLine);
      hands.writer.know(files.filter((file) => file.mode !== "160000").map((file) => file.sha));
      return files;
    });
  const entriesOf = (tree: string) =>
    objects(tree, async () => {
      if (tree === emptyTree) return [];
      const object = await hands.reader.read(tree);
      if (object?.type !== "tree") throw new Error(`${tree} is not a tree in the store`);
      return readTree(object.body);
    });
  const rewrite = async (tree: string, changes: readonly Change[]): Promise<string> => {
    const entries = new Map((await entriesOf(tree)).map((entry) => [entry.name, entry]));
    for (const [name, inner] of Map.groupBy(changes, ({ path }) => path.split("/", 1)[0]!)) {
      const whole = inner.findLast((change) => change.path === name);
      if (whole?.sha) entries.set(name, { name, mode: whole.mode ?? "100644", sha: whole.sha });
      else if (whole) entries.delete(name);
      const below = inner.filter((change) => change.path !== name);
      if (below.length === 0) continue;
      const old = entries.get(name);
      const relative = below.map((change) => ({ ...change, path: change.path.slice(name.length + 1) }));
      const sha = await rewrite(old?.mode === folderMode ? old.sha : emptyTree, relative);
      if (sha === emptyTree) entries.delete(name);
      else entries.set(name, { name, mode: folderMode, sha });
    }
    return hands.writer.write("tree", renderTree([...entries.values()]));
  };
  return {
    list,
    base: (tree) => bases(tree, async () => readBase(await list(tree))),
    ignoreRules: (tree, extra) =>
      rules(JSON.stringify([tree, extra]), async () => {
        const files = new Map<string, string>();
        for (const file of await list(tree)) {
          if (file.path !== ".gitignore" && !file.path.endsWith("/.gitignore")) continue;
          if (!file.mode.startsWith("100") || file.size > 1_000_000) continue;
          const blob = await hands.reader.read(file.sha);
          if (blob)
            files.set(
              file.path.slice(0, Math.max(0, file.path.length - "/.gitignore".length)),
              blob.body.toString("utf8"),
            );
        }
        return readIgnoreRules(files, extra);
      }),
    graft: (tree, changes) => (changes.length === 0 ? Promise.resolve(tree) : rewrite(tree, changes)),
  };
}

function readLine(line: string): ListedFile {
  const tab = line.indexOf("\t");
  const [mode = "", , sha = "", size = "-"] = line.slice(0, tab).split(/ +/);
  return { path: line.slice(tab + 1), mode, sha, size: size === "-" ? 0 : Number(size) };
}

function readBase(list: readonly ListedFile[]): BaseTree {
  const files = new Map<string, FileEntry & { size: number }>();
  const folders = new Set<string>();
  for (const { path, mode, sha, size } of list) {
    files.set(path, { mode, sha, size });
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
      const folder = path.slice(0, at);
      if (folders.has(folder)) break;
      folders.add(folder);
    }
  }
  return { files, folders };
}

/** Remembers the last `size` answers; a failed one is forgotten. */
function createCache<T>(size: number): (key: string, make: () => Promise<T>) => Promise<T> {
  const kept = new Map<string, Promise<T>>();
  return (key, make) => {
    const known = kept.get(key);
    kept.delete(key);
    const value = known ?? make();
    kept.set(key, value);
    value.catch(() => kept.delete(key));
    const oldest = kept.keys().next();
    if (kept.size > size && !oldest.done) kept.delete(oldest.value);
    return value;
  };
}
