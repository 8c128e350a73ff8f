import { spawn } from "node:child_process";
import { appendFile, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

/** An environment in which git reads no configuration but the repository's own. */
export function gitEnvironment(extra: Record<string, string> = {}): Record<string, string> {
  return {
    PATH: process.env.PATH ?? "/usr/bin:/bin",
    HOME: "/nonexistent",
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
    GIT_AUTHOR_NAME: "GitHub",
    GIT_AUTHOR_EMAIL: "noreply@github.com",
    GIT_COMMITTER_NAME: "GitHub",
    GIT_COMMITTER_EMAIL: "noreply@github.com",
    ...extra,
  };
}

/** What a git command gave. */
export interface GitResult {
  code: number;
  out: Buffer;
  err: string;
}

interface GitInput {
  input?: string | Uint8Array;
  env?: Record<string, string>;
}

/** Runs git on a bare repository; a failure is a result. What it said of whole object ids is not asked twice: it cannot change. */
export async function runGit(gitDir: string, args: string[], options: GitInput = {}): Promise<GitResult> {
  const named = await Promise.all(args.map((arg) => nameByObject(gitDir, arg)));
  if (!isTimeless(named) || options.input) return await spawnGit(gitDir, args, options);
  const key = `${gitDir} ${named.join("\0")}`;
  const known = recalled.get(key);
  if (known) return known;
  const result = await spawnGit(gitDir, named, options);
  if (result.code === 0 && result.out.length < maxRecalledBytes) recalled.set(key, result);
  if (recalled.size > maxRecalled) recalled.delete(recalled.keys().next().value ?? "");
  return result;
}

const recalled = new Map<string, GitResult>();
const maxRecalled = 2_000;
const maxRecalledBytes = 64 * 1024;
/** Commands that only read, and whose answers follow from the objects that they are given. */
const reading = new Set(["ls-tree", "merge-base", "diff", "merge-tree", "log", "rev-parse"]);

/** A branch as the commit it is at, where that costs no process. */
async function nameByObject(gitDir: string, arg: string): Promise<string> {
  return (arg.startsWith("refs/heads/") && (await readLooseRef(gitDir, arg))) || arg;
}

function isTimeless(args: readonly string[]): boolean {
  const paths = args.includes("--") ? args.indexOf("--") : args.length;
  const names = args.slice(1, paths).filter((arg) => !arg.startsWith("-"));
  const isReading = reading.has(args[0] ?? "") || (args[0] === "rev-list" && args[1] === "--count");
  return (
    isReading &&
    names.length > 0 &&
    names.every((name) => /^[0-9a-f]{40}(?:\.\.[0-9a-f]{40}|\^\{commit\})?$/.test(name))
  );
}

function spawnGit(gitDir: string, args: readonly string[], options: GitInput): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const child = spawn("git", [`--git-dir=${gitDir}`, ...args], { env: gitEnvironment(options.env), cwd: "/" });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk) => out.push(chunk));
    child.stderr.on("data", (chunk) => err.push(chunk));
    child.on("error", reject);
    child.stdin.on("error", () => {});
    child.on("close", (code) =>
      resolve({ code: code ?? 1, out: Buffer.concat(out), err: Buffer.concat(err).toString("utf8") }),
    );
    child.stdin.end(options.input);
  });
}

/** Runs git and gives its output as text; throws when it fails. */
export async function git(
  gitDir: string,
  args: string[],
  options: { input?: string | Uint8Array; env?: Record<string, string> } = {},
): Promise<string> {
  const result = await runGit(gitDir, args, options);
  if (result.code !== 0) throw new Error(`git ${args[0]} failed (${result.code}): ${result.err.trim()}`);
  return result.out.toString("utf8");
}

/** Makes a bare repository as GitHub keeps them: HTTP pushes, any reachable object may be asked for, no housekeeping. */
export async function initBare(gitDir: string, branch: string): Promise<void> {
  await git(gitDir, ["init", "--quiet", "--bare", `--initial-branch=${branch}`]);
  const settings = {
    "http.receivepack": "true",
    "uploadpack.allowFilter": "true",
    "uploadpack.allowAnySHA1InWant": "true",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "receive.autogc": "false",
    "core.logAllRefUpdates": "false",
    "core.fsync": "none",
  };
  const text = Object.entries(settings).map(([key, value]) => {
    const [section, name] = key.split(".");
    return `[${section}]\n\t${name} = ${value}\n`;
  });
  await appendFile(join(gitDir, "config"), text.join(""));
}

/** What a loose ref file says; null when there is none, so that git itself must be asked. Saves a process for most look-ups. */
async function readLooseRef(gitDir: string, ref: string): Promise<string | null> {
  if (!/^refs\/[\w./-]+$/.test(ref) || ref.includes("..")) return null;
  const text = await readFile(join(gitDir, ref), "utf8").catch(() => "");
  return /^[0-9a-f]{40}\n$/.test(text) ? text.trim() : null;
}

/** The commit a revision names (tags are peeled), or null. */
export async function resolveCommit(gitDir: string, rev: string): Promise<string | null> {
  if (rev.startsWith("-")) return null;
  const loose = rev.startsWith("refs/heads/") ? await readLooseRef(gitDir, rev) : null;
  if (loose) return loose;
  const result = await runGit(gitDir, ["rev-parse", "--verify", "--quiet", "--end-of-options", `${rev}^{commit}`]);
  return result.code === 0 ? result.out.toString("utf8").trim() : null;
}

/** The object a full ref name points at, or null. */
export async function refTarget(gitDir: string, ref: string): Promise<string | null> {
  const loose = await readLooseRef(gitDir, ref);
  if (loose) return loose;
  const result = await runGit(gitDir, ["rev-parse", "--verify", "--quiet", "--end-of-options", ref]);
  return result.code === 0 ? result.out.toString("utf8").trim() : null;
}

/** All refs below a prefix with their objects and types. */
export async function listRefs(gitDir: string, prefix: string): Promise<{ ref: string; sha: string; type: string }[]> {
  const out = await git(gitDir, ["for-each-ref", "--format=%(refname) %(objectname) %(objecttype)"]);
  return out
    .split("\n")
    .filter((line) => line.startsWith(prefix))
    .map((line) => {
      const [ref, sha, type] = line.split(" ");
      return { ref: ref!, sha: sha!, type: type! };
    });
}

/** True when `ancestor` is reachable from `commit`. */
export async function isAncestor(gitDir: string, ancestor: string, commit: string): Promise<boolean> {
  return (await runGit(gitDir, ["merge-base", "--is-ancestor", ancestor, commit])).code === 0;
}

/** One commit as git stores it; times in ISO 8601. */
export interface CommitData {
  sha: string;
  tree: string;
  parents: string[];
  author: { name: string; email: string; date: string };
  committer: { name: string; email: string; date: string };
  message: string;
}

const COMMIT_FORMAT = "%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B%x01";

function readCommits(out: string): CommitData[] {
  return out
    .split("\x01")
    .map((record) => record.replace(/^\n/, ""))
    .filter((record) => record !== "")
    .map((record) => {
      const [sha, tree, parents, an, ae, ad, cn, ce, cd, message] = record.split("\0");
      return {
        sha: sha!,
        tree: tree!,
        parents: parents ? parents.split(" ") : [],
        author: { name: an!, email: ae!, date: toUtc(ad!) },
        committer: { name: cn!, email: ce!, date: toUtc(cd!) },
        message: message!.replace(/\n+$/, ""),
      };
    });
}

function toUtc(date: string): string {
  return new Date(date).toISOString().replace(/\.\d+Z$/, "Z");
}

/** The commits of a range such as `a..b` or of one revision, newest first. */
export async function logCommits(gitDir: string, range: string, options: string[] = [], paths: string[] = []) {
  const out = await git(gitDir, [
    "log",
    `--format=${COMMIT_FORMAT}`,
    ...options,
    "--end-of-options",
    range,
    "--",
    ...paths,
  ]);
  return readCommits(out);
}

/** One commit, or null. */
export async function readCommit(gitDir: string, sha: string): Promise<CommitData | null> {
  if (!(await resolveCommit(gitDir, sha))) return null;
  return (await logCommits(gitDir, sha, ["-1"]))[0] ?? null;
}

/** One entry of a tree. */
export interface TreeEntry {
  mode: string;
  type: string;
  sha: string;
  size: number | null;
  path: string;
}

/** The entries of a tree-ish, or null when it does not exist. */
export async function listTree(
  gitDir: string,
  treeish: string,
  options: { recursive?: boolean; path?: string } = {},
): Promise<TreeEntry[] | null> {
  const args = ["ls-tree", "-z", "-l", ...(options.recursive ? ["-r", "-t"] : []), "--end-of-options", treeish];
  const result = await runGit(gitDir, options.path ? [...args, "--", options.path] : args);
  if (result.code !== 0) return null;
  return result.out
    .toString("utf8")
    .split("\0")
    .filter((line) => line !== "")
    .map((line) => {
      const [meta, path] = [line.slice(0, line.indexOf("\t")), line.slice(line.indexOf("\t") + 1)];
      const [mode, type, sha, size] = meta.split(/ +/);
      return { mode: mode!, type: type!, sha: sha!, size: size === "-" ? null : Number(size), path };
    });
}

/** The bytes of a blob, or null. */
export async function readBlob(gitDir: string, rev: string): Promise<Buffer | null> {
  const result = await runGit(gitDir, ["cat-file", "blob", rev]);
  return result.code === 0 ? result.out : null;
}

/** Writes a blob and gives its id. */
export async function writeBlob(gitDir: string, bytes: Uint8Array): Promise<string> {
  return (await git(gitDir, ["hash-object", "-w", "--stdin"], { input: bytes })).trim();
}

/** Changes entries of a tree (sha null removes) and gives the new tree. */
export async function editTree(
  gitDir: string,
  base: string | null,
  changes: { path: string; sha: string | null; mode?: string }[],
): Promise<string> {
  const index = join(gitDir, `edit-${process.pid}-${Math.random().toString(36).slice(2)}.index`);
  const env = { GIT_INDEX_FILE: index };
  try {
    await git(gitDir, base ? ["read-tree", base] : ["read-tree", "--empty"], { env });
    const lines = changes.map(({ path, sha, mode }) =>
      sha === null ? `0 ${"0".repeat(40)}\t${path}\0` : `${mode ?? "100644"} ${sha}\t${path}\0`,
    );
    await git(gitDir, ["update-index", "-z", "--index-info"], { env, input: lines.join("") });
    return (await git(gitDir, ["write-tree"], { env })).trim();
  } finally {
    await rm(index, { force: true });
  }
}

/** Who makes a commit. */
export interface Signature {
  name: string;
  email: string;
  date: string;
}

/** Writes a commit object and gives its id. */
export async function writeCommit(
  gitDir: string,
  commit: { tree: string; parents: string[]; message: string; author: Signature; committer: Signature },
): Promise<string> {
  const env = {
    GIT_AUTHOR_NAME: commit.author.name,
    GIT_AUTHOR_EMAIL: commit.author.email,
    GIT_AUTHOR_DATE: commit.author.date,
    GIT_COMMITTER_NAME: commit.committer.name,
    GIT_COMMITTER_EMAIL: commit.committer.email,
    GIT_COMMITTER_DATE: commit.committer.date,
  };
  const parents = commit.parents.flatMap((parent) => ["-p", parent]);
  return (await git(gitDir, ["commit-tree", ...parents, commit.tree], { env, input: commit.message })).trim();
}

/** The change of one file between two commits. */
export interface FileChange {
  sha: string | null;
  filename: string;
  previous: string | null;
  status: "added" | "removed" | "modified" | "renamed" | "copied" | "changed" | "unchanged";
  additions: number;
  deletions: number;
  patch: string | null;
}

/** The changes between two commits (rename detection on), file by file with their patches. */
export async function diffFiles(gitDir: string, from: string, to: string): Promise<FileChange[]> {
  const base = ["diff", "--no-ext-diff", "--no-textconv", "-M", "--no-color"];
  const [raw, numstat, patch] = await Promise.all([
    git(gitDir, [...base, "--raw", "-z", "--no-abbrev", from, to]),
    git(gitDir, [...base, "--numstat", "-z", from, to]),
    git(gitDir, [...base, "-U3", from, to]),
  ]);
  const counts = readNumstat(numstat);
  const patches = splitPatch(patch);
  const fields = raw.split("\0");
  const files: FileChange[] = [];
  for (let index = 0; index + 1 < fields.length; ) {
    const [, , , newSha, status] = fields[index]!.split(" ");
    const letter = status![0]!;
    const paired = letter === "R" || letter === "C";
    const previous = paired ? fields[index + 1]! : null;
    const filename = fields[index + (paired ? 2 : 1)]!;
    index += paired ? 3 : 2;
    const count = counts.get(filename);
    files.push({
      sha: letter === "D" ? ((await refTarget(gitDir, `${from}:${filename}`)) ?? null) : newSha!,
      filename,
      previous,
      status: STATUS_OF_LETTER[letter] ?? "changed",
      additions: count?.added ?? 0,
      deletions: count?.removed ?? 0,
      patch: patches[files.length] ?? null,
    });
  }
  return files;
}

const STATUS_OF_LETTER: Record<string, FileChange["status"]> = {
  A: "added",
  D: "removed",
  M: "modified",
  R: "renamed",
  C: "copied",
  T: "changed",
};

function readNumstat(out: string): Map<string, { added: number; removed: number }> {
  const counts = new Map<string, { added: number; removed: number }>();
  const fields = out.split("\0");
  for (let index = 0; index < fields.length; index++) {
    const [added, removed, path] = fields[index]!.split("\t");
    if (removed === undefined) continue;
    // A rename has an empty path here and its two names in the next two fields.
    if (path === "") index += 2;
    const name = path === "" ? fields[index]! : path!;
    counts.set(name, { added: Number(added) || 0, removed: Number(removed) || 0 });
  }
  return counts;
}

function splitPatch(patch: string): (string | null)[] {
  return patch
    .split(/^(?=diff --git )/m)
    .filter((part) => part.startsWith("diff --git "))
    .map((part) => {
      const start = part.indexOf("\n@@ ");
      return start === -1 ? null : part.slice(start + 1).replace(/\n$/, "");
    });
}
