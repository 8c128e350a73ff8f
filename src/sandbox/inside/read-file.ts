import { createHash } from "node:crypto";
import type { Confine } from "./confine.ts";
import { type FileAnswer, type FileRequests, Refusal } from "./protocol.ts";

const defaultLines = 400;
const maxBytes = 20_000;
const maxLineChars = 1_000;
/** Outputs of commands are at most 20 MiB; source files are far smaller. */
const maxFileBytes = 32 * 1024 * 1024;

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** True when a NUL byte is among the first 8 KiB, as git decides it. */
export function looksBinary(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 8_192).includes(0);
}

/** `12\ttext` with at most 1,000 characters of the line. */
export function renderLine(number: number, line: string): string {
  const cut =
    line.length > maxLineChars ? `${line.slice(0, maxLineChars)}… [+${line.length - maxLineChars} chars]` : line;
  return `${number}\t${cut}`;
}

/** The lines of a text without their ends; a last line without an end counts, an empty rest does not. */
export function splitLines(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** Numbered lines of a file: a range of at most 20,000 bytes, with a notice of what is left. */
export function readNumbered(confine: Confine, request: FileRequests["read"]): FileAnswer {
  const { bytes, real } = confine.readFile(request.path, maxFileBytes);
  const sha = sha256(bytes);
  const path = confine.show(real);
  if (looksBinary(bytes)) return { kind: "ok", text: `[binary, ${bytes.length} bytes, sha256 ${sha}]`, path, sha };
  const lines = splitLines(bytes.toString("utf8").replace(/^\uFEFF/, ""));
  if (lines.length === 0) return { kind: "ok", text: "[empty file]", path, sha };
  const start = request.start ?? 1;
  if (start > lines.length) throw new Refusal(`${request.path} has ${lines.length} lines; start is ${start}`);
  const wanted = lines.slice(start - 1, start - 1 + (request.lines ?? defaultLines));
  const shown: string[] = [];
  let size = 0;
  for (const [index, line] of wanted.entries()) {
    const text = renderLine(start + index, line);
    size += Buffer.byteLength(text) + 1;
    if (size > maxBytes && shown.length > 0) break;
    shown.push(text);
  }
  const last = start - 1 + shown.length;
  const cut = last < lines.length || start > 1;
  const notice = cut
    ? `\n[lines ${start}-${last} of ${lines.length}${last < lines.length ? `; go on with start=${last + 1}` : ""}]`
    : "";
  return { kind: "ok", text: shown.join("\n") + notice, path, sha, cut };
}
