import { execFile } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Octokit } from "@octokit/rest";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { App, Installation } from "../../src/local/github/records.ts";
import { type EmbeddedGitHub, startGitHub } from "../../src/local/github/start-github.ts";

const run = promisify(execFile);
const WORKFLOW = `name: baton
on:
  issues: { types: [labeled] }
  workflow_dispatch:
    inputs:
      task: { type: string }
jobs: {}
`;

interface Received {
  event: string;
  signature: string;
  body: string;
}

let github: EmbeddedGitHub;
let app: App;
let installation: Installation;
let folder: string;
const received: Received[] = [];
const hook = createServer((incoming, outgoing) => {
  let body = "";
  incoming.on("data", (chunk) => {
    body += chunk;
  });
  incoming.on("end", () => {
    const header = (name: string) => String(incoming.headers[name] ?? "");
    received.push({ event: header("x-github-event"), signature: header("x-hub-signature-256"), body });
    outgoing.end("ok");
  });
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "github-core-"));
  await new Promise<void>((resolve) => hook.listen(0, "127.0.0.1", resolve));
  github = await startGitHub();
  const url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`;
  await github.addRepo({
    fullName: "octo/hello",
    files: { "README.md": "hello\n", ".github/workflows/baton.yml": WORKFLOW },
    roles: { alice: "write", tim: "triage" },
    labels: ["baton"],
  });
  const rights = {
    contents: "write",
    issues: "write",
    pull_requests: "write",
    checks: "write",
    actions: "write",
  } as const;
  app = github.addApp({
    slug: "baton",
    permissions: rights,
    events: ["issues", "issue_comment", "push", "pull_request"],
    webhook: { url, secret: "s3cret" },
  });
  installation = github.install(app, "octo");
});

afterAll(async () => {
  await github.close();
  hook.close();
  await rm(folder, { recursive: true, force: true });
});

const rest = () => new Octokit({ auth: github.mintInstallationToken(installation), baseUrl: github.apiUrl });
const remote = (token: string) => `${github.url.replace("://", `://x-access-token:${token}@`)}/octo/hello.git`;
const git = async (cwd: string, ...args: string[]) => {
  const identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"];
  const env = { PATH: process.env.PATH ?? "", HOME: folder, GIT_CONFIG_NOSYSTEM: "1", GIT_TERMINAL_PROMPT: "0" };
  try {
    const { stdout, stderr } = await run("git", [...identity, ...args], { cwd, env });
    return { code: 0, text: stdout + stderr };
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return { code: 1, text: stdout + stderr };
  }
};
const octo = { owner: "octo", repo: "hello" };

test("a label put on by a person is delivered signed and starts the workflow that waits for it", async () => {
  const number = await github.as("bob").openIssue("octo/hello", { title: "It breaks", body: "please fix" });
  await github.as("tim").label("octo/hello", number, "baton");
  await github.settled();
  const labeled = received.find((one) => one.event === "issues" && JSON.parse(one.body).action === "labeled")!;
  expect(labeled.signature).toBe(`sha256=${createHmac("sha256", "s3cret").update(labeled.body).digest("hex")}`);
  const payload = JSON.parse(labeled.body);
  expect(payload).toMatchObject({
    label: { name: "baton" },
    sender: { login: "tim" },
    installation: { id: installation.id },
  });
  expect(github.actions.runs.at(-1)).toMatchObject({ event: "issues", display_title: "It breaks", status: "queued" });
});

test("a branch pushed over HTTP becomes one pull request, a second one for it is refused", async () => {
  const token = github.mintInstallationToken(installation);
  const clone = join(folder, "clone");
  expect((await git(folder, "clone", "-q", remote(token), clone)).code).toBe(0);
  await writeFile(join(clone, "new.txt"), "new\n");
  await git(clone, "checkout", "-qb", "baton/issue-1");
  await git(clone, "add", ".");
  await git(clone, "commit", "-qm", "work");
  const pushed = await git(
    clone,
    "push",
    "--atomic",
    "origin",
    "HEAD:refs/heads/baton/issue-1",
    "HEAD:refs/baton/issue-1",
  );
  expect(pushed).toMatchObject({ code: 0 });
  const fields = { ...octo, head: "baton/issue-1", base: "main", title: "Fix", draft: true };
  const { data: pull } = await rest().pulls.create(fields);
  expect(pull).toMatchObject({ draft: true, commits: 1, additions: 1, user: { login: "baton[bot]", type: "Bot" } });
  await expect(rest().pulls.create(fields)).rejects.toMatchObject({ status: 422 });
  await rest().graphql(
    "mutation($id: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $id}) { pullRequest { isDraft } } }",
    { id: pull.node_id },
  );
  expect((await rest().pulls.get({ ...octo, pull_number: pull.number })).data.draft).toBe(false);
  await github.settled();
  const pushes = received.filter((one) => one.event === "push").map((one) => JSON.parse(one.body).ref);
  expect(pushes).toEqual(["refs/heads/baton/issue-1"]);
});

test("a push that touches a workflow file is refused as a whole to a token without that right", async () => {
  const clone = join(folder, "workflows");
  await git(folder, "clone", "-q", remote(github.mintInstallationToken(installation)), clone);
  await writeFile(join(clone, ".github/workflows/baton.yml"), `${WORKFLOW}# changed\n`);
  await git(clone, "commit", "-qam", "change");
  const refused = await git(clone, "push", "--atomic", "origin", "HEAD:refs/heads/sneaky", "HEAD:refs/baton/sneaky");
  expect(refused.code).toBe(1);
  expect(refused.text).toContain(
    "refusing to allow a GitHub App to create or update workflow `.github/workflows/baton.yml` without `workflows` permission",
  );
  expect((await git(clone, "ls-remote", "origin")).text).not.toContain("sneaky");
});

test("a dispatch with details gives the id of its run, and the run is listed by its title", async () => {
  const { data } = (await rest().request("POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches", {
    ...octo,
    workflow_id: "baton.yml",
    ref: "main",
    inputs: { task: "{}" },
    return_run_details: true,
  } as never)) as { data: { workflow_run_id: number } };
  const { data: list } = await rest().actions.listWorkflowRunsForRepo({ ...octo, event: "workflow_dispatch" });
  expect(list.workflow_runs.map((one) => one.id)).toEqual([data.workflow_run_id]);
  await expect(
    rest().actions.createWorkflowDispatch({ ...octo, workflow_id: "baton.yml", ref: "main", inputs: { nope: "1" } }),
  ).rejects.toMatchObject({ status: 422 });
});

test("a check run can be changed only by the App that made it", async () => {
  const { data: branch } = await rest().repos.getBranch({ ...octo, branch: "main" });
  const { data: check } = await rest().checks.create({
    ...octo,
    name: "baton",
    head_sha: branch.commit.sha,
    status: "in_progress",
  });
  await rest().checks.update({
    ...octo,
    check_run_id: check.id,
    conclusion: "success",
    output: { title: "ok", summary: "fine" },
  });
  const other = github.install(github.addApp({ slug: "other", permissions: { checks: "write" } }), "octo");
  const stranger = new Octokit({ auth: github.mintInstallationToken(other), baseUrl: github.apiUrl });
  await expect(
    stranger.checks.update({ ...octo, check_run_id: check.id, conclusion: "failure" }),
  ).rejects.toMatchObject({ status: 403 });
  await expect(
    github.as("alice").request("POST", "/repos/octo/hello/check-runs", { name: "x", head_sha: branch.commit.sha }),
  ).rejects.toThrow("403");
});
