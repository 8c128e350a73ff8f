import { type Actor, authorOf, viaAppOf } from "./auth.ts";
import { emit } from "./events.ts";
import { git, runGit } from "./git.ts";
import { type PullFigures, showFullPull } from "./present-pull.ts";
import type { Issue, IssueEvent, Repo } from "./records.ts";
import type { World } from "./world.ts";

/** Adds an event to the timeline of an issue. */
export function addEvent(
  world: World,
  issue: Issue,
  actor: Actor,
  event: Pick<IssueEvent, "event"> & Partial<IssueEvent>,
): IssueEvent {
  const full: IssueEvent = {
    kind: "issue_event",
    id: world.store.nextId(),
    actorId: authorOf(actor).id,
    viaAppId: viaAppOf(actor),
    createdAt: world.store.now(),
    commitId: null,
    ...event,
  };
  issue.events.push(full);
  return full;
}

/** Counts what a pull request changes, and tries the merge. */
export async function countPull(repo: Repo, issue: Issue): Promise<PullFigures> {
  const pull = issue.pull!;
  const from = pull.mergedAt === null ? `refs/heads/${pull.baseRef}` : pull.baseSha;
  const base =
    (await runGit(repo.gitDir, ["merge-base", from, pull.headSha])).out.toString("utf8").trim() || pull.baseSha;
  const [commits, stat, merge] = await Promise.all([
    git(repo.gitDir, ["rev-list", "--count", `${base}..${pull.headSha}`]),
    git(repo.gitDir, ["diff", "--numstat", "-M", base, pull.headSha]),
    issue.state === "open" ? runGit(repo.gitDir, ["merge-tree", "--write-tree", from, pull.headSha]) : null,
  ]);
  const lines = stat.split("\n").filter(Boolean);
  const sum = (column: number) => lines.reduce((total, line) => total + (Number(line.split("\t")[column]) || 0), 0);
  const mergeable = merge === null ? null : merge.code === 0 ? true : merge.code === 1 ? false : null;
  return { mergeable, commits: Number(commits), additions: sum(0), deletions: sum(1), changedFiles: lines.length };
}

/** Sends a `pull_request` event. */
export async function emitPull(
  world: World,
  issue: Issue,
  action: string,
  actor: Actor,
  extra: Record<string, unknown> = {},
): Promise<void> {
  const repo = world.store.repos.get(issue.repoId)!;
  const figures = await countPull(repo, issue);
  const payload = { number: issue.number, pull_request: showFullPull(world.store, issue, figures), ...extra };
  emit(world, { event: "pull_request", action, repo, actor, payload });
}
