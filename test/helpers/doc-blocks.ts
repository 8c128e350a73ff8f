import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A fenced block of a document. */
export interface DocBlock {
  /** `docs/x.md:12`, where the block begins. */
  at: string;
  language: string;
  /** Words after the language, such as `tested=library`. */
  marks: string[];
  text: string;
  /** What follows the block, up to the next heading or block. */
  after: string;
}

/** A document for people. */
export interface Doc {
  path: string;
  text: string;
  blocks: DocBlock[];
  /** The text without its blocks. */
  prose: string;
}

const fence = /^(```+)([^\n`]*)\n([\s\S]*?)^\1[ \t]*$/gm;

/** Reads one document's blocks and prose. */
export function readDoc(path: string, text: string): Doc {
  const found = [...text.matchAll(fence)];
  const blocks = found.map((match, at): DocBlock => {
    const [language = "", ...marks] = match[2]!.trim().split(/\s+/);
    const end = match.index + match[0].length;
    const after = text.slice(end, found[at + 1]?.index ?? text.length).split(/^#/m)[0]!;
    const line = text.slice(0, match.index).split("\n").length;
    return { at: `${path}:${line}`, language, marks, text: match[3]!, after };
  });
  return { path, text, blocks, prose: text.replaceAll(fence, "") };
}

/** Every document of the repository that people read. */
export function readDocs(root: string): Doc[] {
  const docs = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`);
  return ["README.md", ".github/CONTRIBUTING.md", ...docs.sort()].map((path) =>
    readDoc(path, readFileSync(join(root, path), "utf8")),
  );
}

/** The command lines of a block: after `$ ` in a console, every line but comments in a script; continued lines are joined. */
export function commandLines({ language, text }: DocBlock): string[] {
  const lines = text.replaceAll("\\\n", " ").split("\n");
  if (language === "console") return lines.filter((line) => line.startsWith("$ ")).map((line) => line.slice(2));
  if (!["", "sh", "bash", "shell"].includes(language)) return [];
  return lines.map((line) => line.replace(/(?:^|\s)#.*$/, "").trim()).filter(Boolean);
}

/** Simple commands of a line, as words; quotes are taken off, assignments in front are left out. */
export function splitCommands(line: string): string[][] {
  const words: string[][] = [[]];
  for (const [token] of line.matchAll(/&&|\|\||[|;]|(?:"[^"]*"|'[^']*'|[^\s"'|;&])+/g)) {
    if (/^(?:&&|\|\||[|;])$/.test(token)) words.push([]);
    else words.at(-1)!.push(token.replaceAll(/["']/g, ""));
  }
  return words
    .map((command) => command.slice(command.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word))))
    .filter((command) => command.length > 0);
}

/** GitHub's anchor of a heading. */
export function anchorsOf(text: string): Set<string> {
  const headings = [...text.replaceAll(fence, "").matchAll(/^#{1,6} +(.+)$/gm)].map((match) => match[1]!);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
        .trim()
        .replaceAll(/\s/g, "-"),
    ),
  );
}
