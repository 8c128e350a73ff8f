/** What one command came to inside the walls; a non-zero exit is data. Structurally the sandbox room's `ExecResult`. */
export interface RoomExec {
  exit: number | null;
  signal: string | null;
  timedOut: boolean;
  durationMs: number;
  /** The whole output, or null when it was too large to keep inline; then `head` and `tail` hold its ends. */
  whole: string | null;
  head: string;
  tail: string;
}

/** A fresh checkout of one tree over a pristine set-up layer, in new walls without network. */
export interface Room {
  readonly workDir: string;
  readonly sandbox: {
    exec(command: string, options: { timeoutMs: number; signal?: AbortSignal }): Promise<RoomExec>;
  };
  close(): Promise<void>;
}

/** One path that differs between two trees. */
export interface TreeDiffFile {
  path: string;
  oldPath?: string | null | undefined;
  status: string;
  added: number;
  removed: number;
  binary: boolean;
}

/** The part of Baton's git store that the evaluator needs; trees and blobs are object ids. */
export interface TreeStore {
  treeOf(rev: string): Promise<string>;
  listTree(tree: string): Promise<{ path: string; mode: string; sha: string; size: number }[]>;
  readBlob(tree: string, path: string): Promise<Uint8Array | null>;
  writeBlob(bytes: Uint8Array): Promise<string>;
  /** A tree with these blobs put (or, with `sha: null`, removed). */
  graft(tree: string, changes: { path: string; sha: string | null; mode?: string }[]): Promise<string>;
  diff(
    a: string,
    b: string,
    options: { maxBytes?: number; paths?: string[] },
  ): Promise<{ files: TreeDiffFile[]; patch: string; cut: boolean }>;
}

/** Everything the evaluator touches of the world; `run/` supplies it. */
export interface EvaluatorWorld {
  store: TreeStore;
  /** Opens a room for exactly one run of one oracle; nothing that runs in it reaches the next. */
  openRoom(tree: string): Promise<Room>;
  redact(text: string): string;
  /** Whether the policy protects this path; carried files may not lie there. */
  isProtected(path: string): boolean;
  signal?: AbortSignal;
}

/** The output of a run as one text; the middle is missing when it was too large to keep. */
export function outputOf(result: RoomExec): string {
  return result.whole ?? `${result.head}\n[output cut by Baton]\n${result.tail}`;
}
