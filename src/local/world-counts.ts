import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Repo } from "./github/records.ts";
import type { EmbeddedGitHub } from "./github/start-github.ts";

const execute = promisify(execFile);

/** How much of everything a world holds, for "exactly one" assertions. */
export interface WorldCounts {
  /** Branches beside the default one. */
  branches: string[];
  /** Refs outside heads, tags and pull. */
  otherRefs: string[];
  pullRequests: number[];
  /** Comments by bots, as `number: first line`. */
  botComments: string[];
  /** Check runs that are no jobs of a workflow, as `name: conclusion or status`. */
  checkRuns: string[];
  runs: number;
}

/** Counts what is there. */
export async function countWorld(github: EmbeddedGitHub, repo: Repo): Promise<WorldCounts> {
  const { store } = github;
  const { stdout } = await execute("git", ["-C", repo.gitDir, "for-each-ref", "--format=%(refname)"]);
  const refs = stdout.split("\n").filter(Boolean);
  const issues = [...store.issues.values()].filter((issue) => issue.repoId === repo.id);
  const jobs = new Set(github.actions.runs.flatMap((run) => run.jobs.map((job) => job.id)));
  const comments = [...store.comments.values()].filter(
    (comment) => comment.repoId === repo.id && store.accounts.get(comment.authorId)?.type === "Bot",
  );
  return {
    branches: refs
      .filter((ref) => ref.startsWith("refs/heads/"))
      .map((ref) => ref.slice("refs/heads/".length))
      .filter((name) => name !== repo.defaultBranch),
    otherRefs: refs.filter((ref) => !/^refs\/(heads|tags|pull)\//.test(ref)),
    pullRequests: issues.filter((issue) => issue.pull !== null).map((issue) => issue.number),
    botComments: comments.map(
      (comment) => `${store.issues.get(comment.issueId)?.number}: ${comment.body.split("\n")[0]}`,
    ),
    checkRuns: [...store.checkRuns.values()]
      .filter((check) => check.repoId === repo.id && !jobs.has(check.id))
      .map((check) => `${check.name}: ${check.conclusion ?? check.status}`),
    runs: github.actions.runs.filter((run) => run.repo_id === repo.id).length,
  };
}
