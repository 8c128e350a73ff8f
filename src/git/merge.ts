import type { CommitInput } from "./object-format.ts";
import { GitError, type GitResult } from "./run-git.ts";

export type MergeResult = { kind: "clean"; tree: string } | { kind: "conflict"; paths: string[] };

/** Three-way merge of trees (or of commits' trees) without a work folder, with plain text merge drivers only. */
export async function mergeTrees(
  hands: {
    git: (args: readonly string[]) => Promise<GitResult>;
    commit: (input: CommitInput) => Promise<string>;
    treeOf: (rev: string) => Promise<string>;
  },
  input: { base: string; ours: string; theirs: string },
): Promise<MergeResult> {
  // `merge-tree --merge-base` needs git 2.40: two commits on one parent say the same to every git since 2.38.
  const of = async (rev: string, parents: string[]) =>
    await hands.commit({ tree: await hands.treeOf(rev), parents, message: "merge input", at: 0 });
  const base = await of(input.base, []);
  const ours = await of(input.ours, [base]);
  const theirs = await of(input.theirs, [base]);
  const result = await hands.git(["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs]);
  const [tree = "", ...paths] = result.stdout.toString("utf8").split("\0");
  if (result.code === 0) return { kind: "clean", tree: tree.trim() };
  if (result.code === 1) return { kind: "conflict", paths: [...new Set(paths.filter(Boolean))].sort() };
  throw new GitError("merge-tree", result);
}
