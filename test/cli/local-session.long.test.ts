import { appendFileSync, cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ScriptedModel, startScriptedModel } from "../../src/local/model/start-scripted-model.ts";
import { findProgram } from "../../src/sandbox/host.ts";
import { slugFiles, slugScript } from "../helpers/slug-story.ts";
import { baton } from "./fake-terminal.ts";
import { createRepository, git } from "./repository.ts";

const hasWalls = findProgram("bwrap") !== null;

// Needs bubblewrap: the model's commands run nowhere else.
describe.skipIf(!hasWalls)("a session on a local repository", { timeout: 400_000 }, () => {
  let model: ScriptedModel;
  let repo = "";
  let ran: Awaited<ReturnType<typeof baton>>;
  let key = "";
  let journal = "";
  const env = () => ({ PATH: process.env.PATH, ANTHROPIC_API_KEY: model.apiKey, ANTHROPIC_BASE_URL: model.url });
  const run = async (...words: string[]) => await baton(words, { cwd: repo, env: env() });

  beforeAll(async () => {
    model = await startScriptedModel({ script: slugScript() });
    repo = createRepository(slugFiles());
    ran = await run("run", "--task", "Fold accents and collapse runs of spaces", "--output", "json");
    const summary = JSON.parse(ran.out) as { session_id: string; execution_file: string };
    key = summary.session_id;
    journal = summary.execution_file;
  }, 400_000);
  afterAll(async () => {
    await model?.close();
  });

  it("ends verified on a branch of its own, and touches nothing that is checked out", () => {
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.out)).toMatchObject({ stop_reason: "done", verification: "pass" });
    expect(git(repo, "status", "--porcelain")).toBe("");
    expect(git(repo, "diff", "--name-only", `main...heads/baton/${key}`)).toContain("slug.js");
  });

  it("is listed with condition, criteria, money and what next", async () => {
    const list = await run("status");
    expect(list.out).toMatch(new RegExp(`${key} +done +4/4 `));
    expect(list.out).toContain(`review the branch: git diff main...heads/baton/${key}`);
    const one = await run("status", key);
    expect(one.out).toContain("verified       C1:");
    expect(one.out).toContain("Run 1 ended: the work is done and verified.");
    const wrong = await run("status", "task-00000000");
    expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining(`there are: ${key}`) });
    expect((await run("continue", "task-00000000")).err).toContain(`there are: ${key}`);
  });

  it("has a report and a trace, from its ref and from its journal", async () => {
    expect((await run("report", key)).out).toMatch(/^## ✅ Verified/);
    const diffs = (html: string): number => html.split('"label":"diff"').length - 1;
    const fromRef = await run("trace", key, "--out", "-");
    // One for each of the two edits, at its checkpoint and at its commit; the run's own trace shows the same.
    expect(diffs(fromRef.out)).toBe(4);
    expect(diffs(readFileSync(join(journal, "..", "trace.html"), "utf8"))).toBe(4);
    expect(fromRef.out).toContain("diff --git a/slug.js b/slug.js");
    const out = join(repo, ".git", "t.html");
    expect((await run("trace", journal, "--out", out)).code).toBe(0);
    expect(readFileSync(out, "utf8")).toContain(key);
    expect((await run("trace", "nope")).err).toContain("neither a session key nor a file");
  });

  it("comes to the same tree when its journal is played again", async () => {
    const { out, code } = await run("replay", key);
    expect(out).toMatch(/same tree at all \d+ moments; the last is the verdict pass/);
    expect(code).toBe(0);
    expect(git(repo, "for-each-ref", "--format=%(refname)", "refs/baton").split("\n")).toHaveLength(1);
  });

  it("does not take a journal that was edited", async () => {
    const copy = join(repo, ".git", "edited.jsonl");
    cpSync(journal, copy);
    appendFileSync(copy, '{"v":1}\n');
    expect(await run("replay", copy)).toMatchObject({ code: 2, err: expect.stringContaining("the line has no sum") });
  });

  it("is stale when somebody commits on the branch", async () => {
    git(repo, "worktree", "add", "-q", join(repo, ".git", "wt"), `baton/${key}`);
    git(join(repo, ".git", "wt"), "commit", "-q", "--allow-empty", "-m", "same tree");
    expect((await run("status")).out).toMatch(/ done +4\/4/);
    appendFileSync(join(repo, ".git", "wt", "README.md"), "more\n");
    git(join(repo, ".git", "wt"), "commit", "-q", "-am", "mine");
    expect((await run("status")).out).toContain("changed since");
    expect((await run("report", key)).out).not.toMatch(/^## ✅/);
  });
});
