import {
  type BigIntStats,
  chmodSync,
  copyFileSync,
  lchownSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { removeTree } from "./remove-tree.ts";

/** What is to stand at one path: a tracked file by blob and git mode, or what set-up left (a folder too), from the layer's own copy. */
export type Piece =
  | { kind: "blob"; sha: string; mode: string }
  | { kind: "layer"; from: string; accessed: Date; modified: Date };

/** Pieces by path relative to the folder; the folders of tracked files follow from them. */
export type Pieces = ReadonlyMap<string, Piece>;

/**
 * A folder in which hostile programs run, one after the other, and that is put back to exactly what it was in between.
 * All of them have ended whenever it is asked to.
 */
export interface CleanFolder {
  /** Makes it what a new copy of these pieces would be. False: not possible here, and the folder must be thrown away. */
  restore(wanted: Pieces, readBlob: (path: string) => Promise<Uint8Array>): Promise<boolean>;
}

/** The slowest clock by which Linux stamps changes ticks every 10 ms (`CONFIG_HZ=100`): two ticks tell two writes apart. */
const clockMs = 20;

/** Beyond this many pieces to put back, a new copy is as cheap. */
const maxRepairs = 2_000;

interface Mark {
  isFolder: boolean;
  key: string;
  changedNs: bigint;
}

/**
 * Remembers a folder as it is before anything runs in it. Nothing inside can set a change time or choose an inode, so
 * whatever is written, replaced, linked or given other modes later shows, also when its content and times look the same.
 */
export async function keepClean(dir: string, placed: Pieces, uid: number | null): Promise<CleanFolder> {
  let pieces = placed;
  let marks = markAll(dir);
  await tick();
  return {
    async restore(wanted, readBlob) {
      const { clean, dirty, touched } = compare(dir, marks);
      const isKept = (path: string): boolean =>
        clean.has(path) && wanted.has(path) && isSame(pieces.get(path), wanted.get(path)!);
      const missing = [...wanted.keys()].filter((path) => !isKept(path));
      if (missing.length > maxRepairs) return false;
      const folders = foldersOf(wanted.keys());
      const gone = [...clean].filter(([path, { isFolder }]) => !isKept(path) && !(isFolder && folders.has(path)));
      for (const path of [...dirty, ...gone.map(([path]) => path)]) await removeTree(join(dir, path));
      for (const path of touched)
        if (path === "" || folders.has(path) || isKept(path)) renewFolder(join(dir, path), uid);
      for (const path of missing) await put(join(dir, path), wanted.get(path)!, () => readBlob(path), uid);
      const now = new Date();
      for (const [path, piece] of wanted) refreshTimes(join(dir, path), piece, now);
      marks = markAll(dir);
      pieces = wanted;
      await tick();
      return [...wanted.keys()].every((path) => marks.has(path));
    },
  };
}

/** The pieces of a folder that set-up made. */
export function listPieces(from: string): Map<string, Piece> {
  const pieces = new Map<string, Piece>();
  for (const path of markAll(from).keys()) {
    const { atime, mtime } = lstatSync(join(from, path));
    if (path !== "") pieces.set(path, { kind: "layer", from: join(from, path), accessed: atime, modified: mtime });
  }
  return pieces;
}

function tick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, clockMs));
}

function isSame(was: Piece | undefined, is: Piece): boolean {
  if (was?.kind === "blob") return is.kind === "blob" && was.sha === is.sha && was.mode === is.mode;
  return was !== undefined && is.kind === "layer" && was.from === is.from;
}

function markOf(stat: BigIntStats): Mark {
  const isFolder = stat.isDirectory();
  const own = [stat.ino, stat.mode, stat.uid, stat.gid];
  // A folder changes with what is put into it; whether it is still the same one is all that its key says.
  const key = (isFolder ? own : [...own, stat.nlink, stat.size, stat.mtimeNs, stat.ctimeNs]).join(" ");
  return { isFolder, key, changedNs: stat.ctimeNs };
}

function markAll(dir: string): Map<string, Mark> {
  const marks = new Map<string, Mark>();
  const visit = (path: string): void => {
    const mark = markOf(lstatSync(join(dir, path), { bigint: true }));
    marks.set(path, mark);
    if (!mark.isFolder) return;
    for (const name of readdirSync(join(dir, path))) visit(path === "" ? name : `${path}/${name}`);
  };
  visit("");
  return marks;
}

/** Every entry on the disk: as it was, or to be removed; and the folders that something was done to. Strange folders are not entered. */
function compare(
  dir: string,
  marks: ReadonlyMap<string, Mark>,
): { clean: Map<string, Mark>; dirty: string[]; touched: string[] } {
  const clean = new Map<string, Mark>();
  const dirty: string[] = [];
  const touched: string[] = [];
  const visit = (path: string): void => {
    const mark = markOf(lstatSync(join(dir, path), { bigint: true }));
    const was = marks.get(path);
    if (!was || was.key !== mark.key) {
      if (path === "") throw new Error("the folder itself was replaced");
      dirty.push(path);
      return;
    }
    if (path !== "") clean.set(path, mark);
    if (!mark.isFolder) return;
    for (const name of readdirSync(join(dir, path))) visit(path === "" ? name : `${path}/${name}`);
    // After what is in it, so that it is renewed last.
    if (was.changedNs !== mark.changedNs) touched.push(path);
  };
  visit("");
  return { clean, dirty, touched };
}

function foldersOf(paths: Iterable<string>): Set<string> {
  const folders = new Set<string>();
  for (const path of paths)
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) folders.add(path.slice(0, at));
  return folders;
}

/** Another folder in its place, with the same entries: what else was written onto it (attributes, rules for new files) goes. */
function renewFolder(path: string, uid: number | null): void {
  const old = `${path}.baton-old`;
  const { mode } = lstatSync(path);
  renameSync(path, old);
  mkdirSync(path);
  chmodSync(path, mode & 0o777);
  if (uid !== null) lchownSync(path, uid, uid);
  for (const name of readdirSync(old)) renameSync(join(old, name), join(path, name));
  rmdirSync(old);
}

async function put(path: string, piece: Piece, read: () => Promise<Uint8Array>, uid: number | null): Promise<void> {
  const first = mkdirSync(dirname(path), { recursive: true });
  if (piece.kind === "blob") {
    const bytes = await read();
    if (piece.mode === "120000") symlinkSync(Buffer.from(bytes), path);
    else writeFileSync(path, bytes, { flag: "wx", mode: piece.mode === "100755" ? 0o777 : 0o666 });
  } else {
    const stat = lstatSync(piece.from);
    if (stat.isSymbolicLink()) symlinkSync(readlinkSync(piece.from, "buffer"), path);
    else if (stat.isDirectory()) mkdirSync(path, { recursive: true });
    else if (stat.isFile()) copyFileSync(piece.from, path);
    else throw new Error(`${path} is neither file nor folder nor link`);
    if (!stat.isSymbolicLink()) chmodSync(path, stat.mode & 0o7777);
  }
  if (uid === null) return;
  lchownSync(path, uid, uid);
  for (let at = dirname(path); first !== undefined && at.length >= first.length; at = dirname(at))
    lchownSync(at, uid, uid);
}

/** As in a new copy, every entry was changed just now: what was read or put back in between does not stand out. */
function refreshTimes(path: string, piece: Piece, now: Date): void {
  if (piece.kind === "layer") lutimesSync(path, piece.accessed, piece.modified);
  else lutimesSync(path, now, now);
}
