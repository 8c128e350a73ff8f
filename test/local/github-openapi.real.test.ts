import { afterAll, beforeAll, expect, test } from "vitest";
import type { App, Installation } from "../../src/local/github/records.ts";
import { type EmbeddedGitHub, ROUTES, startGitHub } from "../../src/local/github/start-github.ts";
import { signAppJwt } from "../helpers/sign-app-jwt.ts";
import { describedOperations, validateExchange } from "../helpers/validate-exchange.ts";

const WORKFLOW = `name: baton
on:
  schedule: [{ cron: "0 3 * * *" }]
  workflow_dispatch:
    inputs:
      task: { type: string, default: none }
jobs: {}
`;

let github: EmbeddedGitHub;
let app: App;
let installation: Installation;
// biome-ignore lint/suspicious/noExplicitAny: answers are as varied as GitHub's API and validated below
type Anything = any;
let token = "";

async function call(who: string, method: string, path: string, body?: unknown): Promise<Anything> {
  const answer = await fetch(`${github.apiUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${who}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text === "" || !answer.headers.get("content-type")?.includes("json") ? text : JSON.parse(text);
}

beforeAll(async () => {
  github = await startGitHub();
  await github.addRepo({
    fullName: "octo/hello",
    files: { "README.md": "hello\n", "src/a.ts": "export const a = 1;\n", ".github/workflows/baton.yml": WORKFLOW },
    roles: { alice: "write", mona: "maintain" },
    labels: ["baton"],
  });
  const write = "write" as const;
  const permissions = {
    contents: write,
    issues: write,
    pull_requests: write,
    checks: write,
    actions: write,
    workflows: write,
  };
  app = github.addApp({
    slug: "baton",
    permissions,
    events: ["issues"],
    webhook: { url: "http://127.0.0.1:9/", secret: "x" },
  });
  installation = github.install(app, "octo");
});
afterAll(() => github.close());

const R = "/repos/octo/hello";
const as = (method: string, path: string, body?: unknown) => call(token, method, R + path, body);

async function readsAndMintsAsApp(): Promise<void> {
  const jwt = signAppJwt(app.id, app.privateKey, Date.now());
  await call(jwt, "GET", "/app");
  await call(jwt, "GET", "/app/installations");
  await call(jwt, "GET", `/app/installations/${installation.id}`);
  await call(jwt, "GET", `${R}/installation`);
  await call(jwt, "GET", "/users/octo/installation");
  github.addOrganization("acme");
  github.install(app, "acme");
  await call(jwt, "GET", "/orgs/acme/installation");
  const mint = `/app/installations/${installation.id}/access_tokens`;
  const narrowed = await call(jwt, "POST", mint, { repositories: ["hello"], permissions: { issues: "read" } });
  await call(narrowed.token, "GET", "/installation/repositories");
  await call(narrowed.token, "DELETE", "/installation/token");
  token = (await call(jwt, "POST", mint)).token;
}

async function visitsSite(): Promise<void> {
  for (const path of ["/meta", "/rate_limit", "/users/alice", "/user/41898282"]) await call(token, "GET", path);
  await call(github.as("alice").token, "GET", "/user");
}

async function visitsRepository(): Promise<void> {
  for (const path of [
    "",
    "/branches",
    "/branches/main",
    "/commits",
    "/commits/main",
    "/contributors",
    "/contents",
    "/contents/src",
    "/contents/README.md",
  ])
    await as("GET", path);
  for (const login of ["octo", "alice", "mona", "nobody"]) {
    github.addUser(login);
    await as("GET", `/collaborators/${login}/permission`);
  }
  const file = await as("PUT", "/contents/new.txt", {
    message: "new",
    content: Buffer.from("1").toString("base64"),
    branch: "main",
  });
  await as("PUT", "/contents/new.txt", {
    message: "change",
    content: Buffer.from("2").toString("base64"),
    sha: file.content.sha,
  });
  const now = await as("GET", "/contents/new.txt");
  await as("DELETE", "/contents/new.txt", { message: "gone", sha: now.sha });
}

async function buildsWithGitData(): Promise<void> {
  const main = await as("GET", "/git/ref/heads/main");
  const commit = await as("GET", `/git/commits/${main.object.sha}`);
  const blob = await as("POST", "/git/blobs", { content: "export const a = 2;\n" });
  await as("GET", `/git/blobs/${blob.sha}`);
  const change = [{ path: "src/a.ts", mode: "100644", type: "blob", sha: blob.sha }];
  const tree = await as("POST", "/git/trees", { base_tree: commit.tree.sha, tree: change });
  await as("GET", `/git/trees/${tree.sha}?recursive=1`);
  const made = await as("POST", "/git/commits", { message: "two", tree: tree.sha, parents: [commit.sha] });
  await as("POST", "/git/refs", { ref: "refs/heads/work", sha: commit.sha });
  await as("PATCH", "/git/refs/heads/work", { sha: made.sha });
  await as("POST", "/git/refs", { ref: "refs/heads/old", sha: commit.sha });
  await as("DELETE", "/git/refs/heads/old");
  await as("GET", "/git/matching-refs/heads/wo");
  await as("GET", "/compare/main...work");
}

async function worksOnIssues(): Promise<void> {
  const { number } = await as("POST", "/issues", { title: "Broken", body: "b", labels: ["bug"], assignees: ["alice"] });
  const issue = `/issues/${number}`;
  await as("GET", issue);
  await as("GET", "/issues?state=all&labels=bug&since=2020-01-01T00:00:00Z");
  await as("PATCH", issue, { title: "Really broken", body: "c" });
  await as("POST", `${issue}/assignees`, { assignees: ["mona"] });
  const comment = await call(github.as("alice").token, "POST", `${R}${issue}/comments`, { body: "hi" });
  await as("GET", "/issues/comments");
  await as("GET", `${issue}/comments`);
  await as("GET", `/issues/comments/${comment.id}`);
  await as("PATCH", `/issues/comments/${comment.id}`, { body: "hi there" });
  for (const base of [issue, `/issues/comments/${comment.id}`]) {
    const reaction = await as("POST", `${base}/reactions`, { content: "eyes" });
    await as("GET", `${base}/reactions`);
    await as("DELETE", `${base}/reactions/${reaction.id}`);
  }
  await worksOnLabels(issue);
  await as("PUT", `${issue}/lock`, { lock_reason: "resolved" });
  await as("DELETE", `${issue}/lock`);
  const [event] = await as("GET", `${issue}/events`);
  await as("GET", `/issues/events/${event.id}`);
  await as("GET", `${issue}/timeline`);
  await as("DELETE", `/issues/comments/${comment.id}`);
  await as("PATCH", issue, { state: "closed", state_reason: "not_planned" });
  await as("GET", issue);
}

async function worksOnLabels(issue: string): Promise<void> {
  await as("POST", "/labels", { name: "extra", color: "ffffff", description: "d" });
  await as("GET", "/labels");
  await as("GET", "/labels/extra");
  await as("PATCH", "/labels/extra", { color: "000000" });
  await as("POST", `${issue}/labels`, { labels: ["baton", "extra"] });
  await as("GET", `${issue}/labels`);
  await as("DELETE", `${issue}/labels/baton`);
  await as("PUT", `${issue}/labels`, { labels: ["extra"] });
  await as("DELETE", `${issue}/labels`);
  await as("DELETE", "/labels/extra");
}

async function worksOnPulls(): Promise<void> {
  const { number } = await as("POST", "/pulls", { title: "Two", head: "work", base: "main", body: "b", draft: false });
  const pull = `/pulls/${number}`;
  for (const path of [
    pull,
    "/pulls?head=octo:work&base=main",
    `${pull}/files`,
    `${pull}/commits`,
    `/issues/${number}`,
    "/commits/work/pulls",
  ])
    await as("GET", path);
  await as("PATCH", pull, { title: "Two!", body: "c" });
  await as("POST", `${pull}/requested_reviewers`, { reviewers: ["mona"] });
  const mona = github.as("mona").token;
  const review = await call(mona, "POST", `${R}${pull}/reviews`, {
    body: "nice",
    event: "COMMENT",
    comments: [{ path: "src/a.ts", line: 1, body: "why?" }],
  });
  const pending = await call(mona, "POST", `${R}${pull}/reviews`, { body: "soon" });
  await call(mona, "POST", `${R}${pull}/reviews/${pending.id}/events`, { event: "APPROVE" });
  const { head } = await as("GET", pull);
  const remark = await call(mona, "POST", `${R}${pull}/comments`, {
    path: "src/a.ts",
    line: 1,
    body: "hm",
    commit_id: head.sha,
  });
  await call(mona, "PATCH", `${R}/pulls/comments/${remark.id}`, { body: "hmm" });
  const reaction = await as("POST", `/pulls/comments/${remark.id}/reactions`, { content: "eyes" });
  await as("GET", `/pulls/comments/${remark.id}/reactions`);
  await as("DELETE", `/pulls/comments/${remark.id}/reactions/${reaction.id}`);
  for (const path of [
    `/pulls/comments/${remark.id}`,
    `${pull}/comments`,
    `${pull}/reviews`,
    `${pull}/reviews/${review.id}`,
    `${pull}/reviews/${review.id}/comments`,
  ])
    await as("GET", path);
  await call(mona, "PUT", `${R}${pull}/merge`, { merge_method: "squash" });
  await as("GET", `${pull}/merge`);
  await as("GET", pull);
}

async function writesChecks(): Promise<void> {
  const { object } = await as("GET", "/git/ref/heads/main");
  const annotation = { path: "README.md", start_line: 1, end_line: 1, annotation_level: "notice", message: "m" };
  const check = await as("POST", "/check-runs", {
    name: "baton",
    head_sha: object.sha,
    status: "in_progress",
    external_id: "k",
  });
  await as("PATCH", `/check-runs/${check.id}`, {
    conclusion: "success",
    output: { title: "t", summary: "s", annotations: [annotation] },
  });
  const suite = `/check-suites/${check.check_suite.id}`;
  for (const path of [
    `/check-runs/${check.id}`,
    `/check-runs/${check.id}/annotations`,
    `/commits/${object.sha}/check-runs?check_name=baton`,
    "/commits/main/check-suites",
    suite,
    `${suite}/check-runs`,
  ])
    await as("GET", path);
}

async function runsWorkflows(): Promise<void> {
  const workflow = "/actions/workflows/baton.yml";
  await as("PUT", `${workflow}/disable`);
  await as("PUT", `${workflow}/enable`);
  await as("GET", "/actions/workflows");
  await as("GET", workflow);
  await as("POST", `${workflow}/dispatches`, { ref: "main" });
  const started = await as("POST", `${workflow}/dispatches`, {
    ref: "main",
    inputs: { task: "x" },
    return_run_details: true,
  });
  await as("POST", "/dispatches", { event_type: "ping", client_payload: { a: 1 } });
  const run = `/actions/runs/${started.workflow_run_id}`;
  const { actions } = github;
  actions.claim(started.workflow_run_id);
  actions.setRun(started.workflow_run_id, { status: "in_progress" });
  const job = actions.createJob(started.workflow_run_id, { key: "run", name: "run" });
  const step = {
    number: 1,
    name: "go",
    status: "completed",
    conclusion: "success",
    started_at: Date.now(),
    completed_at: Date.now(),
  } as const;
  actions.setJob(job.id, { status: "in_progress", runner_name: "r", steps: [step], log: "hello" });
  for (const path of [
    run,
    "/actions/runs?event=workflow_dispatch&status=in_progress&branch=main",
    `${workflow}/runs`,
    `${run}/jobs`,
    `/actions/jobs/${job.id}`,
    `/actions/jobs/${job.id}/logs`,
  ])
    await as("GET", path);
  await as("POST", `${run}/cancel`);
  await as("POST", `${run}/force-cancel`);
  actions.setJob(job.id, { status: "completed", conclusion: "failure" });
  actions.setRun(started.workflow_run_id, { status: "completed", conclusion: "failure" });
  await as("POST", `${run}/rerun`);
  actions.setRun(started.workflow_run_id, { status: "completed", conclusion: "failure" });
  await as("POST", `${run}/rerun-failed-jobs`);
}

async function looksAtDeliveries(): Promise<void> {
  await github.settled();
  const jwt = signAppJwt(app.id, app.privateKey, Date.now());
  const deliveries = await call(jwt, "GET", "/app/hook/deliveries?per_page=3");
  await call(jwt, "GET", `/app/hook/deliveries/${deliveries[0].id}`);
  await call(jwt, "POST", `/app/hook/deliveries/${deliveries[0].id}/attempts`);
}

test("every operation answers as GitHub's OpenAPI description says, and none is left out", {
  timeout: 400_000,
}, async () => {
  await readsAndMintsAsApp();
  await visitsSite();
  await visitsRepository();
  await buildsWithGitData();
  await worksOnIssues();
  await worksOnPulls();
  await writesChecks();
  await runsWorkflows();
  await looksAtDeliveries();
  const problems = new Set(github.requests.flatMap(validateExchange));
  expect([...problems]).toEqual([]);
  const visited = new Set(github.requests.map((request) => request.operation));
  expect([...new Set(ROUTES.map((one) => one.name))].filter((name) => !visited.has(name))).toEqual([]);
  expect(ROUTES.map((one) => one.name).filter((name) => !describedOperations.includes(name))).toEqual([]);
});

test("an answer with a missing field and a request with a wrong type are found", () => {
  const label = { operation: "issues/create-label", method: "POST", path: "/repos/o/r/labels", status: 201 };
  expect(validateExchange({ ...label, body: { name: 3 }, answer: { id: 1 } }).join("\n")).toMatch(
    /request \/name must be string.*201 \/ must have required property 'node_id'/s,
  );
});
