import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";

const made: string[] = [];
afterAll(() => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true });
});

/** Runs git for a test, with an identity and without the machine's configuration. */
export function git(dir: string, ...args: string[]): string {
  const env = { PATH: process.env.PATH, HOME: dir, GIT_CONFIG_NOSYSTEM: "1" };
  return execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], {
    cwd: dir,
    env,
    encoding: "utf8",
  }).trim();
}

/** A repository with these files committed on main; without files it has no commit. */
export function createRepository(files: Record<string, string> = {}): string {
  const dir = mkdtempSync(join(tmpdir(), "baton-cli-test-"));
  made.push(dir);
  git(dir, "init", "-q", "-b", "main");
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  if (Object.keys(files).length > 0) {
    git(dir, "add", "-A");
    git(dir, "commit", "-q", "-m", "base");
  }
  return dir;
}
