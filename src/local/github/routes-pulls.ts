import { authorOf, hasRole } from "./auth.ts";
import { diffFiles, git, isAncestor, logCommits, refTarget, runGit } from "./git.ts";
import { showCommit, showFile } from "./present-commit.ts";
import { showFullPull, showPull } from "./present-pull.ts";
import { repoUrl } from "./present-repo.ts";
import { addEvent, countPull, emitPull } from "./pull-events.ts";
import { ABSENT } from "./push-rules.ts";
import type { Issue, Repo } from "./records.ts";
import {
  type Answer,
  type Context,
  HttpError,
  invalid,
  invalidField,
  notFound,
  page,
  type Route,
  requiredText,
  route,
  text,
} from "./router.ts";
import { checkBody, editIssue, issueOf, newIssue } from "./routes-issues.ts";
import { commitAs, moveRef } from "./routes-repos.ts";
import { accountOf, findAccount, issuesOf } from "./store.ts";

/** Row 65 of GitHub's facts. */
function requireMayOpenPulls({ actor, repo }: Context): void {
  if (actor.kind === "job" && !repo.actionsMayCreatePullRequests) {
    throw new HttpError(403, "GitHub Actions is not permitted to create or approve pull requests.");
  }
}

function headRepoOf({ world, repo }: Context, head: string): { headRepo: Repo; branch: string } {
  const colon = head.indexOf(":");
  if (colon === -1) return { headRepo: repo, branch: head };
  const owner = findAccount(world.store, head.slice(0, colon));
  const headRepo = [...world.store.repos.values()].find(
    (one) => one.ownerId === owner?.id && (one.id === repo.id || one.forkOf === repo.id),
  );
  if (!headRepo) throw invalidField("PullRequest", "head", "invalid");
  return { headRepo, branch: head.slice(colon + 1) };
}

async function createPull(context: Context): Promise<Answer> {
  const { world, repo, actor, body } = context;
  requireMayOpenPulls(context);
  const { headRepo, branch } = headRepoOf(context, requiredText(body, "head"));
  const baseRef = requiredText(body, "base");
  const title = requiredText(body, "title");
  checkBody("PullRequest", text(body, "body"));
  const [headSha, baseSha] = await Promise.all([
    refTarget(headRepo.gitDir, `refs/heads/${branch}`),
    refTarget(repo.gitDir, `refs/heads/${baseRef}`),
  ]);
  if (!headSha) throw invalidField("PullRequest", "head", "invalid");
  if (!baseSha) throw invalidField("PullRequest", "base", "invalid");
  if (actor.kind === "user" && headRepo.id === repo.id && !hasRole(repo, actor.account.id, "write")) {
    throw new HttpError(403, "Must have admin rights to Repository.");
  }
  const label = `${accountOf(world.store, headRepo.ownerId).login}:${branch}`;
  const twin = issuesOf(world.store, repo).find(
    ({ pull, state }) =>
      state === "open" && pull?.headRepoId === headRepo.id && pull.headRef === branch && pull.baseRef === baseRef,
  );
  const custom = (message: string) =>
    invalid("Validation Failed", { resource: "PullRequest", code: "custom", message });
  if (twin) throw custom(`A pull request already exists for ${label}.`);
  if (headRepo.id !== repo.id) await git(repo.gitDir, ["fetch", "-q", headRepo.gitDir, `refs/heads/${branch}`]);
  if (await isAncestor(repo.gitDir, headSha, baseSha)) throw custom(`No commits between ${baseRef} and ${branch}`);
  const issue = newIssue(world, repo, actor, { title, body: text(body, "body") ?? null });
  issue.pull = {
    id: world.store.nextId(),
    draft: body.draft === true,
    headRepoId: headRepo.id,
    headRef: branch,
    headSha,
    baseRef,
    baseSha,
    mergedAt: null,
    mergedById: null,
    mergeCommitSha: null,
    maintainerCanModify: body.maintainer_can_modify !== false,
    requestedReviewers: [],
    autoMerge: null,
  };
  await git(repo.gitDir, ["update-ref", `refs/pull/${issue.number}/head`, headSha]);
  await emitPull(world, issue, "opened", actor);
  return {
    ...(await showOne(context, issue)),
    status: 201,
    headers: { location: `${repoUrl(world.store, repo)}/pulls/${issue.number}` },
  };
}

async function showOne({ world, repo }: Context, issue: Issue): Promise<Answer> {
  return { status: 200, body: showFullPull(world.store, issue, await countPull(repo, issue)) };
}

async function getPull(context: Context): Promise<Answer> {
  const issue = issueOf(context);
  const accept = context.headers.accept ?? "";
  if (!/\.(diff|patch)\b/.test(accept)) return showOne(context, issue);
  const base = await mergeBase(context.repo, issue);
  const diff = await git(context.repo.gitDir, ["diff", "-M", base, issue.pull!.headSha]);
  return {
    status: 200,
    body: Buffer.from(diff),
    headers: { "content-type": "application/vnd.github.diff; charset=utf-8" },
  };
}

async function mergeBase(repo: Repo, issue: Issue): Promise<string> {
  const pull = issue.pull!;
  const from = pull.mergedAt === null ? `refs/heads/${pull.baseRef}` : pull.baseSha;
  const found = await runGit(repo.gitDir, ["merge-base", from, pull.headSha]);
  return found.out.toString("utf8").trim() || pull.baseSha;
}

function listPulls(context: Context): Answer {
  const { world, repo, query } = context;
  const state = query.get("state") ?? "open";
  const head = query.get("head");
  const base = query.get("base");
  const byUpdate = query.get("sort") === "updated";
  const found = issuesOf(world.store, repo)
    .filter((issue) => issue.pull && (state === "all" || issue.state === state))
    .filter((issue) => base === null || issue.pull!.baseRef === base)
    .filter((issue) => head === null || headLabel(context, issue).toLowerCase() === head.toLowerCase())
    .sort((a, b) => (byUpdate ? b.updatedAt - a.updatedAt : b.number - a.number));
  if (query.get("direction") === "asc") found.reverse();
  return page(context, found, (issue) => showPull(world.store, issue));
}

function headLabel({ world }: Context, issue: Issue): string {
  const headRepo = world.store.repos.get(issue.pull!.headRepoId);
  return `${accountOf(world.store, headRepo?.ownerId ?? 0).login}:${issue.pull!.headRef}`;
}

async function updatePull(context: Context): Promise<Answer> {
  const { world, repo, actor, body } = context;
  const issue = issueOf(context);
  checkBody("PullRequest", text(body, "body"));
  const base = text(body, "base");
  if (base !== undefined && base !== issue.pull!.baseRef) {
    const sha = await refTarget(repo.gitDir, `refs/heads/${base}`);
    if (!sha) throw invalidField("PullRequest", "base", "invalid");
    const from = issue.pull!.baseRef;
    Object.assign(issue.pull!, { baseRef: base, baseSha: sha });
    await emitPull(world, issue, "edited", actor, {
      changes: { base: { ref: { from }, sha: { from: issue.pull!.baseSha } } },
    });
  }
  await editIssue(context, issue);
  return showOne(context, issue);
}

async function mergePull(context: Context): Promise<Answer> {
  const { world, repo, actor, body } = context;
  const issue = issueOf(context);
  const pull = issue.pull!;
  return world.locked(repo, async () => {
    if (issue.state !== "open" || pull.draft) throw new HttpError(405, "Pull Request is not mergeable");
    const expected = text(body, "sha");
    if (expected !== undefined && expected !== pull.headSha) {
      throw new HttpError(409, "Head branch was modified. Review and try the merge again.");
    }
    const ref = `refs/heads/${pull.baseRef}`;
    const base = (await refTarget(repo.gitDir, ref))!;
    const merged = await runGit(repo.gitDir, ["merge-tree", "--write-tree", base, pull.headSha]);
    if (merged.code !== 0) throw new HttpError(405, "Pull Request is not mergeable");
    const tree = merged.out.toString("utf8").split("\n")[0]!;
    const method = text(body, "merge_method") ?? "merge";
    const title =
      text(body, "commit_title") ??
      (method === "squash"
        ? `${issue.title} (#${issue.number})`
        : `Merge pull request #${issue.number} from ${headLabel(context, issue).replace(":", "/")}`);
    const message = `${title}\n\n${text(body, "commit_message") ?? issue.title}`;
    const parents = method === "squash" ? [base] : [base, pull.headSha];
    const sha = await commitAs(context, {}, tree, parents, message);
    Object.assign(pull, {
      mergedAt: world.store.now(),
      mergedById: authorOf(actor).id,
      mergeCommitSha: sha,
      baseSha: base,
    });
    const now = world.store.now();
    Object.assign(issue, { state: "closed", closedAt: now, closedById: authorOf(actor).id, updatedAt: now });
    await moveRef(context, ref, base, sha);
    addEvent(world, issue, actor, { event: "merged", commitId: sha });
    addEvent(world, issue, actor, { event: "closed" });
    await emitPull(world, issue, "closed", actor);
    if (repo.deleteBranchOnMerge && pull.headRepoId === repo.id)
      await moveRef(context, `refs/heads/${pull.headRef}`, pull.headSha, ABSENT);
    return { status: 200, body: { sha, merged: true, message: "Pull Request successfully merged" } };
  });
}

async function listFiles(context: Context): Promise<Answer> {
  const { world, repo } = context;
  const issue = issueOf(context);
  const files = await diffFiles(repo.gitDir, await mergeBase(repo, issue), issue.pull!.headSha);
  return page(context, files, (file) => showFile(world.store, repo, issue.pull!.headSha, file));
}

async function listPullCommits(context: Context): Promise<Answer> {
  const { world, repo } = context;
  const issue = issueOf(context);
  const base = await mergeBase(repo, issue);
  const commits = await logCommits(repo.gitDir, `${base}..${issue.pull!.headSha}`, ["--reverse"]);
  return page(context, commits, (commit) => showCommit(world.store, repo, commit));
}

const BASE = "/repos/{owner}/{repo}/pulls";
const READ = ["pull_requests:read"];
const WRITE = ["pull_requests:write@read"];

/** Pull requests themselves. */
export const pullRoutes: Route[] = [
  route("GET", BASE, "pulls/list", READ, listPulls),
  route("POST", BASE, "pulls/create", WRITE, createPull),
  route("GET", `${BASE}/{pull_number}`, "pulls/get", READ, getPull),
  route("PATCH", `${BASE}/{pull_number}`, "pulls/update", WRITE, updatePull),
  route("GET", `${BASE}/{pull_number}/merge`, "pulls/check-if-merged", READ, (context) => {
    if (issueOf(context).pull!.mergedAt === null) throw notFound();
    return { status: 204 };
  }),
  route("PUT", `${BASE}/{pull_number}/merge`, "pulls/merge", ["contents:write"], mergePull),
  route("GET", `${BASE}/{pull_number}/files`, "pulls/list-files", READ, listFiles),
  route("GET", `${BASE}/{pull_number}/commits`, "pulls/list-commits", READ, listPullCommits),
  route(
    "GET",
    "/repos/{owner}/{repo}/commits/{commit_sha}/pulls",
    "repos/list-pull-requests-associated-with-commit",
    READ,
    async (context) => {
      const { world, repo, params } = context;
      const found = [];
      for (const issue of issuesOf(world.store, repo)) {
        if (!issue.pull) continue;
        const sha = await refTarget(repo.gitDir, params.commit_sha!);
        if (
          sha &&
          (await isAncestor(repo.gitDir, sha, issue.pull.headSha)) &&
          !(await isAncestor(repo.gitDir, sha, issue.pull.baseSha))
        )
          found.push(issue);
      }
      return page(context, found, (issue) => showPull(world.store, issue));
    },
  ),
];
