import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path/posix";
import type { Confine } from "./confine.ts";
import { askedFor, readGlob, skippedDirs } from "./glob-pattern.ts";
import { type FileAnswer, type FileRequests, Refusal } from "./protocol.ts";
import { looksBinary } from "./read-file.ts";

const maxPaths = 200;
const maxMatches = 100;
const maxLineChars = 300;
const maxTextBytes = 12_000;
const maxFileBytes = 5 * 1024 * 1024;
const maxWalked = 200_000;

/** Files below a directory in the order of their names, links neither followed nor listed as directories. */
function* walk(root: string, asked: ReadonlySet<string>): Generator<string> {
  const open = [root];
  let walked = 0;
  while (open.length > 0) {
    const dir = open.pop()!;
    const deeper: string[] = [];
    for (const entry of entriesOf(dir)) {
      walked += 1;
      if (walked > maxWalked) return;
      const path = join(dir, entry.name);
      if (!entry.isDirectory()) yield path;
      else if (!skippedDirs.includes(entry.name) || asked.has(entry.name)) deeper.push(path);
    }
    open.push(...deeper.reverse());
  }
}

function entriesOf(dir: string): import("node:fs").Dirent[] {
  try {
    return readdirSync(dir, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  } catch {
    return [];
  }
}

/** Paths that fit a glob, at most 200. */
export function listPaths(confine: Confine, request: FileRequests["glob"]): FileAnswer {
  const absolute = request.pattern.startsWith("/") && !request.pattern.startsWith("/workspace/");
  const literal = absolute ? request.pattern.split(/[*?[{]/)[0]!.replace(/[^/]*$/, "") : ".";
  const root = confine.existing(request.path ?? literal);
  const pattern = absolute ? request.pattern.slice(literal.length) : request.pattern;
  const fits = readGlob(pattern || "**");
  const found: string[] = [];
  let more = 0;
  for (const path of walk(root, askedFor(request.pattern, request.path))) {
    if (!fits.test(relative(root, path))) continue;
    if (found.length < maxPaths) found.push(confine.show(path));
    else more += 1;
  }
  const notice = more > 0 ? `\n[${maxPaths} of ${maxPaths + more} paths; narrow the pattern]` : "";
  const hint = "[no path fits; .git and node_modules are searched only when named]";
  return {
    kind: "ok",
    text: found.length === 0 ? hint : found.join("\n") + notice,
    path: confine.show(root),
    cut: more > 0,
  };
}

function readPattern(source: string): RegExp {
  try {
    return new RegExp(source, "u");
  } catch {
    try {
      return new RegExp(source);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Refusal(
        `${why}. The pattern is a JavaScript regular expression; escape ( ) [ ] { } . * + ? to mean the character`,
      );
    }
  }
}

function textOf(path: string): string | null {
  let fd: number | null = null;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.size > maxFileBytes) return null;
    const bytes = readFileSync(fd);
    return looksBinary(bytes) ? null : bytes.toString("utf8");
  } catch {
    return null;
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

/** Lines that fit a regular expression as `path:line:text`: at most 100, and 12,000 bytes. */
export function searchLines(confine: Confine, request: FileRequests["grep"]): FileAnswer {
  const pattern = readPattern(request.pattern);
  const root = confine.existing(request.path ?? ".");
  const fits = request.glob === undefined ? null : readGlob(request.glob);
  const isFile = statSync(root).isFile();
  const paths = isFile ? [root] : walk(root, askedFor(request.path, request.glob));
  const found: string[] = [];
  let size = 0;
  let total = 0;
  let files = 0;
  for (const path of paths) {
    if (fits && !fits.test(isFile ? path.slice(1) : relative(root, path))) continue;
    // the names of one file: outputs may be larger than what a walk looks into
    const text = isFile ? confine.readFile(path, 32 * 1024 * 1024).bytes.toString("utf8") : textOf(path);
    if (text === null) continue;
    let inFile = 0;
    for (const [index, line] of text.split("\n").entries()) {
      if (!pattern.test(line)) continue;
      inFile += 1;
      total += 1;
      const shown = `${confine.show(path)}:${index + 1}:${line.length > maxLineChars ? `${line.slice(0, maxLineChars)}…` : line.replace(/\r$/, "")}`;
      if (found.length >= maxMatches || size + shown.length > maxTextBytes) continue;
      size += Buffer.byteLength(shown) + 1;
      found.push(shown);
    }
    if (inFile > 0) files += 1;
    if (total > maxMatches * 100) break;
  }
  const cut = total > found.length;
  const notice = cut ? `\n[${found.length} of ${total} lines in ${files} files; narrow the pattern, path or glob]` : "";
  const none = "[no line fits; .git, node_modules and binary files are searched only when named]";
  return { kind: "ok", text: found.length === 0 ? none : found.join("\n") + notice, path: confine.show(root), cut };
}
