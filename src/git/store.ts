import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { diffTrees, type TreeDiff } from "./diff.ts";
import { gitEnvironment, readRemoteUrl, readTokenConfig } from "./environment.ts";
import { type Failpoint, throughGitDoor } from "./failpoints.ts";
import { type CommitInfo, createHistory } from "./history.ts";
import { type MergeResult, mergeTrees } from "./merge.ts";
import { type CommitInput, renderCommit } from "./object-format.ts";
import { createObjectReader } from "./object-reader.ts";
import { createObjectWriter } from "./object-writer.ts";
import type { PushOutcome } from "./push-refusal.ts";
import { fetchRefs, listRemoteRefs, pushRefs, type RefPush, type RemoteGit } from "./remote.ts";
import { GitError, type GitResult, runGit } from "./run-git.ts";
import type { Snapshot } from "./snapshot.ts";
import { type Change, createTrees, type ListedFile } from "./trees.ts";
import { createWorkDirs, type SnapshotOptions } from "./work-dirs.ts";

export interface StoreOptions {
  /** Folder of the bare repository: outside anything the model can write. Made when absent. */
  dir: string;
  remote: { url: string; token?: () => Promise<string> } | null;
  signal?: AbortSignal;
  failpoint?: Failpoint;
  /** The host's environment: only proxies and certificate stores are taken from it. */
  hostEnv?: Readonly<Record<string, string | undefined>>;
}

/** Baton's own git directory: byte-exact, with no configuration and no environment but its own. */
export interface GitStore {
  readonly dir: string;
  /** Refs of the remote that match these full names or patterns. Throws when the remote cannot be reached. */
  lsRemote(patterns: string[]): Promise<Map<string, string>>;
  /** Fetches whole histories; with `depth` only the last commits, for chains whose past is not needed. */
  fetch(refspecs: string[], options?: { depth?: number }): Promise<void>;
  /** Id of a commit or tree; null when the expression names nothing here. */
  resolve(rev: string): Promise<string | null>;
  treeOf(rev: string): Promise<string>;
  parentsOf(rev: string): Promise<string[]>;
  isAncestor(ancestor: string, descendant: string): Promise<boolean>;
  /** Commits reachable from `to` but not from `from` (null: all), newest first. */
  log(from: string | null, to: string, max?: number): Promise<CommitInfo[]>;
  /** Points a ref of the store, never of the remote, at an object. */
  setRef(ref: string, sha: string): Promise<void>;
  snapshot(workDir: string, options: SnapshotOptions): Promise<Snapshot>;
  /** Tree hash of the work folder as it is, nothing stored: equal hashes mean equal content. */
  worldHash(workDir: string): Promise<string>;
  checkout(tree: string, dir: string): Promise<void>;
  commit(input: CommitInput): Promise<string>;
  readBlob(tree: string, path: string): Promise<Uint8Array | null>;
  listTree(tree: string): Promise<ListedFile[]>;
  writeBlob(bytes: Uint8Array | string): Promise<string>;
  graft(tree: string, changes: readonly Change[]): Promise<string>;
  diff(from: string, to: string, options?: { maxBytes?: number; paths?: string[] }): Promise<TreeDiff>;
  merge(input: { base: string; ours: string; theirs: string }): Promise<MergeResult>;
  /** Updates all of these refs or none, by fast-forwards only. */
  push(updates: readonly RefPush[]): Promise<PushOutcome>;
  close(): void;
}

// Every attribute that could change bytes or start a program is taken back; `!` means "as if nobody had said anything".
const attributes = "* -text !eol -ident -filter -working-tree-encoding !diff !merge !export-subst\n";

// Faults that fsck finds in old honest histories; the dangerous ones (.git names, .gitmodules, links) stay errors.
const harmlessFaults = [
  "badTimezone",
  "badDate",
  "badDateOverflow",
  "missingSpaceBeforeDate",
  "missingSpaceBeforeEmail",
  "missingEmail",
  "badEmail",
  "missingNameBeforeEmail",
  "badName",
  "zeroPaddedFilemode",
  "zeroPaddedDate",
  "multipleAuthors",
  "nullSha1",
  "missingTaggerEntry",
  "badFilemode",
  "badTagName",
  "gitmodulesParse",
  "treeNotSorted",
];

function renderConfig(): string {
  const sections = [
    "[core]\n\trepositoryformatversion = 0\n\tbare = true\n\tfilemode = true\n\tsymlinks = true\n\tautocrlf = false\n\teol = lf",
    "\tprecomposeunicode = false\n\tprotectHFS = true\n\tprotectNTFS = true\n\thooksPath = /dev/null\n\tfsmonitor = false\n\tlogAllRefUpdates = false",
    "[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[uploadpack]\n\tallowAnySHA1InWant = true\n[credential]\n\thelper =",
    "[fetch]\n\tfsckObjects = true\n\trecurseSubmodules = false\n[push]\n\trecurseSubmodules = no\n\tnegotiate = false\n[submodule]\n\trecurse = false",
    `[fetch "fsck"]\n${harmlessFaults.map((fault) => `\t${fault} = ignore`).join("\n")}`,
    "[merge]\n\tdirectoryRenames = false\n[rerere]\n\tenabled = false\n[diff]\n\tignoreSubmodules = none\n[commit]\n\tgpgSign = false\n",
  ];
  return sections.join("\n");
}

/** Opens Baton's git directory, made anew when absent; its configuration is always written afresh. */
export async function openStore(options: StoreOptions): Promise<GitStore> {
  const dir = resolve(options.dir);
  const url = options.remote ? readRemoteUrl(options.remote.url) : null;
  await prepareDir(dir, url, options.signal);
  const globalConfig = url && isLocal(url) ? join(dir, "global.config") : undefined;
  const env = gitEnvironment({ globalConfig });
  const git = (
    args: readonly string[],
    more: { maxBytes?: number; timeoutMs?: number; env?: Record<string, string>; cwd?: string } = {},
  ) =>
    runGit({
      ...more,
      args: [`--git-dir=${dir}`, ...args],
      env: { ...env, ...more.env },
      cwd: more.cwd ?? dir,
      signal: options.signal,
    });
  const remoteGit: RemoteGit = async (args, more) => await callRemote(options, { dir, url, globalConfig }, args, more);
  const remoteUrl = () => {
    if (url === null) throw new Error("this store has no remote");
    return url;
  };
  const reader = createObjectReader(dir, env);
  const writer = createObjectWriter(dir);
  const trees = createTrees({ git, reader, writer });
  const workDirs = createWorkDirs({ dir, git, trees, writer });
  const history = createHistory(git, reader);
  const door = options.failpoint;
  const commit = (input: CommitInput) =>
    throughGitDoor(door, "write_object", async () => writer.write("commit", renderCommit(input)));
  return {
    dir,
    lsRemote: (patterns) => throughGitDoor(door, "ls_remote", () => listRemoteRefs(remoteGit, remoteUrl(), patterns)),
    fetch: (refspecs, { depth } = {}) =>
      throughGitDoor(door, "fetch", () => fetchRefs(remoteGit, remoteUrl(), refspecs, depth)),
    ...history,
    snapshot: (workDir, snapshotOptions) =>
      throughGitDoor(door, "snapshot", () => workDirs.snapshot(workDir, snapshotOptions)),
    worldHash: (workDir) => workDirs.worldHash(workDir),
    checkout: (tree, target) => throughGitDoor(door, "checkout", () => workDirs.checkout(tree, target)),
    commit,
    async readBlob(tree, path) {
      const object = await reader.read(`${tree}:${path}`);
      return object?.type === "blob" ? object.body : null;
    },
    listTree: async (tree) => [...(await trees.list(tree))],
    writeBlob: (bytes) =>
      throughGitDoor(door, "write_object", async () => writer.write("blob", Buffer.from(bytes as Uint8Array))),
    graft: (tree, changes) => trees.graft(tree, changes),
    diff: (from, to, diffOptions = {}) => diffTrees(git, { from, to }, diffOptions),
    merge: (input) => mergeTrees({ git, commit, treeOf: history.treeOf }, input),
    push: (updates) =>
      throughGitDoor(door, "push", async () => {
        for (const { sha, expected } of updates) {
          if (expected && !(await history.isAncestor(expected, sha)))
            throw new Error(`${sha} does not descend from ${expected}`);
        }
        return await pushRefs(remoteGit, remoteUrl(), updates);
      }),
    close: () => reader.close(),
  };
}

async function prepareDir(dir: string, url: string | null, signal: AbortSignal | undefined): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  chmodSync(dir, 0o700);
  if (!existsSync(join(dir, "HEAD"))) {
    const args = [
      "init",
      "--quiet",
      "--bare",
      "--template=",
      "--object-format=sha1",
      "--initial-branch=baton",
      "--",
      dir,
    ];
    const result = await runGit({ args, env: gitEnvironment({}), cwd: dir, signal });
    if (result.code !== 0) throw new GitError("init", result);
  }
  mkdirSync(join(dir, "info"), { recursive: true });
  writeFileSync(join(dir, "info", "attributes"), attributes);
  writeFileSync(join(dir, "config"), renderConfig());
  // A local repository may belong to another account than the one Baton runs as; only that path is trusted.
  if (url && isLocal(url)) {
    const path = url.replace(/^file:\/\//, "");
    const lines = [path, join(path, ".git")].map((one) => `\tdirectory = ${JSON.stringify(one)}`);
    // A push per turn would start `git gc --auto` there each time; the owner's own git does that when it is due.
    writeFileSync(join(dir, "global.config"), `[safe]\n${lines.join("\n")}\n[receive]\n\tautogc = false\n`);
  }
}

function isLocal(url: string): boolean {
  return url.startsWith("/") || url.startsWith("file://");
}

/** One call that may speak to the remote: the token travels in the environment and never comes back in a text. */
async function callRemote(
  options: StoreOptions,
  place: { dir: string; url: string | null; globalConfig: string | undefined },
  args: readonly string[],
  more: { timeoutMs?: number } = {},
): Promise<GitResult> {
  const token = options.remote?.token && place.url && !isLocal(place.url) ? await options.remote.token() : null;
  const config = token && place.url ? readTokenConfig(place.url, token) : [];
  const env = gitEnvironment({ globalConfig: place.globalConfig, config, host: options.hostEnv });
  const result = await runGit({
    ...more,
    args: [`--git-dir=${place.dir}`, ...args],
    env,
    cwd: place.dir,
    signal: options.signal,
  });
  return token ? { ...result, stderr: result.stderr.replaceAll(token, "[redacted]") } : result;
}
