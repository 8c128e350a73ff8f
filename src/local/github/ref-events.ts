import type { Actor } from "./auth.ts";
import { authorOf } from "./auth.ts";
import { emit } from "./events.ts";
import { git, isAncestor, logCommits, refTarget } from "./git.ts";
import { showAccount } from "./present-account.ts";
import { noReplyAddress, showSimpleCommit } from "./present-commit.ts";
import { repoPage, showRepo } from "./present-repo.ts";
import { addEvent, emitPull } from "./pull-events.ts";
import { ABSENT, isFastForward, type RefUpdate } from "./push-rules.ts";
import type { Repo } from "./records.ts";
import { accountOf, issuesOf } from "./store.ts";
import { requestSuites } from "./suites.ts";
import type { World } from "./world.ts";

const MAX_COMMITS_IN_PUSH = 20;

/** What follows when refs moved: push events, new heads of pull requests, merges by hand; refs outside heads and tags raise nothing. */
export async function refsChanged(
  world: World,
  repo: Repo,
  actor: Actor,
  updates: readonly RefUpdate[],
): Promise<void> {
  repo.pushedAt = world.store.now();
  for (const update of updates) {
    if (update.before === update.after) continue;
    if (!/^refs\/(heads|tags)\//.test(update.ref)) continue;
    if (update.ref === `refs/heads/${repo.defaultBranch}`) await world.actions.syncWorkflows(repo);
    await emitPush(world, repo, actor, update);
    if (update.ref.startsWith("refs/heads/")) await movePulls(world, repo, actor, update);
  }
}

async function emitPush(world: World, repo: Repo, actor: Actor, update: RefUpdate): Promise<void> {
  const { store } = world;
  const account = authorOf(actor);
  const commits = await pushedCommits(repo, update);
  const head = update.after === ABSENT ? [] : await logCommits(repo.gitDir, update.after, ["-1"]);
  const forced = !(await isFastForward(repo, update)) && update.after !== ABSENT;
  const page = repoPage(store, repo);
  const show = (commit: (typeof commits)[number]) => ({
    ...showSimpleCommit(commit),
    distinct: true,
    url: `${page}/commit/${commit.sha}`,
    added: commit.added,
    removed: commit.removed,
    modified: commit.modified,
  });
  const headCommit = commits.at(-1) ?? (head[0] ? { ...head[0], added: [], removed: [], modified: [] } : undefined);
  emit(world, {
    event: "push",
    action: null,
    repo,
    actor,
    payload: {
      ref: update.ref,
      before: update.before,
      after: update.after,
      created: update.before === ABSENT,
      deleted: update.after === ABSENT,
      forced,
      base_ref: null,
      compare: `${page}/compare/${update.before.slice(0, 12)}...${update.after.slice(0, 12)}`,
      commits: commits.map(show),
      head_commit: headCommit ? show(headCommit) : null,
      pusher: { name: account.login, email: noReplyAddress(account) },
      repository: showPushedRepo(world, repo),
    },
  });
  if (update.after !== ABSENT && update.ref.startsWith("refs/heads/")) {
    requestSuites(world, repo, actor, update.after, update.ref.slice("refs/heads/".length));
  }
}

/** Push events alone carry an older form of the repository, with times in seconds. */
function showPushedRepo({ store }: World, repo: Repo): Record<string, unknown> {
  const shown = showRepo(store, repo);
  const owner = accountOf(store, repo.ownerId);
  return {
    ...shown,
    owner: { ...showAccount(store, owner), name: owner.login, email: noReplyAddress(owner) },
    created_at: Math.floor(repo.createdAt / 1000),
    pushed_at: Math.floor(repo.pushedAt / 1000),
    stargazers: 0,
    master_branch: repo.defaultBranch,
  };
}

async function pushedCommits(repo: Repo, update: RefUpdate) {
  if (update.after === ABSENT) return [];
  const main = `refs/heads/${repo.defaultBranch}`;
  const from =
    update.before !== ABSENT ? update.before : update.ref === main ? null : await refTarget(repo.gitDir, main);
  const range = from ? `${from}..${update.after}` : update.after;
  const commits = await logCommits(repo.gitDir, range, [`-${MAX_COMMITS_IN_PUSH}`]);
  const detailed = [];
  for (const commit of commits.reverse()) {
    const args = [
      "diff-tree",
      "-r",
      "-m",
      "--first-parent",
      "--root",
      "--no-commit-id",
      "--name-status",
      "-z",
      commit.sha,
    ];
    const fields = (await git(repo.gitDir, args)).split("\0");
    const named = (letter: string) =>
      fields.flatMap((field, index) => (index % 2 === 0 && field === letter ? [fields[index + 1]!] : []));
    detailed.push({ ...commit, added: named("A"), removed: named("D"), modified: named("M") });
  }
  return detailed;
}

async function movePulls(world: World, repo: Repo, actor: Actor, update: RefUpdate): Promise<void> {
  const branch = update.ref.slice("refs/heads/".length);
  const { store } = world;
  for (const issue of [...store.issues.values()]) {
    const pull = issue.pull;
    if (!pull || issue.state !== "open" || pull.headRepoId !== repo.id || pull.headRef !== branch) continue;
    const base = store.repos.get(issue.repoId)!;
    if (update.after === ABSENT) {
      addEvent(world, issue, actor, { event: "head_ref_deleted" });
      await closePull(world, base, issue.number, actor);
      continue;
    }
    pull.headSha = update.after;
    pull.baseSha = (await refTarget(base.gitDir, `refs/heads/${pull.baseRef}`)) ?? pull.baseSha;
    if (base.id !== repo.id)
      await git(base.gitDir, ["fetch", "-q", repo.gitDir, `+${update.ref}:refs/pull/${issue.number}/head`]);
    else await git(base.gitDir, ["update-ref", `refs/pull/${issue.number}/head`, update.after]);
    issue.updatedAt = store.now();
    if (!(await isFastForward(repo, update))) addEvent(world, issue, actor, { event: "head_ref_force_pushed" });
    await emitPull(world, issue, "synchronize", actor, { before: update.before, after: update.after });
  }
  if (update.after !== ABSENT) await noticeMerges(world, repo, actor, branch, update.after);
}

async function noticeMerges(world: World, repo: Repo, actor: Actor, branch: string, tip: string): Promise<void> {
  for (const issue of issuesOf(world.store, repo)) {
    const pull = issue.pull;
    if (!pull || issue.state !== "open" || pull.baseRef !== branch || pull.headRef === branch) continue;
    if (!(await isAncestor(repo.gitDir, pull.headSha, tip))) continue;
    pull.mergedAt = world.store.now();
    pull.mergedById = authorOf(actor).id;
    pull.mergeCommitSha = tip;
    addEvent(world, issue, actor, { event: "merged", commitId: tip });
    await closePull(world, repo, issue.number, actor);
  }
}

async function closePull(world: World, repo: Repo, number: number, actor: Actor): Promise<void> {
  const issue = issuesOf(world.store, repo).find((one) => one.number === number)!;
  issue.state = "closed";
  issue.closedAt = world.store.now();
  issue.closedById = authorOf(actor).id;
  issue.updatedAt = world.store.now();
  addEvent(world, issue, actor, { event: "closed" });
  await emitPull(world, issue, "closed", actor);
}
