/** Program text without its comments, line breaks kept; strings stay. Good enough to count by, not a parser. */
export function stripComments(text: string, hash: boolean): string {
  return hash ? stripHash(text) : stripSlashes(text);
}

function stripSlashes(text: string): string {
  let out = "";
  let at = 0;
  while (at < text.length) {
    const char = text[at]!;
    const two = text.slice(at, at + 2);
    if (two === "//" && !text.startsWith("//go:build", at)) {
      at = endOf(text, "\n", at);
    } else if (two === "/*") {
      const end = text.indexOf("*/", at + 2);
      const stop = end < 0 ? text.length : end + 2;
      out += text.slice(at, stop).replace(/[^\n]/g, " ");
      at = stop;
    } else if (char === '"' || char === "'" || char === "`") {
      const stop = endOfString(text, at, char);
      out += text.slice(at, stop);
      at = stop;
    } else if (char === "/" && /(?:^|[(,=:[!&|?{};\n>]|return)\s*$/.test(out.slice(-20))) {
      const stop = endOfRegex(text, at);
      out += text.slice(at, stop);
      at = stop;
    } else {
      out += char;
      at++;
    }
  }
  return out;
}

function stripHash(text: string): string {
  return text
    .replace(/(?:^|(?<=\n))[ \t]*("""|''')[\s\S]*?\1/g, (all) => all.replace(/[^\n]/g, " "))
    .split("\n")
    .map((line) => line.replace(/^((?:[^#"']|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')*)#.*$/, "$1"))
    .join("\n");
}

function endOf(text: string, mark: string, from: number): number {
  const end = text.indexOf(mark, from);
  return end < 0 ? text.length : end;
}

function endOfString(text: string, start: number, quote: string): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === quote) return at + 1;
    // An apostrophe in JSX text or a Rust lifetime is no string: it ends with the line.
    else if (text[at] === "\n" && quote !== "`") return at;
  }
  return text.length;
}

function endOfRegex(text: string, start: number): number {
  let inClass = false;
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at]!;
    if (char === "\n") return start + 1;
    if (char === "\\") at++;
    else if (char === "[") inClass = true;
    else if (char === "]") inClass = false;
    else if (char === "/" && !inClass) return at + 1;
  }
  return start + 1;
}
