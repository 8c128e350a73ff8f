import type { ObjectReader } from "./object-reader.ts";
import { GitError, type GitResult } from "./run-git.ts";

export interface CommitInfo {
  sha: string;
  parents: string[];
  tree: string;
  author: { name: string; email: string };
  /** Milliseconds since 1970, committer's clock. */
  at: number;
  message: string;
}

export interface History {
  resolve(rev: string): Promise<string | null>;
  treeOf(rev: string): Promise<string>;
  parentsOf(rev: string): Promise<string[]>;
  isAncestor(ancestor: string, descendant: string): Promise<boolean>;
  log(from: string | null, to: string, max?: number): Promise<CommitInfo[]>;
  setRef(ref: string, sha: string): Promise<void>;
}

/** Reads the store's history. */
export function createHistory(git: (args: readonly string[]) => Promise<GitResult>, reader: ObjectReader): History {
  const resolve = async (rev: string): Promise<string | null> => {
    if (/^-|\n/.test(rev)) return null;
    return (await reader.read(rev))?.id ?? null;
  };
  const commitAt = async (rev: string): Promise<CommitInfo> => {
    const object = await reader.read(`${rev}^{commit}`);
    if (object?.type !== "commit") throw new Error(`${rev} is not a commit in the store`);
    return readCommit(object.id, object.body.toString("utf8"));
  };
  return {
    resolve,
    async treeOf(rev) {
      const object = await reader.read(`${rev}^{tree}`);
      if (object?.type !== "tree") throw new Error(`${rev} has no tree in the store`);
      return object.id;
    },
    parentsOf: async (rev) => (await commitAt(rev)).parents,
    async isAncestor(ancestor, descendant) {
      // What a fetch of the descendant's history did not bring is not in it.
      if ((await resolve(`${ancestor}^{commit}`)) === null) return false;
      const result = await git(["merge-base", "--is-ancestor", ancestor, descendant]);
      if (result.code === 0) return true;
      if (result.code === 1) return false;
      throw new GitError("merge-base", result);
    },
    async log(from, to, max = 1_000) {
      const range = from === null ? [to] : [to, `^${from}`];
      const result = await git(["rev-list", `--max-count=${max}`, ...range, "--"]);
      if (result.code !== 0) throw new GitError("rev-list", result);
      const ids = result.stdout.toString("latin1").split("\n").filter(Boolean);
      const commits: CommitInfo[] = [];
      for (const id of ids) commits.push(await commitAt(id));
      return commits;
    },
    async setRef(ref, sha) {
      const result = await git(["update-ref", "--no-deref", "--", ref, sha]);
      if (result.code !== 0) throw new GitError("update-ref", result);
    },
  };
}

/** Reads a commit object's text. */
export function readCommit(sha: string, text: string): CommitInfo {
  const end = text.indexOf("\n\n");
  const head = text.slice(0, end < 0 ? undefined : end).split("\n");
  const all = (name: string) =>
    head.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
  const author = /^(.*?) ?<([^>]*)>/.exec(all("author")[0] ?? "");
  const seconds = /> (\d+) [+-]\d{4}$/.exec(all("committer")[0] ?? "");
  return {
    sha,
    parents: all("parent"),
    tree: all("tree")[0] ?? "",
    author: { name: author?.[1] ?? "", email: author?.[2] ?? "" },
    at: Number(seconds?.[1] ?? 0) * 1_000,
    message: end < 0 ? "" : text.slice(end + 2),
  };
}
