import { GitError, type GitResult } from "./run-git.ts";

export interface FileChange {
  path: string;
  oldPath?: string;
  status: "added" | "modified" | "deleted" | "renamed" | "type_changed";
  added: number;
  removed: number;
  binary: boolean;
}

export interface TreeDiff {
  files: FileChange[];
  patch: string;
  /** True when the patch was cut at `maxBytes`. */
  cut: boolean;
}

const plain = ["--no-ext-diff", "--no-textconv", "--ignore-submodules=none", "--no-color", "-r", "-M", "-l1000"];

/** Difference of two trees, renames found; the patch is cut at `maxBytes` (200,000 when not given). */
export async function diffTrees(
  git: (args: readonly string[], options?: { maxBytes?: number }) => Promise<GitResult>,
  trees: { from: string; to: string },
  options: { maxBytes?: number; paths?: readonly string[] },
): Promise<TreeDiff> {
  const range = [trees.from, trees.to, "--", ...(options.paths ?? [])];
  const listed = await git(["diff-tree", ...plain, "--raw", "--numstat", "-z", ...range]);
  if (listed.code !== 0) throw new GitError("diff-tree", listed);
  const maxBytes = options.maxBytes ?? 200_000;
  if (maxBytes === 0) return { files: readChanges(listed.stdout.toString("utf8")), patch: "", cut: true };
  const patch = await git(["diff-tree", ...plain, "-p", ...range], { maxBytes });
  if (patch.code !== 0 && !patch.cut) throw new GitError("diff-tree", patch);
  return { files: readChanges(listed.stdout.toString("utf8")), patch: patch.stdout.toString("utf8"), cut: patch.cut };
}

const statuses = { A: "added", M: "modified", D: "deleted", R: "renamed", C: "added", T: "type_changed" } as const;

/** Reads `--raw --numstat -z`: all raw records first, then the counts. */
function readChanges(text: string): FileChange[] {
  const fields = text.split("\0");
  const changes: FileChange[] = [];
  const byPath = new Map<string, FileChange>();
  let at = 0;
  while (fields[at]?.startsWith(":")) {
    const letter = fields[at]!.split(" ")[4]![0] as keyof typeof statuses;
    const two = letter === "R" || letter === "C";
    const path = fields[at + (two ? 2 : 1)]!;
    const change: FileChange = { path, status: statuses[letter] ?? "modified", added: 0, removed: 0, binary: false };
    if (letter === "R") change.oldPath = fields[at + 1]!;
    changes.push(change);
    byPath.set(path, change);
    at += two ? 3 : 2;
  }
  while (at < fields.length && fields[at] !== "") {
    const [added, removed, ...name] = fields[at]!.split("\t");
    const path = name.join("\t") || fields[at + 2]!;
    const change = byPath.get(path);
    if (change)
      Object.assign(change, { added: Number(added) || 0, removed: Number(removed) || 0, binary: added === "-" });
    at += name.join("\t") === "" ? 3 : 1;
  }
  return changes;
}
