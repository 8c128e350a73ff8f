import { Refusal } from "./protocol.ts";

const special = /[.+^$()|\\]/;

/**
 * A glob as a regular expression over relative paths: `*`, `?`, `[…]`, `{a,b}`, and `**` for any number of directories. A
 * pattern without a slash fits names in every directory.
 */
export function readGlob(pattern: string): RegExp {
  if (pattern.length > 500) throw new Refusal("the glob is longer than 500 characters");
  const rooted = pattern.replace(/^\/workspace\//, "").replace(/^\.\//, "");
  // several in a row mean the same as one, and would be tried in every way
  const full = (rooted.includes("/") ? rooted : `**/${rooted}`).replace(/(?<=^|\/)(?:\*\*+\/)+/g, "**/");
  let out = "";
  let depth = 0;
  for (let at = 0; at < full.length; at += 1) {
    const char = full[at]!;
    if (char === "*" && full[at + 1] === "*") {
      const afterSlash = at === 0 || full[at - 1] === "/";
      while (full[at + 1] === "*") at += 1;
      if (afterSlash && full[at + 1] === "/") {
        at += 1;
        out += "(?:.*/)?";
      } else out += ".*";
    } else if (char === "*") out += "[^/]*";
    else if (char === "?") out += "[^/]";
    else if (char === "[") {
      const end = full.indexOf("]", at + 2);
      if (end === -1) out += "\\[";
      else {
        out += `[${full
          .slice(at + 1, end)
          .replace(/^!/, "^")
          .replaceAll("\\", "\\\\")
          .replaceAll("[", "\\[")}]`;
        at = end;
      }
    } else if (char === "{" && full.indexOf("}", at) !== -1) {
      depth += 1;
      out += "(?:";
    } else if (char === "}" && depth > 0) {
      depth -= 1;
      out += ")";
    } else if (char === "," && depth > 0) out += "|";
    else out += special.test(char) || "{}]".includes(char) ? `\\${char}` : char;
  }
  try {
    return new RegExp(`^${out}$`, "s");
  } catch {
    throw new Refusal(`the glob ${pattern} cannot be read: allowed are *, **, ?, [a-z] and {a,b}`);
  }
}

/** Directories that a search leaves out unless the pattern or path names them. */
export const skippedDirs: readonly string[] = [".git", "node_modules"];

/** Which of the skipped directories a pattern or path asks for by name. */
export function askedFor(...texts: (string | undefined)[]): Set<string> {
  return new Set(skippedDirs.filter((name) => texts.some((text) => text?.split(/[/{},]/).includes(name))));
}
