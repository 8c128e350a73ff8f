/** A piece of the file's text that is to be replaced, and by what. Offsets are those of the raw text. */
export interface Span {
  from: number;
  to: number;
  replacement: string;
}

/** What one rung of the ladder found. */
export interface Matches {
  rung: "exact" | "trailing whitespace" | "indentation" | "punctuation";
  spans: Span[];
}

interface Line {
  from: number;
  /** Without its line end. */
  to: number;
  text: string;
}

/** Text with LF line ends and without BOM, and for each of its positions the one in the raw text. */
export interface View {
  text: string;
  /** Raw offset of a position of `text`. */
  raw(at: number): number;
}

/** Makes the view in which `old` is looked for: only CRLF and BOM differ from the raw text. */
export function viewOf(rawText: string): View {
  const bom = rawText.startsWith("\uFEFF") ? 1 : 0;
  const body = rawText.slice(bom);
  const text = body.replaceAll("\r\n", "\n");
  if (text.length === body.length) return { text, raw: (at) => at + bom };
  const breaks: number[] = [];
  for (let at = body.indexOf("\r\n"), seen = 0; at !== -1; at = body.indexOf("\r\n", at + 2), seen += 1)
    breaks.push(at - seen);
  return {
    text,
    raw(at) {
      // number of CRLFs wholly before this position
      let low = 0;
      let high = breaks.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (breaks[middle]! < at) low = middle + 1;
        else high = middle;
      }
      return at + low + bom;
    },
  };
}

function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  for (let from = 0; from <= text.length; ) {
    const end = text.indexOf("\n", from);
    const to = end === -1 ? text.length : end;
    lines.push({ from, to, text: text.slice(from, to) });
    from = to + 1;
  }
  return lines;
}

function findAll(text: string, wanted: string): number[] {
  const found: number[] = [];
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + wanted.length)) found.push(at);
  return found;
}

/** Without white space at the end; by hand, since a regular expression looks at long runs again and again. */
function rstrip(text: string): string {
  let end = text.length;
  while (end > 0 && " \t\f\v\u00A0".includes(text[end - 1]!)) end -= 1;
  return text.slice(0, end);
}

const lstrip = (text: string): string => text.trimStart();

/** How a window is changed that fits: what becomes of each line of `new`, or null when it cannot be. */
type Change = (line: string) => string | null;

/** Whether the wanted lines fit those of the file from `at` on; white space at line ends is gone from both. */
type Fit = (lines: readonly string[], at: number, wanted: readonly string[]) => Change | null;

/** Where the wanted items stand in a row, overlaps too; one look at each item, whatever repeats (Knuth, Morris, Pratt). */
function findRows(items: readonly string[], wanted: readonly string[]): number[] {
  const back = [0];
  for (let at = 1, same = 0; at < wanted.length; at += 1) {
    while (same > 0 && wanted[at] !== wanted[same]) same = back[same - 1]!;
    if (wanted[at] === wanted[same]) same += 1;
    back.push(same);
  }
  const found: number[] = [];
  for (let at = 0, same = 0; at < items.length; at += 1) {
    while (same > 0 && (same === wanted.length || items[at] !== wanted[same])) same = back[same - 1]!;
    if (items[at] === wanted[same]) same += 1;
    if (same === wanted.length) found.push(at - same + 1);
  }
  return found;
}

/** Looks for `old` line by line; `fit` says whether a window fits and how `new` is to be changed for it. */
function findWindows(text: string, old: string, fit: Fit, replacement: string): Span[] {
  const withEnd = old.endsWith("\n");
  const wanted = (withEnd ? old.slice(0, -1) : old).split("\n").map(rstrip);
  if (wanted.every((line) => line === "")) return [];
  const lines = linesOf(text);
  const stripped = lines.map((line) => rstrip(line.text));
  const spans: Span[] = [];
  let free = 0;
  for (const at of findRows(stripped.map(lstrip), wanted.map(lstrip))) {
    const last = lines[at + wanted.length - 1]!;
    if (at < free || (withEnd && last.to === text.length)) continue;
    const change = fit(stripped, at, wanted);
    const changed = change ? changeLines(replacement, change) : null;
    if (changed === null) continue;
    spans.push({ from: lines[at]!.from, to: withEnd ? last.to + 1 : last.to, replacement: changed });
    free = at + wanted.length;
  }
  return spans;
}

function changeLines(text: string, change: Change): string | null {
  const changed = text.split("\n").map((line) => (line.trim() === "" ? line : change(line)));
  return changed.every((line) => line !== null) ? changed.join("\n") : null;
}

const fitTrailing: Fit = (lines, at, wanted) =>
  wanted.every((want, index) => lines[at + index] === want) ? (line) => line : null;

/** All non-blank lines differ from the wanted ones by one constant prefix of white space, in one direction. */
const fitIndentation: Fit = (lines, at, wanted) => {
  let prefix: string | null = null;
  let added = true;
  for (const [index, want] of wanted.entries()) {
    const line = lines[at + index]!;
    if ((line === "") !== (want === "")) return null;
    if (line === "") continue;
    if (prefix === null) {
      added = line.length >= want.length;
      prefix = added ? line.slice(0, line.length - want.length) : want.slice(0, want.length - line.length);
      if (prefix === "" || prefix.trim() !== "") return null;
    }
    if (added ? line !== prefix + want : want !== prefix + line) return null;
  }
  if (prefix === null) return null;
  const shift = prefix;
  return added ? (line) => shift + line : (line) => (line.startsWith(shift) ? line.slice(shift.length) : null);
};

const punctuation: readonly (readonly [RegExp, string])[] = [
  [/[\u2018\u2019\u201A\u201B\u2032]/g, "'"],
  [/[\u201C\u201D\u201E\u201F\u2033]/g, '"'],
  [/[\u2010-\u2015\u2212]/g, "-"],
  [/[\u00A0\u2002-\u200A\u202F\u205F\u3000]/g, " "],
];

/** The same text with typographic quotes, dashes and spaces as ASCII; lengths stay, so offsets do too. */
function asciiPunctuation(text: string): string {
  return punctuation.reduce((done, [pattern, plain]) => done.replace(pattern, plain), text);
}

/** The first rung on which `old` is found at all; the caller decides whether the count is right. */
export function findMatches(text: string, old: string, replacement: string): Matches | null {
  const plain = (haystack: string, needle: string): Span[] =>
    findAll(haystack, needle).map((from) => ({ from, to: from + needle.length, replacement }));
  const rungs: [Matches["rung"], () => Span[]][] = [
    ["exact", () => plain(text, old)],
    ["trailing whitespace", () => findWindows(text, old, fitTrailing, replacement)],
    ["indentation", () => findWindows(text, old, fitIndentation, replacement)],
    ["punctuation", () => plain(asciiPunctuation(text), asciiPunctuation(old))],
    ["punctuation", () => findWindows(asciiPunctuation(text), asciiPunctuation(old), fitTrailing, replacement)],
  ];
  for (const [rung, find] of rungs) {
    const spans = find();
    if (spans.length > 0) return { rung, spans };
  }
  return null;
}

/** Line number (from 1) of a position. */
export function lineAt(text: string, at: number): number {
  let line = 1;
  for (let end = text.indexOf("\n"); end !== -1 && end < at; end = text.indexOf("\n", end + 1)) line += 1;
  return line;
}
