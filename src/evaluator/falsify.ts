import { type Comparing, comparingOf } from "./comparing.ts";

/** Longer lines are data, and would cost a pattern the square of their length. */
const longestLine = 500;

/**
 * A file of tests that expects what no product can return, where it compares with a plain value: code that is equal to
 * anything, answers what the test's own line says, or keeps assertions from being heard passes that too. With `raises` the
 * same lines only fail: what passes then, never gets there. Null where nothing is compared so, or the language is not known.
 */
export function falsify(path: string, source: string, word: string, raises: boolean): string | null {
  const comparing = comparingOf(path);
  if (!comparing) return null;
  const changed = source
    .split("\n")
    .map((line) => {
      const other = expectOther(line, comparing, word);
      if (other === null) return line;
      return raises ? other.raised : other.wrong;
    })
    .join("\n");
  return changed === source ? null : changed;
}

/** The line with another expected value, and the line that only fails; null when it compares with none. */
function expectOther(
  line: string,
  { literal, isTyped, comparisons, calls, raise }: Comparing,
  word: string,
): { wrong: string; raised: string } | null {
  if (line.length > longestLine) return null;
  const raised = `${/^[ \t]*/.exec(line)![0]}${raise(word)}`;
  const other = (found: string): string => {
    const quote = /^["']/.exec(found)?.[0] ?? (isTyped ? "" : '"');
    return quote === "" ? "918273645" : `${quote}${word}${quote}`;
  };
  for (const { before, after, ...own } of comparisons) {
    const found = new RegExp(`^([ \\t]*${before})(${literal})(${after})`).exec(line);
    if (!found) continue;
    const wrong = `${found[1]}${other(found[2]!)}${line.slice(found[1]!.length + found[2]!.length)}`;
    return { wrong, raised: own.raise?.(line, word) ?? raised };
  }
  for (const { name, expected } of calls) {
    const head = new RegExp(`^[ \\t]*(?:${name})\\s*\\(`).exec(line)?.[0];
    const args = head === undefined ? null : argumentsOf(line.slice(head.length));
    if (
      head === undefined ||
      !args ||
      !/^[ \t]*[;.]?[ \t]*(?:\}?[ \t]*\)[ \t]*;?[ \t]*)?(?:\/\/.*|#.*)?$/.test(args.rest)
    )
      continue;
    const isPlain = (arg: string): boolean => new RegExp(`^\\s*(?:${literal})\\s*$`).test(arg);
    const at = expected(args.list, isPlain);
    if (at.length === 0) continue;
    const list = args.list.map((arg, index) => (at.includes(index) ? ` ${other(arg.trim())}` : arg));
    return { wrong: `${head}${list.join(",").trimStart()})${args.rest}`, raised };
  }
  return null;
}

/** The arguments of a call up to its closing bracket, and what stands behind it; null where it does not close on this line. */
function argumentsOf(from: string): { list: string[]; rest: string } | null {
  const list: string[] = [];
  let depth = 0;
  let start = 0;
  let quote = "";
  for (let at = 0; at < from.length; at += 1) {
    const char = from[at]!;
    if (quote !== "") {
      if (char === "\\") at += 1;
      else if (char === quote) quote = "";
    } else if (char === '"' || char === "'" || char === "`") quote = char;
    else if ("([{".includes(char)) depth += 1;
    else if (")]}".includes(char)) {
      depth -= 1;
      if (depth < 0) return { list: [...list, from.slice(start, at)], rest: from.slice(at + 1) };
    } else if (char === "," && depth === 0) {
      list.push(from.slice(start, at));
      start = at + 1;
    }
  }
  return null;
}
