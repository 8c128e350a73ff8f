import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Installation, Repo } from "../../src/local/github/records.ts";
import { type EmbeddedGitHub, startGitHub } from "../../src/local/github/start-github.ts";

const run = promisify(execFile);
let github: EmbeddedGitHub;
let repo: Repo;
let installation: Installation;
let folder: string;
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "github-push-"));
  github = await startGitHub();
  const workflow = "on: push\njobs: {}\n";
  repo = await github.addRepo({
    fullName: "octo/hello",
    files: { "a.txt": "1\n", ".github/workflows/ci.yml": workflow },
    roles: { wendy: "write", rita: "read" },
  });
  installation = github.install(
    github.addApp({ slug: "baton", permissions: { contents: "write", pull_requests: "write" } }),
    "octo",
  );
});
afterAll(async () => {
  await github.close();
  await rm(folder, { recursive: true, force: true });
});

const remote = (token: string, name = "hello") =>
  `${github.url.replace("://", `://x-access-token:${token}@`)}/octo/${name}.git`;
async function git(cwd: string, ...args: string[]): Promise<{ ok: boolean; text: string }> {
  const identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"];
  const env = { PATH: process.env.PATH ?? "", HOME: folder, GIT_CONFIG_NOSYSTEM: "1", GIT_TERMINAL_PROMPT: "0" };
  try {
    const { stdout, stderr } = await run("git", [...identity, ...args], { cwd, env });
    return { ok: true, text: stdout + stderr };
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return { ok: false, text: stdout + stderr };
  }
}
/** A clone with one commit of its own. */
async function cloneWith(token: string, files: Record<string, string | Buffer>): Promise<string> {
  const dir = join(folder, `clone-${++count}`);
  expect((await git(folder, "clone", "-q", remote(token), dir)).ok).toBe(true);
  for (const [path, content] of Object.entries(files)) await writeFile(join(dir, path), content);
  await git(dir, "add", ".");
  await git(dir, "commit", "-qm", "own");
  return dir;
}
const token = () => github.mintInstallationToken(installation);
const refs = async () => (await git(folder, "ls-remote", remote(token()))).text;

test("who may push: writers and Apps with contents write; readers, strangers and dead tokens may not", async () => {
  const dir = await cloneWith(token(), { "who.txt": "1" });
  const push = (url: string) => git(dir, "push", url, "HEAD:refs/heads/who");
  expect((await push(remote(github.as("rita").token))).text).toContain("Permission to octo/hello.git denied to rita");
  expect((await push(remote("ghs_dead"))).text).toContain("Authentication failed");
  expect((await push(`${github.url}/octo/hello.git`)).ok).toBe(false);
  expect((await push(remote(github.as("wendy").token))).ok).toBe(true);
});

test("a header with a bearer token works as well, and a private repository is hidden from others", async () => {
  await github.addRepo({ fullName: "octo/secret", private: true, files: { "s.txt": "s" } });
  const bearer = ["-c", `http.extraHeader=Authorization: bearer ${token()}`];
  expect((await git(folder, ...bearer, "ls-remote", `${github.url}/octo/secret.git`)).text).toContain(
    "refs/heads/main",
  );
  expect((await git(folder, "ls-remote", remote(github.as("rita").token, "secret"))).text).toMatch(/not found/i);
});

test("a non-fast-forward push is refused, and with --atomic nothing else moves", async () => {
  const one = await cloneWith(token(), { "one.txt": "1" });
  const two = await cloneWith(token(), { "two.txt": "2" });
  expect((await git(one, "push", "origin", "HEAD:refs/heads/race")).ok).toBe(true);
  const second = await git(two, "push", "--atomic", "origin", "HEAD:refs/heads/race", "HEAD:refs/baton/race");
  expect(second.text).toMatch(/rejected|fetch first/);
  expect(await refs()).not.toContain("refs/baton/race");
});

test("refs/pull is read-only, other namespaces are free", async () => {
  const dir = await cloneWith(token(), { "ns.txt": "1" });
  const refused = await git(dir, "push", "origin", "HEAD:refs/pull/77/head");
  expect(refused.text).toContain("deny updating a hidden ref");
  expect((await git(dir, "push", "origin", "HEAD:refs/notes/x", "HEAD:refs/baton-ledger/2026-11-20")).ok).toBe(true);
});

test("a branch that is merely behind on a workflow file is refused until the base is merged", async () => {
  const dir = await cloneWith(token(), { "behind.txt": "1" });
  await github.commit(repo, { files: { ".github/workflows/ci.yml": "on: push\njobs: {} # newer\n" }, message: "ci" });
  const behind = await git(dir, "push", "origin", "HEAD:refs/heads/behind");
  expect(behind.text).toContain(
    "! [remote rejected] HEAD -> behind (refusing to allow a GitHub App to create or update workflow `.github/workflows/ci.yml` without `workflows` permission)",
  );
  await git(dir, "fetch", "-q", "origin", "main");
  await git(dir, "merge", "-q", "-m", "merge", "FETCH_HEAD");
  expect((await git(dir, "push", "origin", "HEAD:refs/heads/behind")).ok).toBe(true);
});

test("a file above 100 MB is refused with its name", async () => {
  const dir = await cloneWith(token(), { "big.bin": Buffer.alloc(100 * 1024 * 1024 + 1) });
  const refused = await git(dir, "push", "origin", "HEAD:refs/heads/big");
  expect(refused.text).toContain("File big.bin is 100.00 MB; this exceeds GitHub's file size limit of 100.00 MB");
  expect(refused.text).toContain("pre-receive hook declined");
});

test("branch protection, rulesets and secret push protection refuse in GitHub's words", async () => {
  const dir = await cloneWith(token(), { "p.txt": "key AKIA0123456789ABCDEF\n" });
  github.pushRules.push(
    { kind: "protect", refs: /^refs\/heads\/main$/, why: "Changes must be made through a pull request." },
    { kind: "ruleset", refs: /^refs\/heads\/release\//, why: "Cannot create ref due to creations being restricted." },
    { kind: "secret", pattern: /AKIA[0-9A-Z]{16}/, name: "Amazon AWS Access Key ID" },
  );
  const push = async (ref: string) => (await git(dir, "push", "origin", `HEAD:refs/heads/${ref}`)).text;
  const [guarded, ruled, secret] = [await push("main"), await push("release/1"), await push("leak")];
  github.pushRules.length = 0;
  expect(guarded).toMatch(
    /GH006: Protected branch update failed for refs\/heads\/main[\s\S]*\(protected branch hook declined\)/,
  );
  expect(ruled).toMatch(
    /GH013: Repository rule violations found[\s\S]*\(push declined due to repository rule violations\)/,
  );
  expect(secret).toMatch(/Push cannot contain secrets[\s\S]*path: p\.txt/);
  expect(await push("leak")).toContain("new branch");
});

test("a push whose answer is lost has happened; one that was cut before has not", async () => {
  const dir = await cloneWith(token(), { "lost.txt": "1" });
  const push = (name: string) => git(dir, "push", "origin", `HEAD:refs/heads/${name}`);
  github.faults.add({ match: { operation: "git/receive-pack" }, before: "reset" });
  expect((await push("cut")).ok).toBe(false);
  github.faults.add({ match: { operation: "git/receive-pack" }, after: "reset" });
  expect((await push("lost")).ok).toBe(false);
  expect(await refs()).toContain("refs/heads/lost");
  expect(await refs()).not.toContain("refs/heads/cut");
});

test("a pull request follows its branch, is closed with it, and is merged by a push that contains it", async () => {
  const dir = await cloneWith(token(), { "pr.txt": "1" });
  await git(dir, "push", "-q", "origin", "HEAD:refs/heads/pr");
  const octo = github.as("octo");
  const { body: pull } = await octo.request("POST", "/repos/octo/hello/pulls", {
    title: "t",
    head: "pr",
    base: "main",
  });
  await writeFile(join(dir, "pr.txt"), "2");
  await git(dir, "commit", "-qam", "more");
  await git(dir, "push", "-q", "origin", "HEAD:refs/heads/pr");
  const view = async () => (await octo.request("GET", `/repos/octo/hello/pulls/${pull.number}`)).body;
  expect(await view()).toMatchObject({ commits: 2, state: "open", mergeable: true });
  expect(await refs()).toMatch(new RegExp(`${(await view()).head.sha}\\s+refs/pull/${pull.number}/head`));
  await git(dir, "push", "-q", remote(github.as("octo").token), "HEAD:refs/heads/main");
  expect(await view()).toMatchObject({ state: "closed", merged: true });
});
