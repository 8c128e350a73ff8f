/**
 * Text of a model, a person or a program made inert for GitHub markdown: it shows as it reads, and mentions nobody,
 * closes nothing, loads nothing, links nowhere and opens no element.
 */
export function escapeMarkdown(text: string): string {
  return plain(text)
    .replace(/[\\`*_~[\]()#+\-.!|>=]/g, (char, at: number, all: string) =>
      needsBackslash(char, at, all) ? `\\${char}` : char,
    )
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replace(/(?<!\\)>/g, "&gt;")
    .replace(/@(?=[\w\\-])/g, "@\u200b")
    .replace(/#(?=\d)/g, "#\u200b")
    .replace(/\bGH-(?=\d)/gi, "GH\u200b-")
    .replace(/(https?|ftp|mailto|xmpp):/gi, "$1:\u200b")
    .replace(/www\./gi, "www\u200b.");
}

/** The same for one line, such as a cell of a table: no line breaks, at most `most` characters of text. */
export function escapeLine(text: string, most = 300): string {
  const line = plain(text).replace(/\s+/g, " ").trim();
  return escapeMarkdown(line.length > most ? `${line.slice(0, most - 1).trimEnd()}…` : line);
}

/** A code span that no content can leave. Not for cells of a table, where a pipe would end the cell. */
export function codeSpan(text: string, most = 200): string {
  const line = closeNothing(plain(text)).replace(/\s+/g, " ").trim().slice(0, most);
  if (line === "") return "";
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map((m) => m[0].length));
  const fence = "`".repeat(longest + 1);
  const pad = line.startsWith("`") || line.endsWith("`") ? " " : "";
  return `${fence}${pad}${line}${pad}${fence}`;
}

/** A fenced block that no content can leave; keeps the last `most` characters from a whole line on. */
export function codeBlock(text: string, most = 2_000): string {
  const whole = closeNothing(plain(text)).trimEnd();
  const cut = whole.length > most ? whole.slice(-most) : whole;
  const body = cut === whole || !cut.includes("\n") ? cut : cut.slice(cut.indexOf("\n") + 1);
  const longest = Math.max(2, ...[...body.matchAll(/`+/g)].map((m) => m[0].length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${body}\n${fence}`;
}

/** A multi-line text as a quotation, inert line by line. */
export function quoteBlock(text: string, most = 2_000): string {
  const cut = text.length > most ? `${text.slice(0, most)}…` : text;
  return cut
    .trim()
    .split(/\r\n|\r|\n/)
    .map((line) => `> ${escapeMarkdown(line)}`.trimEnd())
    .join("\n");
}

/** Code is not read for references, but a body is searched for closing words and for our markers before it is rendered. */
function closeNothing(text: string): string {
  return text
    .replaceAll("<!--", "<!\u200b--")
    .replace(/\b(close[sd]?|fix(?:e[sd])?|resolve[sd]?)(:?\s+\S*?)#(?=\d)/gi, "$1$2#\u200b");
}

/** Characters that steer a terminal or hide text have no place in a report. */
function plain(text: string): string {
  return text
    .replace(/\u001b\[[0-9;]*[A-Za-z]/g, "")
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, "")
    .replace(/\r\n?/g, "\n");
}

/** Punctuation that steers markdown only at the beginning of a line stays as it is elsewhere, so that text stays legible. */
function needsBackslash(char: string, at: number, all: string): boolean {
  if (!"#+-.>!()=".includes(char)) return true;
  if (char === "!") return all[at + 1] === "[";
  if (char === "(" || char === ")") return false;
  const line = all.slice(all.lastIndexOf("\n", at - 1) + 1, at);
  if (char === ".") return /^\s*\d+$/.test(line);
  return line.trim() === "";
}
