import { testLanguageOf } from "./test-language.ts";

/** How one language compares with a plain value, line by line, and how a line of it fails. */
interface Comparing {
  /** Plain values as the language writes them; `{}` and the like where anything may stand in their place. */
  literal: string;
  /** A text or a number of the same type that no product returns; where types do not matter, always the text. */
  isTyped: boolean;
  /** Each with the indent, what stands before the expected value, and what may stand behind it. */
  comparisons: readonly { before: string; after: string; raise?(line: string, word: string): string }[];
  /** Calls whose arguments are told apart: which of them are expected values. */
  calls: readonly { name: string; expected(args: readonly string[], isPlain: (arg: string) => boolean): number[] }[];
  raise(word: string): string;
}

const text = String.raw`"(?:[^"\n\\]|\\.)*"`;
const texts = String.raw`${text}|'[^'\n\\]*'`;
const numbers = String.raw`-?\d[\w.]*`;
/** Longer lines are data, and would cost a pattern the square of their length. */
const longestLine = 500;
/** Lists and tables that hold no calls and no others. */
const flat = String.raw`\[[^\[\]()\n]*\]|\{[^{}()\n]*\}`;
const end = String.raw`[ \t]*;?[ \t]*`;

/** The value that is expected comes first, and a message last if there is one. */
const first = (args: readonly string[], isPlain: (arg: string) => boolean): number[] =>
  args.length >= 2 && isPlain(args[0]!) && !isPlain(args[1]!) ? [0] : [];
const second = (args: readonly string[], isPlain: (arg: string) => boolean): number[] =>
  args.length >= 2 && isPlain(args[1]!) && !isPlain(args[0]!) ? [1] : [];
/** Of two, the one that is a plain value; with three, JUnit 4 has a message first and JUnit 5 last. */
const either = (args: readonly string[], isPlain: (arg: string) => boolean): number[] =>
  args.length === 2 ? [...first(args, isPlain), ...second(args, isPlain)] : [];

/** Of the first two; a message may come last. */
const eitherOfTwo = (args: readonly string[], isPlain: (arg: string) => boolean): number[] =>
  either(args.slice(0, 2), isPlain);

/** What stands before an assertion in a test of one line, and what closes it. */
const jsHead = String.raw`(?:.*=>\s*\{?\s*)?(?:(?:return|await)\s+)*`;
const jsTail = String.raw`${end}(?:\}?[ \t]*\)${end})?(?=//|$)`;

const js: Comparing = {
  literal: `${numbers}|${texts}|\`[^\`\\n$\\\\]*\`|true|false|null|undefined|${flat}`,
  isTyped: false,
  comparisons: [
    {
      before: String.raw`${jsHead}expect\(.*\)(?:\.(?:resolves|to|be|deep|and))*\.(?:toBe|toEqual|toStrictEqual|equals?|eql?)\(\s*`,
      after: String.raw`\s*\)${jsTail}`,
    },
    { before: String.raw`.*\.should(?:\.(?:be|deep))*\.(?:equal|eql|exactly)\(\s*`, after: String.raw`\s*\)${jsTail}` },
  ],
  calls: [
    {
      name: String.raw`${jsHead}(?:[\w$]+\.)*(?:is|equals?|strictEqual|deepEqual|deepStrictEqual|same|strictSame|eq|assertEquals|assertStrictEquals)`,
      expected: eitherOfTwo,
    },
  ],
  // An expression, since it may stand in the place of one.
  raise: (word) => `void (() => { throw new Error("${word}"); })()`,
};

const python: Comparing = {
  literal: String.raw`${numbers}|"[^"\n\\]*"|'[^'\n\\]*'|True|False|None|${flat}|\(\)`,
  isTyped: false,
  comparisons: [
    { before: String.raw`assert\b[^#\n]*==\s*`, after: String.raw`[ \t]*(?=#|$)` },
    { before: String.raw`self\.assertEquals?\([^#\n]*,\s*`, after: String.raw`\)[ \t]*(?=#|$)` },
  ],
  calls: [],
  raise: (word) => `raise AssertionError("${word}")`,
};

const ruby: Comparing = {
  literal: String.raw`${numbers}|${texts}|:\w+|true|false|nil|\[\]|\{\}`,
  isTyped: false,
  comparisons: [
    { before: String.raw`expect\(.*\)\.to[ (]eq[l ]?[ (]\s*`, after: String.raw`[ \t)]*$` },
    { before: String.raw`.*\.must_equal[ (]\s*`, after: String.raw`\)?[ \t]*$` },
    { before: String.raw`assert_equal[ \t]+`, after: String.raw`(?=[ \t]*,[^\n]*$)` },
  ],
  calls: [{ name: "assert_equal", expected: first }],
  raise: (word) => `raise "${word}"`,
};

const php: Comparing = {
  literal: String.raw`${numbers}|${texts}|true|false|null|\[\]`,
  isTyped: false,
  comparisons: [{ before: String.raw`expect\(.*\)->to(?:Be|Equal)\(\s*`, after: String.raw`\s*\)${end}$` }],
  calls: [{ name: String.raw`(?:\$this->|self::|static::)assert(?:Same|Equals)`, expected: first }],
  raise: (word) => `throw new \\RuntimeException("${word}");`,
};

const jvm: Comparing = {
  literal: `${text}|${numbers}`,
  isTyped: true,
  comparisons: [
    { before: String.raw`assertThat\(.*\)\.isEqualTo\(\s*`, after: String.raw`\s*\)${end}$` },
    { before: String.raw`.*\bshouldBe[ \t]+`, after: String.raw`[ \t]*$` },
  ],
  calls: [{ name: String.raw`(?:Assert(?:ions)?\.)?assertEquals`, expected: either }],
  raise: (word) => `if (true) throw new RuntimeException("${word}");`,
};

const perl: Comparing = {
  literal: `${numbers}|${texts}`,
  isTyped: false,
  comparisons: [],
  calls: [{ name: "is", expected: second }],
  raise: (word) => `die "${word}";`,
};

const c: Comparing = {
  literal: `${text}|${numbers}`,
  isTyped: true,
  comparisons: [
    {
      before: String.raw`\w*(?:assert|ASSERT|CHECK|REQUIRE|EXPECT)\w*\s*\(\s*!?\s*str(?:n?case)?cmp\s*\([^"\n]*,\s*`,
      after: String.raw`\s*\)(?:\s*==\s*0)?\s*\)${end}$`,
    },
    {
      before: String.raw`\w*(?:assert|ASSERT|CHECK|REQUIRE|EXPECT)\w*\s*\([^"\n&|]*==\s*`,
      after: String.raw`\s*\)${end}$`,
    },
  ],
  calls: [{ name: String.raw`(?:EXPECT|ASSERT)_(?:STR)?EQ|ck_assert_\w+_eq|TEST_ASSERT_EQUAL\w*`, expected: either }],
  raise: () => "__builtin_trap();",
};

const go: Comparing = {
  literal: `${text}|${numbers}`,
  isTyped: true,
  comparisons: [
    {
      before: String.raw`if\b[^"\n]*(?:"[^"\n]*"[^"\n]*)*!=\s*`,
      after: String.raw`\s*\{[ \t]*$`,
      raise: (line, word) => line.replace(/\{[ \t]*$/, `|| true { panic("${word}")`),
    },
  ],
  calls: [
    {
      name: String.raw`(?:assert|require)\.Equal`,
      expected: (args, isPlain) => either(args.slice(1, 3), isPlain).map((at) => at + 1),
    },
  ],
  raise: (word) => `panic("${word}")`,
};

const rust: Comparing = {
  literal: `${text}|${numbers}`,
  isTyped: true,
  comparisons: [],
  calls: [{ name: "assert_eq!", expected: eitherOfTwo }],
  raise: (word) => `panic!("${word}");`,
};

const shell: Comparing = {
  literal: String.raw`${texts}|[\w.-]+`,
  isTyped: false,
  comparisons: [
    {
      before: String.raw`\[\[?[ \t]+[^\n]*[ \t]==?[ \t]+`,
      after: String.raw`[ \t]+\]\]?[ \t]*(?:\|\|[ \t]*(?:exit|return|false|fail)\b.*)?$`,
    },
  ],
  calls: [],
  raise: () => "(exit 97)",
};

const languages: Readonly<Record<string, Comparing>> = { js, python, ruby, php, jvm, perl, c, go, rust, shell };

/**
 * A file of tests that expects what no product can return, where it compares with a plain value: code that is equal to
 * anything, answers what the test's own line says, or keeps assertions from being heard passes that too. With `raises` the
 * same lines only fail: what passes then, never gets there. Null where nothing is compared so, or the language is not known.
 */
export function falsify(path: string, source: string, word: string, raises: boolean): string | null {
  const comparing = languages[testLanguageOf(path)?.name ?? (path.endsWith(".sh") ? "shell" : "")];
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
    if (head === undefined || !args || !/^[ \t]*;?[ \t]*(?:\}?[ \t]*\)[ \t]*;?[ \t]*)?(?:\/\/.*|#.*)?$/.test(args.rest))
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
