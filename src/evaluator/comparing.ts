import { noProgram } from "./break-tests.ts";
import { isProgram } from "./test-files.ts";
import { extensionOf, testLanguageOf } from "./test-language.ts";

/** How one language compares with a plain value, line by line, and how a line of it fails. */
export interface Comparing {
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
/** Lists and tables that hold no calls and no others. */
const flat = String.raw`\[[^\[\]()\n]*\]|\{[^{}()\n]*\}`;
/** What stands between, texts as a whole. */
const quoted = String.raw`(?:[^"\n]|"(?:[^"\\\n]|\\.)*")*?`;
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
    { before: String.raw`assert\b(?!${quoted}\b(?:not|or)\b)[^#\n]*==\s*`, after: String.raw`[ \t]*(?=#|$)` },
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

/** Assertions that something holds; those that it does not are left out. */
const cAssertion = String.raw`(?!\w*(?:FALSE|False|NOT|_NE\b|THROW))\w*(?:assert|ASSERT|CHECK|REQUIRE|EXPECT)\w*`;

const c: Comparing = {
  literal: `${text}|${numbers}`,
  isTyped: true,
  comparisons: [
    {
      before: String.raw`${cAssertion}\s*\(\s*!\s*str(?:case)?cmp\s*\(${quoted},\s*`,
      after: String.raw`\s*\)\s*\)${end}$`,
    },
    {
      before: String.raw`${cAssertion}\s*\(\s*str(?:case)?cmp\s*\(${quoted},\s*`,
      after: String.raw`\s*\)\s*==\s*0\s*\)${end}$`,
    },
    {
      before: String.raw`${cAssertion}\s*\((?!${quoted}(?:&&|\|\||\?))${quoted}==\s*`,
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
      // Of two values that are both allowed, another than one may rightly be there.
      before: String.raw`if\b(?!${quoted}&&)[^"\n]*(?:"[^"\n]*"[^"\n]*)*!=\s*`,
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
      before: String.raw`\[\[?[ \t]+(?!.*[ \t]-o[ \t])[^\n|]*[ \t]==?[ \t]+`,
      after: String.raw`[ \t]+\]\]?[ \t]*(?:\|\|[ \t]*(?:exit|return|false|fail)\b.*)?$`,
    },
  ],
  calls: [],
  raise: () => "(exit 97)",
};

const languages: Readonly<Record<string, Comparing>> = { js, python, ruby, php, jvm, perl, c, go, rust, shell };

/** Lines that decide, deny, or hold when something else does: with another value they may rightly pass. */
const plainly = String.raw`(?!${quoted}(?:(?<![a-zA-Z])(?:[nN]ot|or|refute|isnt|unlike|never|unless|differs?)(?![a-z])|Not[A-Z(]|!=|~=|\/=|<>|\|\||\s\?\s))(?![\s})]*(?:if|elif|elseif|elsif|else|when|while|case|for|switch|match|return)\b)`;
const asserting = String.raw`(?:[aA]ssert|[cC]heck|[eE]xpect|[sS]hould|[rR]equire|[vV]erify|[eE]nsure|[mM]ust|[@ ]test)\w*\W`;
/** What may stand behind the expected value: brackets, a message, a comment. */
const rest = String.raw`[\s)\]}]*[;.]?(?:,.*|\s*(?:#|//|--).*)?$`;

/** Of two, the one that is a plain value; of three, both, since either end may be a message. Named ones do not count. */
const eitherOrBoth = (args: readonly string[], isPlain: (arg: string) => boolean): number[] => {
  const unnamed = args.flatMap((arg, at) => (/^\s*(?:\w+\s*=(?!=)|~?\w+\s*:\s)/.test(arg) ? [] : [at]));
  const plain = unnamed.filter((at) => isPlain(args[at]!));
  return [2, 3].includes(unnamed.length) && plain.length === unnamed.length - 1 ? plain : [];
};

/** What assertions look like in most languages; those above have rules of their own. */
const anyLanguage: Omit<Comparing, "raise"> = {
  literal: `${numbers}|${text}|'(?:[^'\\n\\\\]|\\\\.)*'`,
  isTyped: true,
  comparisons: [
    { before: String.raw`${plainly}(?:.*\W)?${asserting}\s*`, after: String.raw`\s*===?\s+\S.*$` },
    ...[
      // (is (= "a" (f x))), assert_equal "a" (f x), Expect.equal "a" (f x)
      String.raw`${plainly}.*\((?:is|check|assert|expect|test|should)\b.*\((?:=|equal\??|eqv?\??|string=\??)\s+`,
      String.raw`${plainly}.*\(check-equal\?\s+`,
      String.raw`${plainly}.*\b(?:assert_equal|Expect\.equal)\s+(?:~\w+(?::\S+)?\s+)*`,
      // Alcotest and HUnit: a name stands before the value.
      String.raw`${plainly}.*\(check\s[^"\n]*\)\s+"[^"\n]*"\s+`,
      String.raw`${plainly}.*\bassertEqual\s+"[^"\n]*"\s+`,
    ].map((before) => ({ before, after: String.raw`(?=\s+\S)` })),
    ...[
      String.raw`${plainly}.*${asserting}.*[^=!<>~](?:===?|=\?=)\s*`,
      String.raw`${plainly}.*${asserting}(?:.*\W)?(?:eql?|[eE]quals?|EqualTo|[bB]e|toBe|is)[\s(]+`,
      String.raw`${plainly}.*\((?:(?:is|check|assert|expect|test|should)\b.*\((?:=|equal\??|eqv?\??|string=\??)|check-equal\?)\s.*\s`,
      String.raw`${plainly}.*(?:shouldBe|shouldEqual|@\?=|-Be|-BeExactly)[\s(\x60]*\s`,
    ].map((before) => ({ before, after: rest })),
  ],
  calls: [
    {
      name: String.raw`${plainly}[\w.:?!$@# ]*?(?:\w*(?:[eE]qual|EQ|_eq|[sS]ame|[iI]dentical)\w*|\bis|\beq|\bexpect)!?`,
      expected: eitherOrBoth,
    },
  ],
};

/** How a line fails, by the extension, in languages without rules of their own. */
const throwing: Readonly<Record<string, (word: string) => string>> = {
  ...{ ex: raiseText, exs: raiseText, cr: raiseText, jl: callError, lua: callError, r: (word) => `stop("${word}")` },
  ...{ cs: (word) => `throw new System.Exception("${word}");`, dart: (word) => `throw '${word}';` },
  ...{ swift: (word) => `fatalError("${word}")`, nim: (word) => `raise newException(ValueError, "${word}")` },
  ...{ groovy: (word) => `throw new RuntimeException("${word}")`, ps1: (word) => `throw "${word}"` },
  ...{ zig: (word) => `@panic("${word}");`, hs: callError, erl: (word) => `erlang:error("${word}"),` },
};
function raiseText(word: string): string {
  return `raise "${word}"`;
}
function callError(word: string): string {
  return `error("${word}")`;
}

/** How a path's language compares; null for what is no program. */
export function comparingOf(path: string): Comparing | null {
  const extension = extensionOf(path);
  const known = languages[testLanguageOf(path)?.name ?? (extension === "sh" ? "shell" : "")];
  if (known) return known;
  // In a language that nobody knows, what is no program at all fails at least where it is read.
  return isProgram(path) ? { ...anyLanguage, raise: throwing[extension] ?? noProgram } : null;
}
