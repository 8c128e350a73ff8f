import { closeSync } from "node:fs";
import type { Confine } from "./confine.ts";
import { findMatches, lineAt, type Matches, type Span, type View, viewOf } from "./match.ts";
import { describeMiss } from "./miss.ts";
import { type FileAnswer, type FileRequests, Refusal } from "./protocol.ts";
import { looksBinary, renderLine, sha256, splitLines } from "./read-file.ts";
import { checkSyntax } from "./syntax.ts";
import { replaceFile } from "./write-file.ts";

const maxFileBytes = 1024 * 1024;
const snippetLines = 6;

/** A line that stands for text that was left out: writing it would lose the text. */
const placeholder =
  /^\s*(?:\/\/|#|--|;|\/\*|<!--|\*|%|")?\s*(?:\.\.\.|…)\s*(?:\(?\s*(?:the\s+)?(?:rest|remaining|existing|unchanged|previous|other|same|omitted|keep)\b.*)$|^\s*(?:\/\/|#|--|\/\*|<!--)\s*(?:the\s+)?(?:rest of|remaining|existing|unchanged)\b[^.]*(?:\.\.\.|…|unchanged|omitted|here).*$|^\s*\[?(?:rest of (?:the )?(?:file|code|methods?|function|class))\b.*(?:unchanged|omitted|\.\.\.|…)\]?\s*$/i;

/** How the bytes of a file are seen as text and put back: as UTF-8 when that loses nothing, else byte by byte. */
function codecOf(bytes: Buffer): {
  decode(data: Buffer): string;
  encode(text: string): Buffer;
  adapt(text: string): string;
} {
  const asText = bytes.toString("utf8");
  if (Buffer.from(asText, "utf8").equals(bytes)) {
    return { decode: () => asText, encode: (text) => Buffer.from(text, "utf8"), adapt: (text) => text };
  }
  return {
    decode: (data) => data.toString("latin1"),
    encode: (text) => Buffer.from(text, "latin1"),
    adapt: (text) => Buffer.from(text, "utf8").toString("latin1"),
  };
}

/** Replaces `old` by `new` at exactly `expect_count` places; every byte outside them stays. */
export function editPlaces(confine: Confine, request: FileRequests["edit"]): FileAnswer {
  checkRequest(request);
  const { dirFd, ...place } = confine.target(request.path, false);
  if (dirFd === null) throw new Refusal(`${request.path} does not exist: use write for a new file`);
  try {
    if (!place.exists) throw new Refusal(`${request.path} does not exist: use write for a new file`);
    const { bytes, mode } = confine.readFile(place.real, maxFileBytes);
    if (looksBinary(bytes)) throw new Refusal(`${request.path} is binary`);
    const codec = codecOf(bytes);
    const raw = codec.decode(bytes);
    const done = spliceText(raw, codec.adapt(request.old), codec.adapt(request.new), request.expect_count ?? 1);
    refusePlaceholders(request, codec.adapt(request.new), raw);
    const after = codec.encode(done.text);
    replaceFile({ dirFd, name: place.name }, after, mode);
    const how = done.rung === "exact" ? "" : ` (matched ignoring ${done.rung})`;
    const count =
      done.firstLines.length === 1
        ? `line ${done.firstLines[0]}`
        : `${done.firstLines.length} places: lines ${done.firstLines.join(", ")}`;
    const warning = checkSyntax(place.real, raw, done.text);
    const text = `edited ${confine.show(place.real)} at ${count}${how}\n${snippet(after.toString("utf8"), done.firstLines[0]!)}${warning}`;
    return { kind: "ok", text, path: confine.show(place.real), sha: sha256(after) };
  } finally {
    closeSync(dirFd);
  }
}

function checkRequest(request: FileRequests["edit"]): void {
  if (request.old === "") throw new Refusal("old is empty: give the text to replace, or use write for a new file");
  if (request.old === request.new) throw new Refusal("old and new are the same: nothing would change");
}

function refusePlaceholders(request: FileRequests["edit"], replacement: string, raw: string): void {
  const had = new Set([...raw.split(/\r?\n/), ...request.old.split(/\r?\n/)].map((line) => line.trim()));
  const line = replacement.split("\n").find((candidate) => placeholder.test(candidate) && !had.has(candidate.trim()));
  if (line)
    throw new Refusal(
      `new contains the placeholder "${line.trim().slice(0, 80)}": write out the text that it stands for`,
    );
}

/** Finds and replaces in raw text. Pure; throws a Refusal that helps when the count is not right. */
export function spliceText(
  raw: string,
  old: string,
  replacement: string,
  expected: number,
): { text: string; rung: Matches["rung"]; firstLines: number[] } {
  const view = viewOf(raw);
  const wanted = old.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
  const matches = findMatches(view.text, wanted, replacement.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n"));
  if (!matches) throw new Refusal(describeMiss(view.text, wanted));
  const lines = matches.spans.map((span) => lineAt(view.text, span.from));
  if (matches.spans.length !== expected) {
    const shown = lines.slice(0, 20).join(", ") + (lines.length > 20 ? ", …" : "");
    const where = `old is found ${matches.spans.length} times (lines ${shown})`;
    throw new Refusal(
      `${where}, expected ${expected}: add lines around it that make it unique, or set expect_count to ${matches.spans.length}`,
    );
  }
  const text = applySpans(raw, view, matches.spans);
  if (text === raw) throw new Refusal("the file already reads like that: nothing would change");
  return { text, rung: matches.rung, firstLines: lines };
}

function applySpans(raw: string, view: View, spans: Span[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const span of spans) {
    const from = view.raw(span.from);
    const to = view.raw(span.to);
    parts.push(raw.slice(at, from), restoreEnds(span.replacement, raw.slice(from, to), raw));
    at = to;
  }
  parts.push(raw.slice(at));
  return parts.join("");
}

/** Gives each new line the end of the line it replaces; further lines get the last one's, or the file's first. */
function restoreEnds(replacement: string, span: string, raw: string): string {
  const ends = span.match(/\r?\n/g) ?? [];
  const fallback = ends.at(-1) ?? raw.match(/\r?\n/)?.[0] ?? "\n";
  const lines = replacement.split("\n");
  return lines.map((line, index) => (index === lines.length - 1 ? line : line + (ends[index] ?? fallback))).join("");
}

function snippet(text: string, line: number): string {
  const lines = splitLines(text);
  const from = Math.max(0, Math.min(line - 2, lines.length - snippetLines));
  return lines
    .slice(from, from + snippetLines)
    .map((content, index) => renderLine(from + index + 1, content))
    .join("\n");
}
