import { execFile } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { renderLockFile } from "./lock-file.ts";
import { copyPackage } from "./package-files.ts";
import type { RealTask } from "./real-task.ts";

const run = promisify(execFile);

const identity = [
  "-c",
  "user.name=Maintainer",
  "-c",
  "user.email=maintainer@example.org",
  "-c",
  "commit.gpgsign=false",
];

/**
 * A real git repository of one commit with the files of the task's base version as they were published. Of its manifest
 * only scripts and devDependencies differ: its own test-suite with a runner that is small and locked.
 */
export async function createPackageRepository(task: RealTask, dir: string): Promise<void> {
  await copyPackage(task.name, task.base, dir);
  // The publisher's automation and other people's lockfiles are not what the task is about.
  for (const path of [".github", "package-lock.json", "npm-shrinkwrap.json", ".npmrc"])
    await rm(join(dir, path), { recursive: true, force: true });
  await writeManifest(task, dir);
  await mkdir(join(dir, ".github"), { recursive: true });
  await writeFile(join(dir, ".github", "baton.yml"), renderPolicy(task));
  await writeFile(join(dir, ".gitignore"), "node_modules/\n");
  await commitAll(dir, `${task.name} ${task.base.version}`);
}

/** Turns a folder into a repository with one commit on `main`. */
export async function commitAll(dir: string, message: string): Promise<void> {
  await run("git", ["init", "--quiet", "--initial-branch=main", dir]);
  await run("git", ["-C", dir, "add", "--all", "--force", "--", ".", ":!node_modules"]);
  await run("git", ["-C", dir, ...identity, "commit", "--quiet", "--message", message]);
}

async function writeManifest(task: RealTask, dir: string): Promise<void> {
  const path = join(dir, "package.json");
  const published = JSON.parse(await readFile(path, "utf8"));
  const { devDependencies, test } = task;
  const manifest = { ...published, scripts: { test }, devDependencies };
  await writeFile(path, `${JSON.stringify(manifest, null, 2)}\n`);
  if (task.lock === null) return;
  const { name, version, dependencies = {} } = manifest;
  const lock = await renderLockFile({ name, version, dependencies, devDependencies }, task.lock);
  await writeFile(join(dir, "package-lock.json"), lock);
}

function renderPolicy(task: RealTask): string {
  const setup = task.lock === null ? "[]" : "[npm ci --ignore-scripts]";
  return `setup: ${setup}\noracles: [npm test]\nnetwork: [npm]\n`;
}
