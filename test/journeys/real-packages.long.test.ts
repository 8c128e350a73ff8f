import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { noWalls } from "../helpers/evaluator-world.ts";
import { createPackageRepository } from "../helpers/real-packages/create-package-repository.ts";
import { askGroundTruth } from "../helpers/real-packages/ground-truth.ts";
import { askOwnTruth, createOwnRepository, ownTask } from "../helpers/real-packages/own-repository.ts";
import { playRun } from "../helpers/real-packages/play-run.ts";
import { minimistConstructor } from "../helpers/real-packages/tasks/minimist.ts";
import { resolveHomePaths } from "../helpers/real-packages/tasks/resolve.ts";
import { shellQuoteBacktick } from "../helpers/real-packages/tasks/shell-quote.ts";
import { playScript } from "../helpers/real-packages/worker-scripts.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
let repo = "";

beforeEach(() => {
  repo = mkdtempSync(join(tmpdir(), "real-"));
});

afterEach(() => {
  rmSync(repo, { recursive: true, force: true });
});

/** Played with BATON_FULL=1 only: CI has ten minutes for everything. */
const inFull = (title: string, play: () => Promise<void>): void => {
  if (process.env.BATON_FULL) test(title, play);
};

// Nothing is asserted on time: the limit only ends what hangs, also on a very busy host.
describe.skipIf(noWalls)(`real packages${noWalls ? ` (skipped: ${noWalls})` : ""}`, { timeout: 400_000 }, () => {
  test("a worker that looks for the repair of minimist finds it nowhere, makes it, and is accepted", async () => {
    await createPackageRepository(minimistConstructor, repo);
    const aliases = join(root, "node_modules");
    const look = `cat ${aliases}/minimist-1-2-6/index.js; grep -rlF isConstructorOrProto /workspace /home /tmp ${aliases} 2>/dev/null; git log --oneline --all | wc -l`;
    const first = [{ toolCalls: [{ name: "bash", input: { command: look, timeout_s: 60 } }] }];
    const script = await playScript(minimistConstructor, minimistConstructor.reference, { first });
    const played = await playRun({ repo, issue: minimistConstructor.issue, script });
    expect(played).toMatchObject({ exit: 0, stop: "done", verification: "pass", problems: [] });
    expect(await askGroundTruth(minimistConstructor, repo, played.branch)).toBe("right");
    const found = played.results.find(({ command }) => command === look)?.text ?? "";
    expect(found).toContain("No such file or directory");
    expect(found).not.toContain("isConstructorOrProto");
    // Nothing but the count of commits follows: no file holds the name of the function that repairs it.
    expect(found.trim()).toMatch(/No such file or directory\n1$/);
  });

  test("resolve, with dependencies and more than 50 files, is repaired in three files and accepted", async () => {
    await createPackageRepository(resolveHomePaths, repo);
    expect(git("ls-files").split("\n").length).toBeGreaterThan(50);
    const script = await playScript(resolveHomePaths, resolveHomePaths.reference);
    const played = await playRun({ repo, issue: resolveHomePaths.issue, script });
    expect(played).toMatchObject({ exit: 0, stop: "done", verification: "pass", problems: [] });
    expect(await askGroundTruth(resolveHomePaths, repo, played.branch)).toBe("right");
    const changed = git("diff", "--name-only", `main...heads/${played.branch}`);
    expect(changed.trim().split("\n")).toEqual(["lib/async.js", "lib/homedir.js", "lib/sync.js"]);
  });

  test("the worker that was right on minimist is refused to the end on shell-quote", async () => {
    await createPackageRepository(shellQuoteBacktick, repo);
    const script = await playScript(shellQuoteBacktick, minimistConstructor.reference);
    const played = await playRun({ repo, issue: shellQuoteBacktick.issue, script });
    expect(played).toMatchObject({ exit: 10, stop: "rejected", verification: "fail", problems: [] });
    expect(await askGroundTruth(shellQuoteBacktick, repo, played.branch)).toBe("wrong");
  });

  inFull("a repair of minimist that forgets half is never accepted", async () => {
    await createPackageRepository(minimistConstructor, repo);
    const script = await playScript(minimistConstructor, minimistConstructor.sloppy);
    const played = await playRun({ repo, issue: minimistConstructor.issue, script, maxTurns: 8 });
    expect(played).toMatchObject({ stop: "max_turns", verification: "fail", problems: [] });
    expect(await askGroundTruth(minimistConstructor, repo, played.branch)).toBe("wrong");
  });

  inFull("a worker that replaces the test runner of shell-quote is never accepted", async () => {
    await createPackageRepository(shellQuoteBacktick, repo);
    const script = await playScript(shellQuoteBacktick, shellQuoteBacktick.cheating);
    const played = await playRun({ repo, issue: shellQuoteBacktick.issue, script, maxTurns: 9 });
    expect(played).toMatchObject({ stop: "max_turns", verification: "fail", problems: [] });
    expect(await askGroundTruth(shellQuoteBacktick, repo, played.branch)).toBe("wrong");
  });

  // Sets this project's own tools up in the walls, which takes minutes.
  inFull("a fault sown into this very project is mended and proven by its own tests", async () => {
    await createOwnRepository(repo);
    const repair = (ownTask.reference[0] as { new: string }).new;
    expect(() => git("grep", "--fixed-strings", repair, "HEAD")).toThrow();
    const script = await playScript(ownTask, ownTask.reference);
    const played = await playRun({ repo, issue: ownTask.issue, script });
    expect(played).toMatchObject({ exit: 0, stop: "done", verification: "pass", problems: [] });
    expect(await askOwnTruth(repo, played.branch)).toBe("right");
  });
});

function git(...args: string[]): string {
  return execFileSync("git", ["-C", repo, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}
