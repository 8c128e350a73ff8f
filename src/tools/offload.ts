import type { ExecResult } from "../sandbox/exec.ts";

/** Up to here a result stays whole, characters; a longer one is cut to `cutBytes`, so that with exit and notice it has at most 4 kB. */
const wholeChars = 12_000;
const cutBytes = 3_800;
const headShare = 0.4;
const maxLineChars = 1_000;

const ansi =
  /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[PX^_][^\u001B]*(?:\u001B\\)?|[ -/]*[0-~])/g;

/** Output as it is worth reading: no colours, progress bars at their last state, repeated lines once, other controls gone. */
export function tidyOutput(text: string): string {
  const plain = text
    .replace(ansi, "")
    .replaceAll("\r\n", "\n")
    .split("\n")
    .map((line) => cutLine(lastState(line).replace(/[\u0000-\u0008\u000B-\u001F\u007F]/g, "")));
  return foldRepeats(plain).join("\n").toWellFormed();
}

function lastState(line: string): string {
  if (!line.includes("\r")) return line;
  const states = line.split("\r").filter((state) => state !== "");
  return states.at(-1) ?? "";
}

function cutLine(line: string): string {
  if (line.length <= maxLineChars) return line;
  return `${line.slice(0, maxLineChars)}… [+${line.length - maxLineChars} chars]`;
}

function foldRepeats(lines: readonly string[]): string[] {
  const folded: string[] = [];
  for (let at = 0; at < lines.length; ) {
    const line = lines[at]!;
    let end = at + 1;
    while (end < lines.length && lines[end] === line) end += 1;
    const times = end - at;
    if (times > 2 && line.trim() !== "") folded.push(`${line} (×${times})`);
    else if (line.trim() === "" && times > 2) folded.push(line);
    else folded.push(...lines.slice(at, end));
    at = end;
  }
  return folded;
}

/** First lines up to a number of bytes; of a line that is longer than that, its beginning. */
function takeHead(lines: readonly string[], bytes: number): string[] {
  const taken: string[] = [];
  let size = 0;
  for (const line of lines) {
    size += Buffer.byteLength(line) + 1;
    if (size > bytes && taken.length === 0)
      taken.push(
        `${Buffer.from(line)
          .subarray(0, bytes - 4)
          .toString("utf8")
          .replace(/\uFFFD+$/, "")}…`,
      );
    if (size > bytes) break;
    taken.push(line);
  }
  return taken;
}

/** Output for the model, and whether something was left out. */
export interface Inline {
  text: string;
  cut: boolean;
}

/** Cuts text to what fits inline: 40 % from the beginning, 60 % from the end, on line boundaries. */
export function cutToFit(text: string, notice: (shown: number, total: number) => string): Inline {
  const tidy = tidyOutput(text);
  if (tidy.length <= wholeChars) return { text: tidy, cut: false };
  const lines = tidy.split("\n");
  const head = takeHead(lines, cutBytes * headShare);
  const tail = takeHead(lines.slice(head.length).reverse(), cutBytes * (1 - headShare)).reverse();
  return { text: [...head, notice(head.length + tail.length, lines.length), ...tail].join("\n"), cut: true };
}

/** The output of one command inline: whole up to 12,000 characters, else head and tail with where the rest is. */
export function renderOutput(result: ExecResult, place: string): Inline {
  if (result.binary)
    return { text: `[binary, ${result.outputBytes} bytes, sha256 ${result.outputSha256}]`, cut: false };
  const notice = (shown: number, total: number): string =>
    `[truncated: ${shown} of ${count(total)} lines shown. Full: ${place} — use read(path, start, lines) or grep]`;
  if (result.whole !== null) return cutToFit(result.whole, (shown, total) => notice(shown, total));
  const head = takeHead(tidyOutput(result.head).split("\n").slice(0, -1), cutBytes * headShare);
  const tail = takeHead(tidyOutput(result.tail).split("\n").slice(1).reverse(), cutBytes * (1 - headShare)).reverse();
  return { text: [...head, notice(head.length + tail.length, result.outputLines), ...tail].join("\n"), cut: true };
}

const count = (number: number): string => number.toLocaleString("en-US");
