import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
} from "node:fs";
import { join } from "node:path";
import type { IgnoreRules } from "./ignore-rules.ts";
import { decodePath, objectId } from "./object-format.ts";
import {
  foldName,
  isGitFile,
  maxAddedBytes,
  maxDepth,
  maxFileBytes,
  maxPathBytes,
  readLinkRefusal,
  readNameRefusal,
} from "./path-rules.ts";

/** One file or link of a tree. */
export interface FileEntry {
  mode: string;
  sha: string;
}

/** The tree a scan is compared with: what it holds already is taken as it is. */
export interface BaseTree {
  files: ReadonlyMap<string, FileEntry & { size: number }>;
  folders: ReadonlySet<string>;
}

export interface Scan {
  entries: Map<string, FileEntry>;
  refused: { path: string; why: string }[];
  /** Folders that hold a git repository of their own, stored as plain files without it. */
  nested: string[];
}

/** What a file was when its content was last hashed. */
export interface StatCache {
  get(path: string): { key: string; sha: string } | undefined;
  set(path: string, value: { key: string; sha: string }): void;
  keep(paths: ReadonlyMap<string, unknown>): void;
}

export interface ScanInput {
  workDir: string;
  base: BaseTree;
  ignore: IgnoreRules;
  cache: StatCache;
  /** Called with the content of a file or link that is not known yet. */
  onContent(sha: string, bytes: Buffer): void;
  isKnown(sha: string): boolean;
}

// A file touched this shortly before the scan may change again within the same time stamp; it is hashed again next time.
const racyMs = 1_000n;

const fdRoot = existsSync("/proc/self/fd") ? "/proc/self/fd" : null;

/**
 * Walks a work folder that its writer may change meanwhile: every folder is entered through its parent's descriptor
 * without following links, so that the walk cannot leave the tree. `.git` is never looked into.
 */
export async function scanWorkDir(input: ScanInput): Promise<Scan> {
  const scan: Scan = { entries: new Map(), refused: [], nested: [] };
  const walker: Walker = { ...input, ...scan, scan, nowNs: BigInt(Date.now()) * 1_000_000n, steps: 0, addedBytes: 0 };
  const root = openSync(input.workDir, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await walkFolder(walker, { fd: root, real: input.workDir, path: "", depth: 0, ignored: false });
  } finally {
    closeSync(root);
  }
  input.cache.keep(scan.entries);
  return scan;
}

interface Walker extends ScanInput {
  scan: Scan;
  nowNs: bigint;
  steps: number;
  /** Bytes of the files taken so far that are not the base's. */
  addedBytes: number;
}

interface Folder {
  fd: number;
  real: string;
  path: string;
  depth: number;
  /** True below an ignored folder that is entered only for what the base tracks there. */
  ignored: boolean;
}

async function walkFolder(walker: Walker, folder: Folder): Promise<void> {
  for (const name of readNames(walker, folder)) {
    const path = pathIn(folder, name);
    walker.steps += 1;
    if (walker.steps % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    try {
      await visit(walker, folder, name, path);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "ENOENT") continue;
      if (!code || !["ELOOP", "ENOTDIR", "EACCES", "EPERM", "EISDIR", "ENXIO", "EINVAL", "ENAMETOOLONG"].includes(code))
        throw error;
      refuse(
        walker,
        path,
        code === "EACCES" || code === "EPERM" ? "it cannot be read" : "it changed while it was read",
      );
    }
  }
}

/** Names of a folder, in byte order, without `.git` and without what collides with another name. */
function readNames(walker: Walker, folder: Folder): string[] {
  const names: string[] = [];
  for (const bytes of readdirSync(inFolder(folder, "."), { encoding: "buffer" })) {
    const name = bytes.toString("utf8");
    if (name === ".git") {
      if (folder.path !== "") walker.scan.nested.push(folder.path);
      continue;
    }
    const isUtf8 = Buffer.from(name).equals(bytes);
    const path = pathIn(folder, isUtf8 ? name : decodePath(bytes));
    const why = isUtf8 ? readNameRefusal(name) : "a name that is not UTF-8";
    if (why && keepAsInBase(walker, path)) continue;
    if (why) walker.scan.refused.push({ path, why });
    else names.push(name);
  }
  names.sort((a, b) => (a < b ? -1 : 1));
  return withoutCollisions(walker, folder, names);
}

/** Names that no work may bring in stay as the base has them: who reads the tree cannot tell them apart. False when it has none. */
function keepAsInBase({ base, scan }: Walker, path: string): boolean {
  for (const [known, { mode, sha }] of base.files)
    if (known === path || known.startsWith(`${path}/`)) scan.entries.set(known, { mode, sha });
  return base.files.has(path) || base.folders.has(path);
}

function pathIn(folder: Folder, name: string): string {
  return folder.path === "" ? name : `${folder.path}/${name}`;
}

function withoutCollisions(walker: Walker, folder: Folder, names: string[]): string[] {
  const byFold = Map.groupBy(names, foldName);
  if (byFold.size === names.length) return names;
  const inBase = (name: string) => {
    const path = pathIn(folder, name);
    return walker.base.files.has(path) || walker.base.folders.has(path);
  };
  const kept = new Set<string>();
  for (const same of byFold.values()) {
    const known = same.filter(inBase);
    for (const name of known.length > 0 ? known : same.slice(0, 1)) kept.add(name);
  }
  return names.filter((name) => {
    if (kept.has(name)) return true;
    const path = pathIn(folder, name);
    walker.scan.refused.push({ path, why: "a name that differs from another only by case or Unicode form" });
    return false;
  });
}

async function visit(walker: Walker, folder: Folder, name: string, path: string): Promise<void> {
  if (Buffer.byteLength(path) > maxPathBytes) return refuse(walker, path, `a path of more than ${maxPathBytes} bytes`);
  const place = inFolder(folder, name);
  const stat = lstatSync(place, { bigint: true });
  const tracked = walker.base.files.get(path);
  if (stat.isDirectory()) return await visitFolder(walker, folder, { name, path, place });
  if (!tracked && (folder.ignored || walker.ignore.isIgnored(path, false))) return;
  if (stat.isSymbolicLink()) return visitLink(walker, path, place);
  if (!stat.isFile()) return refuse(walker, path, "not a file, folder or link");
  const mode = (stat.mode & 0o100n) === 0n ? "100644" : "100755";
  const key = `${stat.dev}.${stat.ino}.${stat.size}.${stat.mtimeNs}.${stat.ctimeNs}.${stat.mode}`;
  const cached = walker.cache.get(path);
  const size = Number(stat.size);
  if (cached?.key === key && walker.isKnown(cached.sha)) return take(walker, path, { mode, sha: cached.sha }, size);
  // Before it is read: what is read is also kept.
  if (!tracked && walker.addedBytes + size > maxAddedBytes) return refuse(walker, path, tooMuch);
  if (stat.size > maxFileBytes && stat.size !== BigInt(tracked?.size ?? -1)) {
    return refuse(walker, path, `a file of more than ${maxFileBytes / 1_000_000} MB`);
  }
  const sha = hashFile(walker, place, size, tracked);
  if (sha === null) return refuse(walker, path, "it changed while it was read");
  if (stat.size > maxFileBytes && sha !== tracked?.sha) {
    return refuse(walker, path, `a file of more than ${maxFileBytes / 1_000_000} MB`);
  }
  if (stat.ctimeNs < walker.nowNs - racyMs * 1_000_000n) walker.cache.set(path, { key, sha });
  take(walker, path, { mode, sha }, size);
}

const tooMuch = `more than ${maxAddedBytes / 1_000_000} MB of new and changed files in all`;

/** Takes a file, as long as what differs from the base is not more than a remote could be asked to hold. */
function take(walker: Walker, path: string, entry: FileEntry, size: number): void {
  if (walker.base.files.get(path)?.sha !== entry.sha) {
    if (walker.addedBytes + size > maxAddedBytes) {
      refuse(walker, path, tooMuch);
      return;
    }
    walker.addedBytes += size;
  }
  walker.scan.entries.set(path, entry);
}

async function visitFolder(
  walker: Walker,
  parent: Folder,
  at: { name: string; path: string; place: string },
): Promise<void> {
  const { path } = at;
  const tracked = walker.base.files.get(path);
  if (tracked?.mode === "160000") {
    walker.scan.entries.set(path, { mode: tracked.mode, sha: tracked.sha });
    if (readdirSync(at.place).length > 0)
      walker.scan.refused.push({ path, why: "content inside a submodule of the base" });
    return;
  }
  const ignored = parent.ignored || walker.ignore.isIgnored(path, true);
  if (ignored && !walker.base.folders.has(path)) return;
  if (isGitFile(at.name) && !walker.base.folders.has(path))
    return refuse(walker, path, "a folder in place of a git file");
  if (parent.depth >= maxDepth) return refuse(walker, path, `more than ${maxDepth} folders deep`);
  const fd = openSync(at.place, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    await walkFolder(walker, { fd, real: join(parent.real, at.name), path, depth: parent.depth + 1, ignored });
  } finally {
    closeSync(fd);
  }
}

function visitLink(walker: Walker, path: string, place: string): void {
  const bytes = readlinkSync(place, { encoding: "buffer" });
  const sha = objectId("blob", bytes);
  const tracked = walker.base.files.get(path);
  if (tracked?.mode !== "120000" || tracked.sha !== sha) {
    const target = bytes.toString("utf8");
    const why = Buffer.from(target).equals(bytes) ? readLinkRefusal(path, target) : "a link whose target is not UTF-8";
    if (why) {
      refuse(walker, path, why);
      return;
    }
    if (!walker.isKnown(sha)) walker.onContent(sha, bytes);
  }
  walker.scan.entries.set(path, { mode: "120000", sha });
}

/** Id of a file's content, read through one descriptor that is the file which was looked at; null when it moved. */
function hashFile(walker: Walker, place: string, size: number, tracked: FileEntry | undefined): string | null {
  const fd = openSync(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.size !== size) return null;
    const hash = createHash("sha1").update(`blob ${size}\0`);
    // Whole files are kept until their id is known; the base's own large files are only hashed.
    const whole = size <= maxFileBytes ? Buffer.allocUnsafe(size) : null;
    const chunk = whole ?? Buffer.allocUnsafe(1 << 20);
    let done = 0;
    while (done < size) {
      const into = whole ? whole.subarray(done) : chunk.subarray(0, Math.min(chunk.length, size - done));
      const got = readSync(fd, into, 0, into.length, null);
      if (got === 0) return null;
      hash.update(into.subarray(0, got));
      done += got;
    }
    const sha = hash.digest("hex");
    if (whole && sha !== tracked?.sha && !walker.isKnown(sha)) walker.onContent(sha, whole);
    return sha;
  } finally {
    closeSync(fd);
  }
}

/** Leaves a path out and says why; what the base has there stays. */
function refuse(walker: Walker, path: string, why: string): void {
  walker.scan.refused.push({ path, why });
  const tracked = walker.base.files.get(path);
  if (tracked) walker.scan.entries.set(path, { mode: tracked.mode, sha: tracked.sha });
}

function inFolder(folder: Folder, name: string): string {
  return fdRoot ? `${fdRoot}/${folder.fd}/${name}` : join(folder.real, name);
}
