import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { RealTask } from "./real-task.ts";

const run = promisify(execFile);

/** What the hidden script of a task says about a branch of its repository; never read from what Baton says. */
export async function askGroundTruth(task: RealTask, repo: string, branch: string): Promise<"right" | "wrong"> {
  const dir = await mkdtemp(join(tmpdir(), "truth-"));
  try {
    await run("git", ["clone", "--quiet", "--no-local", "--branch", branch, "--single-branch", repo, dir]);
    return await askFolder(task, dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** The same for a folder; installs what the package itself needs at run time. */
export async function askFolder(task: RealTask, dir: string): Promise<"right" | "wrong"> {
  if (task.lock !== null) {
    const flags = ["--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--silent"];
    await run("npm", ["ci", ...flags], { cwd: dir });
  }
  await writeFile(join(dir, "ground-truth.cjs"), task.hidden);
  return await run(process.execPath, ["ground-truth.cjs"], { cwd: dir, timeout: 60_000 }).then(
    () => "right",
    () => "wrong",
  );
}
