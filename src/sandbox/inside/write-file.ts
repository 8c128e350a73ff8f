import { closeSync, constants, fchmodSync, openSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import type { Confine } from "./confine.ts";
import { type FileAnswer, type FileRequests, Refusal } from "./protocol.ts";
import { sha256 } from "./read-file.ts";
import { checkSyntax } from "./syntax.ts";

const maxContent = 1024 * 1024;
let counter = 0;

/** Puts bytes at a place at once: a temporary file beside it, then a rename, all relative to the directory held open. */
export function replaceFile(place: { dirFd: number; name: string }, bytes: Uint8Array, mode: number): void {
  counter += 1;
  const dir = `/proc/self/fd/${place.dirFd}`;
  const temporary = `${dir}/.baton-write-${process.pid}-${counter}`;
  const fd = openSync(
    temporary,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    try {
      writeFileSync(fd, bytes);
      fchmodSync(fd, mode);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, `${dir}/${place.name}`);
  } catch (error) {
    unlinkSync(temporary);
    throw error;
  }
}

/** Writes a new file, or one that this context has read and that has not changed since. */
export function writeWhole(confine: Confine, request: FileRequests["write"]): FileAnswer {
  const bytes = Buffer.from(request.content, "utf8");
  if (bytes.length > maxContent)
    throw new Refusal(`content has ${bytes.length} bytes; at most ${maxContent} are allowed`);
  const { dirFd, ...place } = confine.target(request.path, true);
  if (dirFd === null) throw new Refusal(`${request.path}: its directory could not be made`);
  try {
    let mode = 0o644;
    if (place.exists) {
      const now = confine.readFile(place.real, 32 * maxContent);
      mode = now.mode;
      if (request.seen === null)
        throw new Refusal(`${request.path} exists and was not read in this context: read it first, or use edit`);
      if (sha256(now.bytes) !== request.seen)
        throw new Refusal(`${request.path} has changed since it was read: read it again`);
    }
    replaceFile({ dirFd, name: place.name }, bytes, mode);
    const lines =
      request.content.split("\n").length - (request.content.endsWith("\n") || request.content === "" ? 1 : 0);
    const warning = checkSyntax(place.real, null, request.content);
    const text = `${place.exists ? "overwrote" : "created"} ${confine.show(place.real)} (${lines} lines, ${bytes.length} bytes)${warning}`;
    return { kind: "ok", text, path: confine.show(place.real), sha: sha256(bytes) };
  } finally {
    closeSync(dirFd);
  }
}
