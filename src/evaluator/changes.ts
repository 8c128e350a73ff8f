import type { TreeStore } from "./room.ts";

/** One path that differs between base and head, with both texts; null where the file is absent, binary or too large. */
export interface Change {
  path: string;
  /** Path on the base: another one when the file was renamed, null when it was added. */
  oldPath: string | null;
  status: "added" | "removed" | "modified" | "renamed";
  before: string | null;
  after: string | null;
  binary: boolean;
}

/** Largest file, in bytes, whose text the ratchet reads. */
const maxTextBytes = 2_000_000;

/** Loads every difference between two trees; renames are paired by git. */
export async function loadChanges(store: TreeStore, base: string, head: string): Promise<Change[]> {
  const { files } = await store.diff(base, head, { maxBytes: 0 });
  const changes: Change[] = [];
  for (const file of files) {
    const status = readStatus(file.status);
    const oldPath = status === "added" ? null : status === "renamed" ? (file.oldPath ?? file.path) : file.path;
    const before = oldPath === null ? null : await readText(store, base, oldPath);
    const after = status === "removed" ? null : await readText(store, head, file.path);
    changes.push({ path: file.path, oldPath, status, before, after, binary: file.binary });
  }
  return changes;
}

function readStatus(status: string): Change["status"] {
  const letter = status.charAt(0).toUpperCase();
  if (letter === "A" || letter === "C") return "added";
  if (letter === "D" || status === "removed") return "removed";
  return letter === "R" ? "renamed" : "modified";
}

async function readText(store: TreeStore, tree: string, path: string): Promise<string | null> {
  const bytes = await store.readBlob(tree, path);
  if (!bytes || bytes.length > maxTextBytes || bytes.includes(0)) return null;
  return new TextDecoder().decode(bytes);
}
