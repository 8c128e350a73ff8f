import { stripComments } from "./strip-comments.ts";
import { testLanguageOf } from "./test-language.ts";

/** Where the work tree lies inside the walls. */
const workspace = "/workspace";

/**
 * A file of tests that empties itself on the disk before the product is loaded, and the file that it needs for it. Null
 * when the language is not known. With `keeps` it does all the same but stays: what fails then, fails for another reason.
 */
export function hideTest(path: string, text: string, word: string, keeps: boolean): Map<string, string> | null {
  const language = testLanguageOf(path)?.name;
  const target = keeps ? `${workspace}/${word}` : `${workspace}/${path}`;
  if (language === "python") return new Map([[path, hidePython(text, target)]]);
  if (language !== "js") return null;
  const empty = (write: string): string => `try { ${write}(${JSON.stringify(target)}, ""); } catch {}\n`;
  if (!/^\s*(?:import\b(?!\s*\()|export\b)/m.test(stripComments(text, false)))
    return new Map([[path, afterHead(text, /^#![^\n]*\n/, empty('require("node:fs").writeFileSync'))]]);
  const extension = /\.[cm]?[jt]sx?$/.exec(path)?.[0] ?? ".js";
  const helper = `${path.split("/").slice(0, -1).concat(word).join("/")}${extension}`;
  return new Map([
    [path, afterHead(text, /^#![^\n]*\n/, `import "./${word}${extension}";\n`)],
    [helper, `import { writeFileSync } from "node:fs";\n${empty("writeFileSync")}`],
  ]);
}

function hidePython(text: string, target: string): string {
  const empty = `try:\n    open(${JSON.stringify(target)}, "w").close()\nexcept OSError:\n    pass\n`;
  return afterHead(text, /^(?:#![^\n]*\n)?(?:[\s\S]*^from __future__ [^\n]*\n)?/m, empty);
}

function afterHead(text: string, head: RegExp, added: string): string {
  const end = head.exec(text)?.[0].length ?? 0;
  return `${text.slice(0, end)}${added}${text.slice(end)}`;
}
