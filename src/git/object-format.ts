import { createHash } from "node:crypto";

export type ObjectType = "blob" | "tree" | "commit";

/** One entry of a git tree. Modes as git prints them: `100644`, `100755`, `120000`, `040000`, `160000`. */
export interface TreeEntry {
  name: string;
  mode: string;
  sha: string;
}

export interface CommitInput {
  tree: string;
  parents: readonly string[];
  message: string;
  author?: { name: string; email: string };
  /** Milliseconds since 1970, for author and committer. */
  at?: number;
}

/** Author of Baton's own commits. */
export const batonAuthor = { name: "baton[bot]", email: "baton[bot]@users.noreply.github.com" };

/** Object id (SHA-1) of a body. */
export function objectId(type: ObjectType, body: Uint8Array): string {
  return createHash("sha1").update(`${type} ${body.length}\0`).update(body).digest("hex");
}

/**
 * Text of a path that may not be UTF-8, as it stands in trees of old: a byte that does not decode becomes a lone surrogate
 * (0xE9 → U+DCE9), so that `encodePath` gives back the same bytes.
 */
export function decodePath(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  if (!text.includes("\ufffd") || Buffer.from(text).equals(bytes)) return text;
  let out = "";
  for (let at = 0; at < bytes.length; ) {
    const length = [1, 2, 3, 4].find((size) => isOneCharacter(bytes.subarray(at, at + size)));
    out += length ? bytes.toString("utf8", at, at + length) : String.fromCharCode(0xdc00 + bytes[at]!);
    at += length ?? 1;
  }
  return out;
}

/** The lines of an output that git ends with NUL each. */
export function decodePaths(output: Buffer): string[] {
  const text = output.toString("utf8");
  const isText = !text.includes("\ufffd");
  const lines = (isText ? text : output.toString("latin1")).split("\0").slice(0, -1);
  return isText ? lines : lines.map((line) => decodePath(Buffer.from(line, "latin1")));
}

/** The bytes of a path that `decodePath` read. */
export function encodePath(path: string): Buffer {
  if (path.isWellFormed()) return Buffer.from(path);
  const parts = path.split(/([\udc80-\udcff])/u);
  return Buffer.concat(
    parts.map((part, index) => (index % 2 === 1 ? Buffer.of(part.charCodeAt(0) - 0xdc00) : Buffer.from(part))),
  );
}

function isOneCharacter(bytes: Buffer): boolean {
  const text = bytes.toString("utf8");
  return [...text].length === 1 && Buffer.from(text).equals(bytes);
}

/** Bytes of a tree object; entries may come in any order. */
export function renderTree(entries: readonly TreeEntry[]): Buffer {
  const rows = entries.map((entry) => ({ entry, key: sortKey(entry) }));
  rows.sort((a, b) => Buffer.compare(a.key, b.key));
  const parts: Buffer[] = [];
  for (const { entry } of rows) {
    const mode = Buffer.from(`${entry.mode.replace(/^0/, "")} `);
    parts.push(mode, encodePath(entry.name), Buffer.of(0), Buffer.from(entry.sha, "hex"));
  }
  return Buffer.concat(parts);
}

/** Entries of a tree object's bytes. */
export function readTree(body: Buffer): TreeEntry[] {
  const entries: TreeEntry[] = [];
  let at = 0;
  while (at < body.length) {
    const space = body.indexOf(0x20, at);
    const nul = body.indexOf(0, space);
    const mode = body.toString("latin1", at, space).padStart(6, "0");
    entries.push({
      mode,
      name: decodePath(body.subarray(space + 1, nul)),
      sha: body.toString("hex", nul + 1, nul + 21),
    });
    at = nul + 21;
  }
  return entries;
}

/** Bytes of a commit object. */
export function renderCommit(input: CommitInput): Buffer {
  const { name, email } = input.author ?? batonAuthor;
  const who = `${cleanIdent(name) || "unknown"} <${cleanIdent(email)}> ${Math.floor((input.at ?? Date.now()) / 1_000)} +0000`;
  const lines = [`tree ${input.tree}`, ...input.parents.map((parent) => `parent ${parent}`)];
  const message = input.message.replaceAll("\0", "");
  return Buffer.from(
    `${lines.join("\n")}\nauthor ${who}\ncommitter ${who}\n\n${message.endsWith("\n") ? message : `${message}\n`}`,
  );
}

// Git sorts a directory as if its name ended with a slash.
function sortKey(entry: TreeEntry): Buffer {
  return encodePath(entry.mode === "040000" ? `${entry.name}/` : entry.name);
}

function cleanIdent(text: string): string {
  return text.replace(/[<>\n\r\0]/g, "").trim();
}
