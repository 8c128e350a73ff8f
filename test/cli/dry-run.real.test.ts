import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { requestOfTask } from "../../src/run/local-forge.ts";
import { baton } from "./fake-terminal.ts";
import { createRepository, git } from "./repository.ts";

it("a dry run of a local task leaves no ref, no branch and no session, whatever the path is called", async () => {
  const cwd = createRepository({ "a.txt": "a\n" });
  const { code, out } = await baton(["run", "--task", "x", "--dry-run", "--model", "nobody-knows"], { cwd });
  expect(code).toBe(0);
  expect(out).toContain("dry run: nothing stands in the way; nothing was asked, started or written.");
  expect(out).toMatch(/^Caps: +200 turns, \$5\.00, 300 minutes$/m);
  expect(out).toContain("no price of nobody-knows is known");
  expect(existsSync(join(cwd, ".git", "baton"))).toBe(false);
  expect(git(cwd, "for-each-ref", "--format=%(refname)")).toBe("refs/heads/main");
  expect((await baton(["status"], { cwd })).out).toContain("No session in");
});

it("what cannot stand together, or cannot be written to, is refused before anything is asked", async () => {
  const cwd = createRepository({ "a.txt": "a\n" });
  const env = { PATH: process.env.PATH, ANTHROPIC_API_KEY: "sk-none", ANTHROPIC_BASE_URL: "http://127.0.0.1:9" };
  const refusals: [string[], string][] = [
    [["--task", "x", "--resume", "task-00000000"], "--resume goes on with the session's own task"],
    [["--task", "x", "--say", "y"], "--say adds to a session that is there already"],
    [["--task", "x", "--max-budget-usd", "-1"], "--max-budget-usd has no value. One that begins with a dash"],
    [["--task", "x", "--out", "taken"], `Report and trace cannot be left in ${join(cwd, "taken")}: it is a file`],
    // Node's own recursive mkdir never comes back from there.
    [["--task", "x", "--out", "/proc/baton/x"], "Report and trace cannot be left in /proc/baton/x: ENOENT"],
    [["--task", "x".repeat(65_537)], "The task has 65537 characters; allowed are 65536"],
    [["--task", "x", "--max-budget-usd", "0.0000001"], "asks for 0 USD of budget, with which nothing can be done"],
    [
      ["--task", "x", "--repo", "nowhere"],
      "nowhere is not the work tree of a git repository; git says: cannot change to",
    ],
  ];
  writeFileSync(join(cwd, "taken"), "");
  for (const [words, message] of refusals) {
    const { code, err } = await baton(["run", ...words], { cwd, env });
    expect(err).toContain(message);
    expect(code).toBe(2);
  }
});

it("a machine that reads the output gets one object, also when there was no run", async () => {
  const cwd = createRepository({ "a.txt": "a\n" });
  for (const [output, ...words] of [
    ["json", "run"],
    ["stream-json", "run", "--task", "x", "--max-turns", "0"],
    ["json", "continue", "task-0"],
  ]) {
    const { code, out, err } = await baton([...words, "--output", output!], { cwd });
    expect(code).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ conclusion: "failure", stop_reason: "config_error" });
    expect(err).toContain((JSON.parse(out) as { error: string }).error);
  }
});

it("a demo deletes nobody else's files", async () => {
  const cwd = createRepository({ "a.txt": "a\n" });
  const { code, err } = await baton(["demo", "--out", "."], { cwd });
  expect({ code, err }).toEqual({
    code: 2,
    err: expect.stringContaining(`${cwd} holds ".git", which no demo left there`),
  });
  expect(existsSync(join(cwd, "a.txt"))).toBe(true);
});

it("a task of one long line is given whole", () => {
  const task = `Mend this: ${"word ".repeat(100)}end`;
  expect(requestOfTask(task, "main").body).toBe(task);
  expect(requestOfTask(task, "main").title).toHaveLength(200);
});
