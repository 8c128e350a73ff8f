import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
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

/**
 * The same for a folder; installs what the package itself needs at run time. The script has to come to its last line, which
 * says a word of the moment: a module that ends the process early is no pass.
 */
export async function askFolder(task: RealTask, dir: string): Promise<"right" | "wrong"> {
  const { dependencies = {} } = JSON.parse(await readFile(join(dir, "package.json"), "utf8"));
  if (task.lock !== null && Object.keys(dependencies).length > 0) {
    const flags = ["--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--silent"];
    await run("npm", ["ci", ...flags], { cwd: dir });
  }
  const word = `right-${randomUUID()}`;
  await writeFile(join(dir, "ground-truth.cjs"), `${task.hidden}\nconsole.log(${JSON.stringify(word)});\n`);
  return await run(process.execPath, ["ground-truth.cjs"], { cwd: dir, timeout: 60_000 }).then(
    ({ stdout }) => (stdout.trimEnd().endsWith(word) ? "right" : "wrong"),
    () => "wrong",
  );
}
