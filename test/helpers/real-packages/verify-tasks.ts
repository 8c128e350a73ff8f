import { execFile, spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { createPackageRepository } from "./create-package-repository.ts";
import { askFolder } from "./ground-truth.ts";
import { locatePackage } from "./package-files.ts";
import type { Change, RealTask } from "./real-task.ts";
import { realTasks } from "./tasks.ts";

const run = promisify(execFile);

/**
 * `node verify-tasks.ts [ID…]`: proves each task without Baton. The suite is green on the base; each criterion is red there
 * exactly when it is a behaviour; the right change turns all green and holds against the ground truth, as does the
 * maintainers' own release; the wrong changes do not.
 */
async function main(): Promise<void> {
  const ids = process.argv.slice(2);
  let mistakes = 0;
  for (const task of realTasks.filter(({ id }) => ids.length === 0 || ids.includes(id))) {
    const problems = await verifyTask(task);
    mistakes += problems.length;
    process.stdout.write(`${problems.length === 0 ? "ok" : "WRONG"} ${task.id} ${problems.join("; ")}\n`);
  }
  process.exitCode = mistakes > 0 ? 1 : 0;
}

async function verifyTask(task: RealTask): Promise<string[]> {
  const dir = await mkdtemp(join(tmpdir(), "verify-"));
  const base = join(dir, "base");
  const problems: string[] = [];
  const say = (isRight: boolean, what: string): void => void (isRight || problems.push(what));
  try {
    await createPackageRepository(task, base);
    if (task.lock !== null) await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: base });
    say(passes(base, "npm test"), "the own suite is red on the base");
    for (const { id, passed, kind } of await judge(task, base))
      say(passed === (kind === "regression"), `${id} ${passed ? "passes" : "fails"} on the base`);
    const after = async (name: string, changes: readonly Change[]): Promise<{ all: boolean; truth: string }> => {
      const copy = join(dir, name);
      await cp(base, copy, { recursive: true });
      for (const change of changes) await apply(change, copy, task);
      const criteria = await judge(task, copy);
      const all = passes(copy, "npm test") && criteria.every(({ passed }) => passed);
      if (name === "reference" && !all)
        problems.push(
          `reference: ${criteria
            .filter(({ passed }) => !passed)
            .map(({ id }) => id)
            .join(",")}`,
        );
      return { all, truth: await askFolder(task, copy) };
    };
    const right = await after("reference", task.reference);
    say(right.truth === "right", "the reference is wrong by the ground truth");
    for (const [name, changes] of Object.entries({ sloppy: task.sloppy, cheating: task.cheating })) {
      const wrong = await after(name, changes);
      say(wrong.truth === "wrong", `${name} is right by the ground truth`);
    }
    await cp(await locatePackage(task.name, task.fixed), join(dir, "fixed"), { recursive: true });
    await run("npm", ["install", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"], {
      cwd: join(dir, "fixed"),
    });
    say(
      (await askFolder({ ...task, lock: null }, join(dir, "fixed"))) === "right",
      "the maintainers' release is wrong by the ground truth",
    );
    return problems;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function passes(cwd: string, command: string): boolean {
  return spawnSync("/bin/bash", ["-c", command], { cwd, stdio: "ignore", timeout: 120_000 }).status === 0;
}

async function judge(task: RealTask, dir: string): Promise<{ id: string; kind: string; passed: boolean }[]> {
  const out = [];
  for (const { id, kind = "behaviour", files = [], oracle } of task.criteria) {
    const before = new Map<string, string | null>();
    for (const { path, content } of files) {
      before.set(path, await readFile(join(dir, path), "utf8").catch(() => null));
      await mkdir(dirname(join(dir, path)), { recursive: true });
      await writeFile(join(dir, path), content);
    }
    out.push({ id, kind, passed: "run" in oracle && passes(dir, oracle.run) });
    for (const [path, content] of before) {
      if (content === null) await rm(join(dir, path));
      else await writeFile(join(dir, path), content);
    }
  }
  return out;
}

async function apply(change: Change, dir: string, task: RealTask): Promise<void> {
  if ("run" in change) {
    await run("/bin/bash", ["-c", change.run], { cwd: dir });
    return;
  }
  const path = join(dir, change.path);
  if ("old" in change) {
    const text = await readFile(path, "utf8");
    if (text.split(change.old).length !== 2)
      throw new Error(`${task.id}: ${change.path} does not hold once: ${change.old}`);
    await writeFile(
      path,
      text.replace(change.old, () => change.new),
    );
  } else if ("content" in change) await writeFile(path, change.content);
  else await writeFile(path, await readFile(join(await locatePackage(task.name, task.fixed), change.path)));
}

await main();
