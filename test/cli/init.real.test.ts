import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkKey, checkPolicy, checkRepository, checkWorkflows } from "../../src/cli/checks.ts";
import { checkGitHub } from "../../src/cli/github-checks.ts";
import { actionReference } from "../../src/cli/init-files.ts";
import { startScriptedModel } from "../../src/local/model/start-scripted-model.ts";
import { readPolicy } from "../../src/policy/read-policy.ts";
import { baton, createFakeTerminal } from "./fake-terminal.ts";
import { createRepository, git } from "./repository.ts";

describe("init", () => {
  it("writes policy and workflows, and the second time says that they are there", async () => {
    const cwd = createRepository({ "package-lock.json": "{}\n" });
    const first = await baton(["init"], { cwd });
    expect(first.code).toBe(0);
    expect(first.out).toContain("written   .github/baton.yml: set-up guessed: npm ci");
    expect(readPolicy(readFileSync(join(cwd, ".github/baton.yml"), "utf8"), "x").setup).toEqual(["npm ci"]);
    const workflow = readFileSync(join(cwd, ".github/workflows/baton.yml"), "utf8");
    expect(workflow).toContain(`uses: ${actionReference}`);
    expect(workflow).not.toContain("uses: ./");
    const before = git(cwd, "status", "--porcelain", "-uall");
    const second = await baton(["init"], { cwd });
    expect(second.out.match(/^there /gm)).toHaveLength(3);
    expect(git(cwd, "status", "--porcelain", "-uall")).toBe(before);
  });

  it("leaves a workflow that differs, unless forced, and never replaces a policy", async () => {
    const cwd = createRepository({
      ".github/workflows/baton.yml": "name: mine\n",
      ".github/baton.yml": "label: robot\n",
    });
    const path = join(cwd, ".github/workflows/baton.yml");
    expect((await baton(["init"], { cwd })).out).toContain("different .github/workflows/baton.yml");
    expect(readFileSync(path, "utf8")).toBe("name: mine\n");
    expect((await baton(["init", "--force", "--uses", "me/baton@v1"], { cwd })).out).toContain(
      "replaced  .github/workflows/baton.yml",
    );
    expect(readFileSync(path, "utf8")).toContain("uses: me/baton@v1");
    expect(readFileSync(join(cwd, ".github/baton.yml"), "utf8")).toBe("label: robot\n");
  });

  it("refuses a policy that cannot be read, a reference that is none, and a folder that is no repository", async () => {
    const cwd = createRepository({ "a.txt": "a" });
    expect((await baton(["init", "--uses", "rm -rf"], { cwd })).err).toContain("allowed is owner/repository@ref");
    expect((await baton(["init", "--repo", "/"], { cwd })).err).toContain("/ is not the work tree of a git repository");
    await baton(["init"], { cwd });
    writeFileSync(join(cwd, ".github/baton.yml"), "lable: x\n");
    expect(await baton(["init"], { cwd })).toMatchObject({
      code: 2,
      err: expect.stringContaining("unknown key `lable`"),
    });
  });
});

describe("doctor", () => {
  it("says what a repository lacks and what to do", async () => {
    const terminal = createFakeTerminal();
    const empty = createRepository();
    expect(await checkRepository({ terminal, repo: empty })).toMatchObject({ mark: "missing", next: /first commit/ });
    expect(await checkRepository({ terminal, repo: "/" })).toMatchObject({ mark: "missing" });
    const repo = createRepository({ "a.txt": "a" });
    expect(await checkRepository({ terminal, repo })).toMatchObject({ mark: "ok" });
    expect(await checkPolicy({ terminal, repo })).toMatchObject({ mark: "optional" });
    expect(await checkWorkflows({ terminal, repo })).toMatchObject([{ mark: "optional" }, { mark: "optional" }]);
    await baton(["init", "--repo", repo]);
    git(repo, "add", "-A");
    git(repo, "commit", "-q", "-m", "init");
    expect(await checkPolicy({ terminal, repo })).toMatchObject([{ mark: "ok" }]);
    expect(await checkWorkflows({ terminal, repo })).toMatchObject([{ mark: "ok" }, { mark: "ok" }]);
  });

  it("names the mistake of a policy and of a playbook", async () => {
    const terminal = createFakeTerminal();
    const repo = createRepository({ ".github/baton.yml": "lable: x\n" });
    expect(await checkPolicy({ terminal, repo })).toMatchObject({ mark: "missing", found: /unknown key/ });
    const other = createRepository({ ".github/baton.yml": "maintenance: { playbooks: [nope] }\n" });
    expect(await checkPolicy({ terminal, repo: other })).toMatchObject([
      { mark: "ok" },
      { mark: "missing", what: "playbook nope" },
    ]);
  });

  it("tries the key on the API", async () => {
    await using model = await startScriptedModel({ script: () => ({ text: "" }) });
    const check = async (key: string | undefined, base = model.url) =>
      await checkKey({
        terminal: createFakeTerminal({ env: { ANTHROPIC_API_KEY: key, ANTHROPIC_BASE_URL: base } }),
        repo: ".",
      });
    expect(await check(model.apiKey)).toMatchObject({ mark: "ok" });
    expect(await check("sk-ant-wrong")).toMatchObject({ mark: "missing", found: /answers 401/ });
    expect(await check(undefined)).toMatchObject({ mark: "missing", found: /not set/ });
    expect(await check("k", "http://127.0.0.1:9")).toMatchObject({
      mark: "missing",
      found: /cannot be reached: (?!fetch failed)/,
    });
  });

  it("needs a repository of GitHub before it looks at a token", async () => {
    const repo = createRepository({ "a.txt": "a" });
    const with_ = async (env: Record<string, string>) =>
      await checkGitHub({ terminal: createFakeTerminal({ env }), repo });
    expect(await with_({})).toMatchObject({ mark: "optional", found: /not set/ });
    expect(await with_({ GITHUB_TOKEN: "t" })).toMatchObject({ mark: "optional", found: /no repository/ });
  });

  it.each([
    "https://ghe.example.com/o/r.git",
    "git@ghe.example.com:o/r.git",
    "ssh://git@ghe.example.com:2222/o/r",
    "https://somebody:secret@ghe.example.com/o/r",
  ])("sends the token to no host on a guess: origin %s", async (url) => {
    const repo = createRepository({ "a.txt": "a" });
    git(repo, "remote", "add", "origin", url);
    const terminal = createFakeTerminal({ env: { GITHUB_TOKEN: "t" } });
    expect(await checkGitHub({ terminal, repo })).toMatchObject({
      mark: "optional",
      found: "origin is on ghe.example.com, and GITHUB_API_URL is not set: the token was sent nowhere",
      next: "Of a GitHub Enterprise Server: GITHUB_API_URL=https://ghe.example.com/api/v3 baton doctor",
    });
  });

  it("looks for no policy where there is no repository", async () => {
    const { out } = await baton(["doctor", "--repo", "/", "--output", "json"]);
    const whats = (JSON.parse(out) as { what: string; mark: string }[]).map(({ what }) => what);
    expect(whats).toContain("repository");
    expect(whats).not.toContain("policy");
  });

  it("names the right that a workflow's run job lacks", async () => {
    const repo = createRepository({ "a.txt": "a" });
    await baton(["init", "--repo", repo]);
    const path = join(repo, ".github/workflows/baton.yml");
    writeFileSync(path, readFileSync(path, "utf8").replaceAll(/^ +checks: write.*\n/gm, ""));
    git(repo, "add", "-A");
    git(repo, "commit", "-q", "-m", "init");
    expect(await checkWorkflows({ terminal: createFakeTerminal(), repo })).toMatchObject([
      { mark: "missing", found: /lacks checks: write$/ },
      { mark: "ok" },
    ]);
  });
});

describe("doctor on GitHub", () => {
  const repository = {
    full_name: "o/r",
    default_branch: "main",
    html_url: "https://x/o/r",
    permissions: { push: true },
  };
  const whole = {
    "/repos/o/r": repository,
    "/repos/o/r/actions/workflows/baton.yml": { state: "active" },
    "/repos/o/r/actions/permissions/workflow": { can_approve_pull_request_reviews: true },
    "/repos/o/r/actions/secrets/ANTHROPIC_API_KEY": { name: "ANTHROPIC_API_KEY" },
  };
  async function check(answers: Record<string, unknown>, headers: Record<string, string> = {}) {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.method ?? "");
      const answer = answers[request.url ?? ""];
      response.writeHead(answer === undefined ? 404 : typeof answer === "number" ? answer : 200, {
        "content-type": "application/json",
        ...headers,
      });
      response.end(JSON.stringify(typeof answer === "object" ? answer : { message: "no" }));
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const GITHUB_API_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const env = { PATH: process.env.PATH, GITHUB_TOKEN: "t", GITHUB_REPOSITORY: "o/r", GITHUB_API_URL };
    try {
      return [await checkGitHub({ terminal: createFakeTerminal({ env }), repo: "." })].flat();
    } finally {
      server.close();
      expect(new Set(asked)).toEqual(new Set(["GET"]));
    }
  }

  it("is content where everything is there", async () => {
    expect((await check(whole)).map(({ mark }) => mark)).toEqual(["ok", "ok", "ok", "ok"]);
    expect((await check(whole, { "x-oauth-scopes": "repo, workflow" }))[0]).toMatchObject({ mark: "ok" });
  });

  it.each<[string, Record<string, unknown>, Record<string, string>, number, object]>([
    [
      "a reader's token",
      { "/repos/o/r": { ...repository, permissions: {} } },
      {},
      0,
      { mark: "missing", next: /write access/ },
    ],
    ["a token without scopes", {}, { "x-oauth-scopes": "" }, 0, { mark: "missing", next: /gh auth refresh/ }],
    [
      "a workflow that is not pushed",
      { "/repos/o/r/actions/workflows/baton.yml": undefined },
      {},
      1,
      { mark: "missing", next: /push/ },
    ],
    [
      "a workflow that is off",
      { "/repos/o/r/actions/workflows/baton.yml": { state: "disabled_inactivity" } },
      {},
      1,
      { mark: "missing", next: /Enable workflow/ },
    ],
    [
      "Actions that may not open pull requests",
      { "/repos/o/r/actions/permissions/workflow": { can_approve_pull_request_reviews: false } },
      {},
      2,
      { mark: "missing", next: /settings\/actions/ },
    ],
    ["a setting that may not be seen", { "/repos/o/r/actions/permissions/workflow": 403 }, {}, 2, { mark: "optional" }],
    [
      "a secret that is not there",
      { "/repos/o/r/actions/secrets/ANTHROPIC_API_KEY": undefined },
      {},
      3,
      { mark: "optional", next: /gh secret set/ },
    ],
  ])("says what is missing and what to do: %s", async (_what, answers, headers, at, expected) => {
    expect((await check({ ...whole, ...answers }, headers))[at]).toMatchObject(expected);
  });

  it("names a token that is not valid, or sees nothing", async () => {
    expect(await check({ "/repos/o/r": 401 })).toMatchObject([{ mark: "missing", next: /make a new one/ }]);
    expect(await check({})).toMatchObject([{ mark: "missing", next: /give it access/ }]);
  });
});
