import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkKey, checkPolicy, checkRepository, checkToken, checkWorkflows } from "../../src/cli/checks.ts";
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
    expect(await check("k", "http://127.0.0.1:9")).toMatchObject({ mark: "missing", found: /cannot be reached/ });
  });

  it("needs a repository of GitHub before it looks at a token", async () => {
    const repo = createRepository({ "a.txt": "a" });
    const with_ = async (env: Record<string, string>) =>
      await checkToken({ terminal: createFakeTerminal({ env }), repo });
    expect(await with_({})).toMatchObject({ mark: "optional", found: /not set/ });
    expect(await with_({ GITHUB_TOKEN: "t" })).toMatchObject({ mark: "optional", found: /no repository/ });
  });
});
