import { authorOf, roleOf } from "./auth.ts";
import {
  diffFiles,
  editTree,
  git,
  listRefs,
  listTree,
  logCommits,
  readBlob,
  readCommit,
  resolveCommit,
  writeBlob,
  writeCommit,
} from "./git.ts";
import { isoTime, showAccount, showProfile } from "./present-account.ts";
import { accountOfAddress, noReplyAddress, showCommit, showFile, showGitCommit } from "./present-commit.ts";
import { repoPage, repoUrl, showFullRepo } from "./present-repo.ts";
import { ABSENT, judgePush } from "./push-rules.ts";
import { refsChanged } from "./ref-events.ts";
import {
  type Answer,
  type Context,
  HttpError,
  notFound,
  page,
  type Route,
  requiredText,
  route,
  text,
} from "./router.ts";
import { accountOf, findAccount } from "./store.ts";

const EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/** `permission` folds maintain into write and triage into read; `role_name` has the finer value. */
function permissionLevel({ world, repo, params }: Context): Answer {
  const account = findAccount(world.store, params.username!);
  if (!account) throw notFound();
  const role = roleOf(repo, account.id);
  if (account.type === "Bot") throw new HttpError(404, `${account.login} is not a user`);
  const shown = role === "none" && !repo.private ? "read" : role;
  const permission = { admin: "admin", maintain: "write", write: "write", triage: "read", read: "read", none: "none" }[
    shown
  ]!;
  const rank = ["none", "read", "triage", "write", "maintain", "admin"].indexOf(shown);
  const permissions = { pull: rank >= 1, triage: rank >= 2, push: rank >= 3, maintain: rank >= 4, admin: rank >= 5 };
  const user = { ...showAccount(world.store, account), permissions, role_name: shown };
  return { status: 200, body: { permission, role_name: shown, user } };
}

async function commitOf({ repo, params }: Context, rev: string): Promise<string> {
  const candidates = [`refs/heads/${rev}`, `refs/tags/${rev}`, ...(rev.startsWith("refs/") ? [rev] : []), rev];
  for (const candidate of candidates) {
    const sha = await resolveCommit(repo.gitDir, candidate);
    if (sha) return sha;
  }
  throw new HttpError(422, `No commit found for SHA: ${params.ref ?? rev}`);
}

async function getBranch(context: Context): Promise<Answer> {
  const { world, repo, params } = context;
  const sha = await resolveCommit(repo.gitDir, `refs/heads/${params.branch}`);
  if (!sha) throw new HttpError(404, "Branch not found");
  const commit = (await readCommit(repo.gitDir, sha))!;
  const url = `${repoUrl(world.store, repo)}/branches/${encodeURIComponent(params.branch!)}`;
  const guarded = world.pushRules.some(
    (rule) => rule.kind === "protect" && rule.refs.test(`refs/heads/${params.branch}`),
  );
  const body = {
    name: params.branch,
    commit: showCommit(world.store, repo, commit),
    _links: { self: url, html: `${repoPage(world.store, repo)}/tree/${params.branch}` },
    protected: guarded,
    protection: { enabled: guarded, required_status_checks: { enforcement_level: "off", contexts: [], checks: [] } },
    protection_url: `${url}/protection`,
  };
  return { status: 200, body };
}

async function listBranches(context: Context): Promise<Answer> {
  const { world, repo } = context;
  const refs = await listRefs(repo.gitDir, "refs/heads/");
  const api = repoUrl(world.store, repo);
  return page(context, refs, ({ ref, sha }) => {
    const name = ref.slice("refs/heads/".length);
    return { name, commit: { sha, url: `${api}/commits/${sha}` }, protected: false };
  });
}

async function listCommits(context: Context): Promise<Answer> {
  const { world, repo, query } = context;
  const sha = await commitOf(context, query.get("sha") ?? repo.defaultBranch);
  const options = ["since", "until", "author"].flatMap((name) => {
    const value = query.get(name);
    return value === null ? [] : [`--${name}=${name === "author" ? authorPattern(context, value) : value}`];
  });
  const paths = query.get("path");
  const commits = await logCommits(repo.gitDir, sha, options, paths ? [paths] : []);
  return page(context, commits, (commit) => showCommit(world.store, repo, commit));
}

function authorPattern({ world }: Context, value: string): string {
  const account = findAccount(world.store, value);
  return account ? noReplyAddress(account) : value;
}

async function getCommit(context: Context): Promise<Answer> {
  const { world, repo, params } = context;
  const commit = (await readCommit(repo.gitDir, await commitOf(context, params.ref!)))!;
  const files = await diffFiles(repo.gitDir, commit.parents[0] ?? EMPTY_TREE, commit.sha);
  return { status: 200, body: showCommit(world.store, repo, commit, files) };
}

async function compare(context: Context): Promise<Answer> {
  const { world, repo, params } = context;
  const [from, to] = params.basehead!.split(/\.{2,3}/);
  if (!from || !to) throw notFound();
  const strip = (rev: string) => rev.slice(rev.indexOf(":") + 1);
  const [base, head] = await Promise.all([commitOf(context, strip(from)), commitOf(context, strip(to))]).catch(() => {
    throw notFound();
  });
  const merge = (await git(repo.gitDir, ["merge-base", base, head]).catch(() => "")).trim();
  if (merge === "") throw new HttpError(404, `No common ancestor between ${from} and ${to}.`);
  const [ahead, behind] = await Promise.all([
    logCommits(repo.gitDir, `${base}..${head}`),
    logCommits(repo.gitDir, `${head}..${base}`),
  ]);
  const files = await diffFiles(repo.gitDir, merge, head);
  const page = `${repoPage(world.store, repo)}/compare/${from}...${to}`;
  const status =
    ahead.length === 0 ? (behind.length === 0 ? "identical" : "behind") : behind.length === 0 ? "ahead" : "diverged";
  const show = async (sha: string) => showCommit(world.store, repo, (await readCommit(repo.gitDir, sha))!);
  const body = {
    url: `${repoUrl(world.store, repo)}/compare/${from}...${to}`,
    html_url: page,
    permalink_url: page,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    base_commit: await show(base),
    merge_base_commit: await show(merge),
    status,
    ahead_by: ahead.length,
    behind_by: behind.length,
    total_commits: ahead.length,
    commits: ahead
      .reverse()
      .slice(0, 250)
      .map((commit) => showCommit(world.store, repo, commit)),
    files: files.slice(0, 300).map((file) => showFile(world.store, repo, head, file)),
  };
  return { status: 200, body };
}

function contentLinks({ world, repo }: Context, path: string, ref: string, sha: string, type: string) {
  const api = repoUrl(world.store, repo);
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  const url = `${api}/contents/${encoded}?ref=${ref}`;
  const gitUrl = `${api}/git/${type === "dir" ? "trees" : "blobs"}/${sha}`;
  const html = `${repoPage(world.store, repo)}/${type === "dir" ? "tree" : "blob"}/${ref}/${encoded}`;
  const download = type === "dir" ? null : `${repoPage(world.store, repo)}/raw/${ref}/${encoded}`;
  return { url, git_url: gitUrl, html_url: html, download_url: download, _links: { self: url, git: gitUrl, html } };
}

const TYPE_OF_MODE: Record<string, string> = { "040000": "dir", "120000": "symlink", "160000": "submodule" };

async function getContent(context: Context): Promise<Answer> {
  const { repo, query, headers } = context;
  const path = (context.params.path ?? "").replace(/\/+$/, "");
  const ref = query.get("ref") ?? repo.defaultBranch;
  const commit = await commitOf(context, ref).catch(() => {
    throw new HttpError(404, `No commit found for the ref ${ref}`);
  });
  const entry =
    path === "" ? undefined : (await listTree(repo.gitDir, commit, { path }))?.find((one) => one.path === path);
  if (path !== "" && !entry) throw notFound();
  const describe = (one: { path: string; sha: string; mode: string; size: number | null }) => {
    const type = TYPE_OF_MODE[one.mode] ?? "file";
    const { path: full, sha, size } = one;
    return {
      type,
      size: size ?? 0,
      name: full.split("/").at(-1)!,
      path: full,
      sha,
      ...contentLinks(context, full, ref, sha, type),
    };
  };
  if (!entry || entry.type === "tree") {
    const entries = (await listTree(repo.gitDir, commit, path === "" ? {} : { path: `${path}/` })) ?? [];
    return { status: 200, body: entries.map(describe) };
  }
  const bytes = await readBlob(repo.gitDir, entry.sha);
  if (/\.raw\b/.test(headers.accept ?? "")) {
    return { status: 200, body: bytes, headers: { "content-type": "application/vnd.github.raw+json; charset=utf-8" } };
  }
  const tooBig = (entry.size ?? 0) > 1024 * 1024;
  const content = tooBig ? "" : bytes!.toString("base64").replace(/(.{60})/g, "$1\n");
  return { status: 200, body: { ...describe(entry), encoding: tooBig ? "none" : "base64", content } };
}

/** PUT and DELETE of contents: one commit on a branch; a stale `sha` is 409. */
async function changeContent(context: Context, remove: boolean): Promise<Answer> {
  const { repo, body } = context;
  const path = context.params.path!;
  const source =
    context.method === "DELETE" && Object.keys(body).length === 0 ? Object.fromEntries(context.query) : body;
  const branch = text(source, "branch") ?? repo.defaultBranch;
  const message = requiredText(source, "message");
  const bytes = remove ? null : Buffer.from(requiredText(source, "content"), "base64");
  return context.world.locked(repo, async () => {
    const ref = `refs/heads/${branch}`;
    const tip = await resolveCommit(repo.gitDir, ref);
    if (!tip && branch !== repo.defaultBranch) throw new HttpError(404, `Branch ${branch} not found`);
    const entry = tip ? (await listTree(repo.gitDir, tip, { path }))?.find((one) => one.path === path) : undefined;
    const known = text(source, "sha");
    if (remove && !entry) throw notFound();
    if (entry && known === undefined) throw new HttpError(422, `Invalid request.\n\n"sha" wasn't supplied.`);
    if (known !== undefined && entry?.sha !== known) throw new HttpError(409, `${path} does not match ${known}`);
    const blob = bytes ? await writeBlob(repo.gitDir, bytes) : null;
    const change = { path, sha: blob, ...(entry ? { mode: entry.mode } : {}) };
    const tree = await editTree(repo.gitDir, tip, [change]);
    const sha = await commitAs(context, source, tree, tip ? [tip] : [], message);
    await moveRef(context, ref, tip ?? ABSENT, sha);
    const commit = showGitCommit(context.world.store, repo, (await readCommit(repo.gitDir, sha))!);
    const created =
      bytes && (await getContent({ ...context, query: new URLSearchParams({ ref: branch }), headers: {} }));
    const { content: _, encoding: __, ...shown } = (created?.body ?? {}) as Record<string, unknown>;
    return { status: entry || remove ? 200 : 201, body: { content: created ? shown : null, commit } };
  });
}

/** Writes a commit in the name of the asker (or of the given author). */
export async function commitAs(
  context: Context,
  source: Record<string, unknown>,
  tree: string,
  parents: string[],
  message: string,
): Promise<string> {
  const account = authorOf(context.actor);
  const date = isoTime(context.world.store.now());
  const own = { name: account.login, email: noReplyAddress(account), date };
  const author = { ...own, ...((source.author as object | undefined) ?? {}) };
  const committer = { ...author, ...((source.committer as object | undefined) ?? {}) };
  return writeCommit(context.repo.gitDir, { tree, parents, message, author, committer });
}

/** Moves a ref under the same rules that pushes meet, then tells the world. */
export async function moveRef(context: Context, ref: string, before: string, after: string): Promise<void> {
  const { world, repo, actor } = context;
  const attempt = { repo, actor, updates: [{ ref, before, after }], rules: world.pushRules, env: {} };
  const refusal = (await judgePush(attempt))[0];
  if (refusal) {
    const message = refusal.lines.length > 0 ? refusal.lines.join("\n") : refusal.reason;
    throw new HttpError(refusal.reason.startsWith("refusing to allow") ? 403 : 422, message);
  }
  const args = after === ABSENT ? ["update-ref", "-d", ref, before] : ["update-ref", ref, after, before];
  await git(repo.gitDir, args);
  await refsChanged(world, repo, actor, [{ ref, before, after }]);
}

async function listContributors(context: Context): Promise<Answer> {
  const { repo, world } = context;
  const commits = await logCommits(repo.gitDir, `refs/heads/${repo.defaultBranch}`);
  const counts = new Map<number, number>();
  for (const commit of commits) {
    const account = accountOfAddress(world.store, commit.author.email);
    if (account) counts.set(account.id, (counts.get(account.id) ?? 0) + 1);
  }
  return page(context, [...counts], ([id, contributions]) => ({
    ...showAccount(world.store, accountOf(world.store, id)),
    contributions,
  }));
}

/** A repository, its branches, commits, files and people. */
export const repoRoutes: Route[] = [
  route("GET", "/repos/{owner}/{repo}", "repos/get", ["metadata:read"], ({ world, repo, actor }) => ({
    status: 200,
    body: { ...showFullRepo(world.store, repo, actor) },
  })),
  route(
    "GET",
    "/repos/{owner}/{repo}/collaborators/{username}/permission",
    "repos/get-collaborator-permission-level",
    ["metadata:read@write"],
    permissionLevel,
  ),
  route("GET", "/repos/{owner}/{repo}/branches", "repos/list-branches", ["contents:read"], listBranches),
  route("GET", "/repos/{owner}/{repo}/branches/{+branch}", "repos/get-branch", ["contents:read"], getBranch),
  route("GET", "/repos/{owner}/{repo}/commits", "repos/list-commits", ["contents:read"], listCommits),
  route(
    "GET",
    "/repos/{owner}/{repo}/compare/{+basehead}",
    "repos/compare-commits-with-basehead",
    ["contents:read"],
    compare,
  ),
  route("GET", "/repos/{owner}/{repo}/contributors", "repos/list-contributors", ["metadata:read"], listContributors),
  route("GET", "/repos/{owner}/{repo}/contents", "repos/get-content", ["contents:read"], getContent),
  route("GET", "/repos/{owner}/{repo}/contents/{+path}", "repos/get-content", ["contents:read"], getContent),
  route(
    "PUT",
    "/repos/{owner}/{repo}/contents/{+path}",
    "repos/create-or-update-file-contents",
    ["contents:write"],
    (context) => changeContent(context, false),
  ),
  route("DELETE", "/repos/{owner}/{repo}/contents/{+path}", "repos/delete-file", ["contents:write"], (context) =>
    changeContent(context, true),
  ),
];

/** Commits by any revision; matched after everything that ends in a word, since a branch may have slashes. */
export const commitRoutes: Route[] = [
  route("GET", "/repos/{owner}/{repo}/commits/{+ref}", "repos/get-commit", ["contents:read"], getCommit),
];

/** Accounts, limits and the rest that belongs to no repository. */
export const siteRoutes: Route[] = [
  route("GET", "/meta", "meta/get", [], () => ({ status: 200, body: { verifiable_password_authentication: false } })),
  route("GET", "/rate_limit", "rate-limit/get", [], ({ world, actor }) => {
    const rate = world.limits.view(actor);
    const search = { limit: 30, used: 0, remaining: 30, reset: rate.reset };
    return { status: 200, body: { resources: { core: rate, search, graphql: rate }, rate } };
  }),
  route("GET", "/user", "users/get-authenticated", [], ({ world, actor }) => {
    if (actor.kind === "user") return { status: 200, body: showProfile(world.store, actor.account) };
    if (actor.kind === "anonymous") throw new HttpError(401, "Requires authentication");
    throw new HttpError(403, "Resource not accessible by integration");
  }),
  route("GET", "/users/{username}", "users/get-by-username", [], ({ world, params }) => {
    const account = findAccount(world.store, params.username!);
    if (!account) throw notFound();
    return { status: 200, body: showProfile(world.store, account) };
  }),
  route("GET", "/user/{account_id}", "users/get-by-id", [], ({ world, params }) => {
    const account = world.store.accounts.get(Number(params.account_id));
    if (!account) throw notFound();
    return { status: 200, body: showProfile(world.store, account) };
  }),
];
