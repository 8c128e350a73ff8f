import { afterAll, beforeAll, expect, test } from "vitest";
import type { App, Installation, Repo } from "../../src/local/github/records.ts";
import { type EmbeddedGitHub, startGitHub } from "../../src/local/github/start-github.ts";
import { signAppJwt } from "../helpers/sign-app-jwt.ts";

const inputs = Array.from({ length: 26 }, (_, index) => `      i${index}: { type: string }`).join("\n");
const DISPATCHED = `name: baton\non:\n  issue_comment: {}\n  workflow_dispatch:\n    inputs:\n${inputs}\njobs: {}\n`;
const R = "/repos/octo/hello";

let clock = Date.parse("2026-11-20T22:00:00Z");
let github: EmbeddedGitHub;
let repo: Repo;
let app: App;
let installation: Installation;

beforeAll(async () => {
  github = await startGitHub({ now: () => clock });
  repo = await github.addRepo({
    fullName: "octo/hello",
    files: { "a.txt": "1\n", ".github/workflows/baton.yml": DISPATCHED },
    roles: { wendy: "write", tim: "triage", rita: "read", mona: "maintain" },
  });
  const write = "write" as const;
  app = github.addApp({
    slug: "baton",
    permissions: { issues: write, checks: write, contents: write, pull_requests: write, actions: write },
  });
  installation = github.install(app, "octo");
});
afterAll(() => github.close());

interface Reply {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers are as varied as GitHub's API
  body: any;
  headers: Headers;
}

async function call(
  token: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const answer = await fetch(`${github.apiUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === "" ? null : JSON.parse(text), headers: answer.headers };
}
const asApp = (method: string, path: string, body?: unknown) =>
  call(github.mintInstallationToken(installation), method, path, body);
const tip = async (branch: string) => (await asApp("GET", `${R}/git/ref/heads/${branch}`)).body.object.sha as string;
const graphql = async (query: string) => (await call(github.as("octo").token, "POST", "/graphql", { query })).body;
const newIssue = (title: string) => github.as("rita").openIssue("octo/hello", { title, body: "b" });

async function jobToken(
  permissions: Record<string, "read" | "write">,
): Promise<{ token: string; run: number; job: number }> {
  const started = await asApp("POST", `${R}/actions/workflows/baton.yml/dispatches`, {
    ref: "main",
    return_run_details: true,
  });
  const run = started.body.workflow_run_id as number;
  const job = github.actions.createJob(run, { key: "run", name: "run" });
  return { token: github.actions.mintJobToken(run, { permissions, jobId: job.id }), run, job: job.id };
}

test("an installation token has the long form, can be narrowed, and is refused after one hour", async () => {
  const mint = `/app/installations/${installation.id}/access_tokens`;
  const minted = await call(signAppJwt(app.id, app.privateKey, clock), "POST", mint, {
    permissions: { issues: "read" },
  });
  const token = minted.body.token as string;
  expect(token).toMatch(new RegExp(`^ghs_${app.id}_[\\w-]+\\.[\\w-]+\\.[\\w-]+$`));
  expect(token.length).toBeGreaterThan(480);
  expect(token.length).toBeLessThan(560);
  expect((await call(token, "POST", `${R}/issues`, { title: "no" })).status).toBe(403);
  expect((await call(token, "GET", `${R}/issues`)).status).toBe(200);
  clock += 3_600_001;
  expect((await call(token, "GET", `${R}/issues`)).status).toBe(401);
});

test("a JWT that is forged, expired or from the future is refused", async () => {
  const stranger = github.addApp({ slug: "stranger", permissions: {} });
  const forged = signAppJwt(app.id, stranger.privateKey, clock);
  const bad = [
    forged,
    signAppJwt(app.id, app.privateKey, clock - 3_600_000),
    signAppJwt(app.id, app.privateKey, clock + 3_600_000),
  ];
  for (const jwt of bad) expect((await call(jwt, "GET", "/app")).status).toBe(401);
  expect((await call(signAppJwt(app.id, app.privateKey, clock), "GET", "/app")).body.slug).toBe("baton");
});

test("applying a label needs triage, making one needs write, anybody may open and comment", async () => {
  const number = await newIssue("labels");
  const put = (login: string, label: string) =>
    github.as(login).attempt("POST", `${R}/issues/${number}/labels`, { labels: [label] });
  expect((await put("rita", "bug")).status).toBe(403);
  expect((await put("tim", "bug")).status).toBe(200);
  expect((await put("tim", "brand-new")).status).toBe(404);
  expect((await put("wendy", "brand-new")).status).toBe(200);
  expect((await github.as("stranger-1").attempt("POST", `${R}/issues/${number}/comments`, { body: "hi" })).status).toBe(
    201,
  );
});

test("the permission endpoint folds maintain into write and triage into read", async () => {
  const levels = [];
  for (const login of ["octo", "mona", "wendy", "tim", "rita"]) {
    const { body } = await asApp("GET", `${R}/collaborators/${login}/permission`);
    levels.push(`${body.permission} ${body.role_name}`);
  }
  expect(levels).toEqual(["admin admin", "write maintain", "write write", "read triage", "read read"]);
  expect((await asApp("GET", `${R}/collaborators/no-such-person/permission`)).status).toBe(404);
});

test("a comment is changed by its author and by writers, and keeps its author", async () => {
  const number = await newIssue("comments");
  const id = await github.as("rita").comment("octo/hello", number, "mine");
  const edit = (login: string) =>
    github.as(login).attempt("PATCH", `${R}/issues/comments/${id}`, { body: `by ${login}` });
  expect((await edit("tim")).status).toBe(403);
  expect((await edit("rita")).status).toBe(200);
  expect((await edit("wendy")).body.user.login).toBe("rita");
});

test("bodies above 65,536 characters and check outputs above 65,535 are refused", async () => {
  const number = await newIssue("long");
  const comment = (length: number) => asApp("POST", `${R}/issues/${number}/comments`, { body: "x".repeat(length) });
  expect([(await comment(65_536)).status, (await comment(65_537)).status]).toEqual([201, 422]);
  const sha = await tip("main");
  const check = (length: number) =>
    asApp("POST", `${R}/check-runs`, { name: "c", head_sha: sha, output: { title: "t", summary: "x".repeat(length) } });
  expect([(await check(65_535)).status, (await check(65_536)).status]).toEqual([201, 422]);
});

test("a dispatch takes 25 declared inputs and 65,535 characters, and answers 204 or 200", async () => {
  const dispatch = (fields: object) =>
    asApp("POST", `${R}/actions/workflows/baton.yml/dispatches`, { ref: "main", ...fields });
  const many = (count: number) => ({
    inputs: Object.fromEntries(Array.from({ length: count }, (_, index) => [`i${index}`, "v"])),
  });
  expect((await dispatch(many(25))).status).toBe(204);
  expect((await dispatch(many(26))).status).toBe(422);
  expect((await dispatch({ inputs: { i0: "x".repeat(65_536) } })).status).toBe(422);
  expect((await dispatch({ inputs: { unknown: "x" } })).body.message).toContain("Unexpected inputs");
  expect((await dispatch({ return_run_details: true })).body).toMatchObject({ workflow_run_id: expect.any(Number) });
  expect((await asApp("POST", `${R}/actions/workflows/absent.yml/dispatches`, { ref: "main" })).status).toBe(404);
});

test("events made with a GITHUB_TOKEN start no runs, dispatches do; the App's events do", async () => {
  const number = await newIssue("who starts runs");
  const { token } = await jobToken({ issues: "write", actions: "write" });
  const started = () => github.actions.runs.length;
  const comment = `${R}/issues/${number}/comments`;
  await github.settled();
  const before = started();
  expect((await call(token, "POST", comment, { body: "x" })).status).toBe(201);
  await github.settled();
  expect(started()).toBe(before);
  await call(token, "POST", `${R}/actions/workflows/baton.yml/dispatches`, { ref: "main" });
  expect(started()).toBe(before + 1);
  await asApp("POST", comment, { body: "x" });
  await github.settled();
  expect(started()).toBe(before + 2);
});

test("a GITHUB_TOKEN dies with its job and opens no pull request unless the repository allows it", async () => {
  const { token, job } = await jobToken({ contents: "write", pull_requests: "write", checks: "write" });
  await github.commit(repo, { branch: "by-job", files: { "b.txt": "1\n" }, message: "b" });
  const open = () => call(token, "POST", `${R}/pulls`, { title: "t", head: "by-job", base: "main" });
  expect((await open()).body.message).toBe("GitHub Actions is not permitted to create or approve pull requests.");
  repo.actionsMayCreatePullRequests = true;
  expect((await open()).body.user.login).toBe("github-actions[bot]");
  expect((await call(token, "POST", `${R}/check-runs`, { name: "x", head_sha: await tip("main") })).body.app.slug).toBe(
    "github-actions",
  );
  github.actions.setJob(job, { status: "completed", conclusion: "success" });
  expect((await open()).status).toBe(401);
});

test("one open pull request per head and base, none without commits, and only GraphQL makes a draft ready", async () => {
  const sha = await github.commit(repo, { branch: "once", files: { "c.txt": "1\n" }, message: "c" });
  const open = (head: string) => asApp("POST", `${R}/pulls`, { title: "t", head, base: "main", draft: true });
  const first = (await open("once")).body;
  expect((await open("once")).body.errors[0].message).toBe("A pull request already exists for octo:once.");
  await asApp("POST", `${R}/git/refs`, { ref: "refs/heads/empty", sha: await tip("main") });
  expect((await open("empty")).body.errors[0].message).toBe("No commits between main and empty");
  await asApp("PATCH", `${R}/pulls/${first.number}`, { draft: false });
  const isDraft = async () => (await asApp("GET", `${R}/pulls/${first.number}`)).body.draft;
  expect(await isDraft()).toBe(true);
  await graphql(
    `mutation { markPullRequestReadyForReview(input: {pullRequestId: "${first.node_id}"}) { pullRequest { isDraft } } }`,
  );
  expect([await isDraft(), first.head.sha]).toEqual([false, sha]);
});

test("a ref is made once, moved only forward, and must have two slashes", async () => {
  const old = await tip("main");
  const next = await github.commit(repo, { files: { "d.txt": "1\n" }, message: "d" });
  const make = (ref: string) => asApp("POST", `${R}/git/refs`, { ref, sha: next });
  expect((await make("refs/heads/forward")).status).toBe(201);
  expect((await make("refs/heads/forward")).body.message).toBe("Reference already exists");
  expect((await make("refs/flat")).status).toBe(422);
  expect((await make("refs/pull/9/head")).status).toBe(422);
  const move = (fields: object) => asApp("PATCH", `${R}/git/refs/heads/forward`, fields);
  expect((await move({ sha: old })).body.message).toBe("Update is not a fast forward");
  expect((await move({ sha: old, force: true })).status).toBe(200);
});

test("only GraphQL knows when a body was edited, the timeline knows the title", async () => {
  const number = await newIssue("before");
  const ask = `{ repository(owner: "octo", name: "hello") { issue(number: ${number}) { lastEditedAt title userContentEdits(first: 5) { totalCount nodes { editor { login } } } } } }`;
  expect((await graphql(ask)).data.repository.issue.lastEditedAt).toBeNull();
  clock += 5000;
  await github.as("rita").request("PATCH", `${R}/issues/${number}`, { title: "after", body: "changed" });
  const issue = (await graphql(ask)).data.repository.issue;
  expect(Date.parse(issue.lastEditedAt)).toBe(Math.floor(clock / 1000) * 1000);
  expect(issue.userContentEdits).toEqual({ totalCount: 1, nodes: [{ editor: { login: "rita" } }] });
  const { body: timeline } = await asApp("GET", `${R}/issues/${number}/timeline`);
  expect(timeline).toMatchObject([
    { event: "renamed", rename: { from: "before", to: "after" }, actor: { login: "rita" } },
  ]);
});

test("GraphQL refuses unknown fields, names bots without [bot] and pages its lists", async () => {
  expect((await graphql("{ viewer { login nonsense } }")).errors[0].message).toContain(
    "Field 'nonsense' doesn't exist on type 'User'",
  );
  const number = await newIssue("graph");
  for (const body of ["1", "2", "3"]) await asApp("POST", `${R}/issues/${number}/comments`, { body });
  const query = `query { repository(owner: "octo", name: "hello") { issueOrPullRequest(number: ${number}) { ...on Issue { ...parts } } } } fragment parts on Issue { all: comments(first: 2) { pageInfo { hasNextPage endCursor } nodes { body author { __typename login } } } }`;
  expect((await graphql(query)).data.repository.issueOrPullRequest.all).toEqual({
    pageInfo: { hasNextPage: true, endCursor: "2" },
    nodes: ["1", "2"].map((body) => ({ body, author: { __typename: "Bot", login: "baton" } })),
  });
});

test("GraphQL tells an issue from a pull request, with fragments per type and events by kind", async () => {
  const number = await newIssue("first");
  await github.as("rita").request("PATCH", `${R}/issues/${number}`, { title: "second" });
  const shared =
    "id title author { login ... on User { databaseId } } timelineItems(itemTypes: [RENAMED_TITLE_EVENT], last: 9) { nodes { ... on RenamedTitleEvent { previousTitle } } }";
  const ask = (of: number) =>
    graphql(
      `{ repository(owner: "octo", name: "hello") { issueOrPullRequest(number: ${of}) { __typename ... on Issue { ${shared} } ... on PullRequest { ${shared} isCrossRepository headRefName } } } }`,
    );
  const issue = (await ask(number)).data.repository.issueOrPullRequest;
  expect(issue).toMatchObject({
    __typename: "Issue",
    author: { login: "rita", databaseId: expect.any(Number) },
    timelineItems: { nodes: [{ previousTitle: "first" }] },
  });
  expect(issue).not.toHaveProperty("headRefName");
  expect((await ask(99_999)).errors[0].type).toBe("NOT_FOUND");
});

test("cancelling a run gives 202, a finished one 409; an unclaimed one is cancelled at once", async () => {
  const { run } = await jobToken({});
  expect((await asApp("POST", `${R}/actions/runs/${run}/cancel`)).status).toBe(202);
  expect(github.actions.run(run)).toMatchObject({ status: "completed", conclusion: "cancelled" });
  expect((await asApp("POST", `${R}/actions/runs/${run}/cancel`)).status).toBe(409);
  await asApp("POST", `${R}/actions/runs/${run}/rerun`);
  expect(github.actions.nextQueued()).toBeDefined();
  expect(github.actions.run(run)).toMatchObject({ run_attempt: 2, status: "queued" });
});

test("contents are replaced only with the blob they replace", async () => {
  const { body: file } = await asApp("GET", `${R}/contents/a.txt`);
  const put = (sha?: string) =>
    asApp("PUT", `${R}/contents/a.txt`, { message: "m", content: "Mg==", ...(sha ? { sha } : {}) });
  expect([(await put()).status, (await put("0".repeat(40))).status, (await put(file.sha)).status]).toEqual([
    422, 409, 200,
  ]);
});

test("an unchanged answer is a 304 that costs nothing; the hour's requests end in a 403 with its reset", async () => {
  const token = github.mintInstallationToken(installation);
  const first = await call(token, "GET", `${R}/issues`);
  const again = await call(token, "GET", `${R}/issues`, undefined, { "if-none-match": first.headers.get("etag")! });
  expect([again.status, again.headers.get("x-ratelimit-used")]).toEqual([304, first.headers.get("x-ratelimit-used")]);
  github.limits.exhaust(`installation-${installation.id}`, clock + 60_000);
  const over = await call(token, "GET", `${R}/issues`);
  expect([over.status, over.headers.get("x-ratelimit-remaining"), over.headers.get("x-ratelimit-reset")]).toEqual([
    403,
    "0",
    String(Math.ceil((clock + 60_000) / 1000)),
  ]);
  clock += 60_001;
  expect((await call(token, "GET", `${R}/issues`)).status).toBe(200);
});

test("the 81st content-creating request of a minute meets the secondary limit", async () => {
  const number = await newIssue("busy");
  github.limits.settings.secondary = {
    pointsPerMinute: 900,
    contentPerMinute: 80,
    contentPerHour: 500,
  };
  clock += 60_001;
  let last: Reply | undefined;
  for (let count = 0; count < 81; count++) last = await asApp("POST", `${R}/issues/${number}/comments`, { body: "x" });
  github.limits.settings.secondary = null;
  expect([last?.status, last?.headers.get("retry-after")]).toEqual([403, "60"]);
});
