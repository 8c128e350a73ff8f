/** Ignore rules of a tree: the content of each `.gitignore` by the folder that holds it (`""` is the top). */
export interface IgnoreRules {
  /** Whether a path below the top is ignored by its own rules; parents are the caller's business. */
  isIgnored(path: string, isFolder: boolean): boolean;
}

interface Rule {
  negated: boolean;
  folderOnly: boolean;
  /** Matches the path relative to the rule's folder, or only the name when there is no slash in the pattern. */
  anchored: boolean;
  matcher: RegExp;
}

/** Compiles ignore rules as gitignore(5) has them. `extra` are lines of lowest precedence at the top. */
export function readIgnoreRules(files: ReadonlyMap<string, string>, extra: readonly string[] = []): IgnoreRules {
  const byFolder = new Map<string, Rule[]>();
  for (const [folder, text] of files) byFolder.set(folder, readRules(text));
  const lowest = readRules(extra.join("\n"));
  return {
    isIgnored(path, isFolder) {
      const name = path.slice(path.lastIndexOf("/") + 1);
      for (let folder = parentOf(path); ; folder = parentOf(folder)) {
        const rules = byFolder.get(folder) ?? [];
        const relative = folder === "" ? path : path.slice(folder.length + 1);
        const found = lastMatch(rules, relative, name, isFolder);
        if (found !== null) return found;
        if (folder === "") return lastMatch(lowest, path, name, isFolder) ?? false;
      }
    },
  };
}

function lastMatch(rules: readonly Rule[], relative: string, name: string, isFolder: boolean): boolean | null {
  for (let at = rules.length - 1; at >= 0; at -= 1) {
    const rule = rules[at]!;
    if (rule.folderOnly && !isFolder) continue;
    if (rule.matcher.test(rule.anchored ? relative : name)) return !rule.negated;
  }
  return null;
}

function readRules(text: string): Rule[] {
  const rules: Rule[] = [];
  for (const raw of text.replace(/^\ufeff/, "").split("\n")) {
    const rule = readRule(raw.endsWith("\r") ? raw.slice(0, -1) : raw);
    if (rule) rules.push(rule);
  }
  return rules;
}

function readRule(raw: string): Rule | null {
  if (raw.startsWith("#")) return null;
  let line = trimSpaces(raw);
  const negated = line.startsWith("!");
  if (negated) line = line.slice(1);
  const folderOnly = line.endsWith("/");
  if (folderOnly) line = line.slice(0, -1);
  if (line === "") return null;
  const anchored = line.includes("/");
  if (line.startsWith("/")) line = line.slice(1);
  const source = renderPattern(line);
  return source === null ? null : { negated, folderOnly, anchored, matcher: new RegExp(`^${source}$`, "su") };
}

// Trailing spaces do not count unless a backslash stands before them.
function trimSpaces(line: string): string {
  let end = line.length;
  while (end > 0 && line[end - 1] === " " && !isEscaped(line, end - 1)) end -= 1;
  return line.slice(0, end);
}

function isEscaped(line: string, at: number): boolean {
  let slashes = 0;
  for (let before = at - 1; before >= 0 && line[before] === "\\"; before -= 1) slashes += 1;
  return slashes % 2 === 1;
}

/** A wildmatch pattern as the source of a regular expression; null when it can match nothing. */
export function renderPattern(pattern: string): string | null {
  let out = "";
  let at = 0;
  while (at < pattern.length) {
    const char = String.fromCodePoint(pattern.codePointAt(at)!);
    if (char === "*") {
      const stars = /^\*+/.exec(pattern.slice(at))![0].length;
      const alone =
        (at === 0 || pattern[at - 1] === "/") && (at + stars === pattern.length || pattern[at + stars] === "/");
      const wide = stars >= 2 && alone;
      if (wide && pattern[at + stars] === "/") {
        out += "(?:.*/)?";
        at += stars + 1;
      } else {
        out += wide ? ".*" : "[^/]*";
        at += stars;
      }
    } else if (char === "?") {
      out += "[^/]";
      at += 1;
    } else if (char === "[") {
      const set = readSet(pattern, at);
      if (!set) return null;
      out += set.source;
      at = set.end;
    } else if (char === "\\") {
      if (at + 1 >= pattern.length) return null;
      const escaped = String.fromCodePoint(pattern.codePointAt(at + 1)!);
      out += quote(escaped);
      at += 1 + escaped.length;
    } else {
      out += quote(char);
      at += char.length;
    }
  }
  return out;
}

const classes: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  blank: " \\t",
  cntrl: "\\x00-\\x1f\\x7f",
  digit: "0-9",
  graph: "\\x21-\\x7e",
  lower: "a-z",
  print: "\\x20-\\x7e",
  punct: "!-\\x2f:-@\\[-`\\{-~",
  space: "\\s",
  upper: "A-Z",
  xdigit: "0-9A-Fa-f",
};

function readSet(pattern: string, from: number): { source: string; end: number } | null {
  let at = from + 1;
  const negated = pattern[at] === "!" || pattern[at] === "^";
  if (negated) at += 1;
  let body = "";
  for (let first = true; ; first = false) {
    if (at >= pattern.length) return null;
    if (pattern[at] === "]" && !first) break;
    const named = /^\[:([a-z]*):\]/.exec(pattern.slice(at));
    if (named) {
      const chars = classes[named[1]!];
      if (!chars) return null;
      body += chars;
      at += named[0].length;
      continue;
    }
    const low = readChar(pattern, at);
    if (!low) return null;
    at = low.end;
    const high =
      pattern[at] === "-" && at + 1 < pattern.length && pattern[at + 1] !== "]" ? readChar(pattern, at + 1) : null;
    if (high) at = high.end;
    if (!high) body += escapeInSet(low.char);
    else if (low.char.codePointAt(0)! <= high.char.codePointAt(0)!)
      body += `${escapeInSet(low.char)}-${escapeInSet(high.char)}`;
  }
  if (body === "") return { source: negated ? "[^/]" : "(?!)", end: at + 1 };
  return { source: negated ? `[^/${body}]` : `(?!/)[${body}]`, end: at + 1 };
}

function readChar(pattern: string, at: number): { char: string; end: number } | null {
  const from = pattern[at] === "\\" ? at + 1 : at;
  const code = pattern.codePointAt(from);
  if (code === undefined) return null;
  const char = String.fromCodePoint(code);
  return { char, end: from + char.length };
}

function quote(char: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char;
}

function escapeInSet(char: string): string {
  return char === "-" ? "\\-" : quote(char);
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}
