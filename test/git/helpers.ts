import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { onTestFinished } from "vitest";
import { type GitStore, openStore } from "../../src/git/store.ts";

/** A folder that is gone after the test. */
export function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "baton-test-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true, maxRetries: 3 }));
  return dir;
}

const plainEnv = {
  PATH: process.env.PATH,
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
};

/** The real git, as a person would use it, with nothing of this machine's configuration. */
export function git(cwd: string, ...args: string[]): string {
  return execFileSync("git", args, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...plainEnv,
      GIT_AUTHOR_NAME: "A Person",
      GIT_AUTHOR_EMAIL: "person@example.com",
      GIT_COMMITTER_NAME: "A Person",
      GIT_COMMITTER_EMAIL: "person@example.com",
    },
  });
}

export type Files = Record<string, string | Buffer>;

/** Writes files below a folder. */
export function writeFiles(dir: string, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content);
  }
}

export interface Remote {
  /** Path of the bare repository. */
  url: string;
  /** First commit on `main`. */
  base: string;
}

interface Template {
  base: string;
  /** Content of every file of the bare repository by path; null for a folder. */
  entries: Map<string, Buffer | null>;
}

/** Bare repositories by the files of their first commit: made by git once, then written again without a process. */
const templates = new Map<string, Template>();

/** What `git fast-import` makes a first commit with these files of; it takes bytes as they are. */
function importStream(files: Files): Buffer {
  const person = "A Person <person@example.com> 1700000000 +0000";
  const data = (content: string | Buffer): Buffer[] => {
    const bytes = Buffer.from(content);
    return [Buffer.from(`data ${bytes.length}\n`), bytes, Buffer.from("\n")];
  };
  const entries = Object.entries(files).flatMap(([path, content]) => [
    Buffer.from(`M 100644 inline ${JSON.stringify(path)}\n`),
    ...data(content),
  ]);
  const head = Buffer.from(`commit refs/heads/main\nauthor ${person}\ncommitter ${person}\n`);
  return Buffer.concat([head, ...data("first\n"), ...entries]);
}

function createTemplate(files: Files): Template {
  const url = join(temporaryDir(), "remote.git");
  for (const folder of ["objects", "refs", "hooks"]) mkdirSync(join(url, folder), { recursive: true });
  writeFileSync(join(url, "HEAD"), "ref: refs/heads/main\n");
  writeFileSync(join(url, "config"), "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n");
  execFileSync("git", ["fast-import", "--quiet"], { cwd: url, env: plainEnv, input: importStream(files) });
  const entries = new Map<string, Buffer | null>();
  for (const entry of readdirSync(url, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    entries.set(relative(url, path), entry.isDirectory() ? null : readFileSync(path));
  }
  return { base: readFileSync(join(url, "refs/heads/main"), "utf8").trim(), entries };
}

/** A bare repository whose `main` has one commit with these files. */
export function createRemote(files: Files = { "a.txt": "a\n", "src/b.txt": "b\n" }): Remote {
  const key = JSON.stringify(files);
  const template = templates.get(key) ?? createTemplate(files);
  templates.set(key, template);
  const url = join(temporaryDir(), "remote.git");
  for (const [path, content] of template.entries) {
    mkdirSync(content === null ? join(url, path) : dirname(join(url, path)), { recursive: true });
    if (content !== null) writeFileSync(join(url, path), content);
  }
  return { url, base: template.base };
}

/** A store on this remote that has fetched `main`. */
export async function createStore(
  remote: Remote,
  more: Partial<Parameters<typeof openStore>[0]> = {},
): Promise<GitStore> {
  const store = await openStore({ dir: join(temporaryDir(), "store"), remote: { url: remote.url }, ...more });
  onTestFinished(() => store.close());
  await store.fetch(["refs/heads/main:refs/remotes/main"]);
  return store;
}
