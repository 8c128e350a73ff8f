import { stripComments } from "./strip-comments.ts";
import { type TestLanguage, testLanguageOf } from "./test-language.ts";

/** How every test of a file is made to fail at its first line. */
interface Breaking {
  /** Counts the tests that a runner would find. */
  declared: RegExp;
  /** Up to where the body begins; what `fail` gives is put behind it. */
  head: RegExp;
  fail(word: string, match: readonly string[]): string;
}

const anyText = String.raw`(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|${"`[^`]*`"})`;

const languages: Partial<Record<TestLanguage["name"], Breaking>> = {
  js: {
    declared: /(?<![\w$.])(?:test|it|specify|Deno\.test)(?:\.\w+)*(?:\([^()]*\)|`[^`]*`)?\s*\(/g,
    head: new RegExp(
      String.raw`(?<![\w$.])(?:test|it|specify|Deno\.test)(?:\.\w+)*\s*\(\s*${anyText}\s*,\s*(?:async\s*)?(?:function\s*\w*\s*\([^()]*\)|\([^()]*\)\s*=>|\w+\s*=>)\s*\{`,
      "g",
    ),
    fail: (word) => ` void (() => { throw new Error("${word}"); })();`,
  },
  python: {
    declared: /^[ \t]*(?:async[ \t]+)?def[ \t]+test\w*/gm,
    head: /^[ \t]*(?:async[ \t]+)?def[ \t]+test\w*[ \t]*\([^)]*\)[^:\n]*:[ \t]*(?:#[^\n]*)?\n(?:[ \t]*\n)*([ \t]+)(?=\S)/gm,
    fail: (word, [, indent]) => `raise AssertionError("${word}")\n${indent}`,
  },
  go: {
    declared: /^func[ \t]+(?:Test|Example|Fuzz)\w*/gm,
    head: /^func[ \t]+Test\w*\([ \t]*(\w+)[ \t]+\*testing\.T[ \t]*\)[ \t]*\{/gm,
    fail: (word, [, t]) => ` ${t}.Fatal("${word}")`,
  },
  rust: {
    declared: /#\[(?:\w+::)?test\b/g,
    head: /#\[(?:\w+::)?test\b[^\]]*\](?:\s*#\[[^\]]*\])*\s*(?:pub\s+)?(?:async\s+)?fn\s+\w+\s*\(\s*\)[^{};]*\{/g,
    fail: (word) => ` if true { panic!("${word}") }`,
  },
  jvm: {
    declared: /@(?:\w*Test|RepeatedTest|TestFactory)\b/g,
    head: /@Test\b(?:\([^)]*\))?(?:\s*@\w+(?:\([^)]*\))?)*\s*(?:(?:public|private|protected|internal|final|suspend)\s+)*(?:void|fun)\s+(?:\w+|`[^`]+`)\s*\(\s*\)[^{};=]*\{/g,
    fail: (word) => ` if (true) throw new RuntimeException("${word}");`,
  },
  ruby: {
    declared: /^[ \t]*(?:def[ \t]+test_\w+|(?:it|specify|scenario|test|should)\b)/gm,
    head: /^[ \t]*(?:def[ \t]+test_\w+[ \t]*(?:\([ \t]*\))?[ \t]*|(?:it|specify|scenario|test|should)\b[^\n]*[ \t]do[ \t]*)(?=\n)/gm,
    fail: (word) => `\nraise "${word}"`,
  },
  php: {
    declared: /\bfunction\s+test\w*|@test\b|#\[Test\b|^\s*(?:it|test)\(/gm,
    head: /\bfunction\s+test\w*\s*\([^)]*\)[^{};]*\{/g,
    fail: (word) => ` throw new \\RuntimeException("${word}");`,
  },
  // GoogleTest, Catch2, check, and a program of its own.
  c: {
    declared: /\b(?:TEST(?:_[FP])?|TYPED_TEST(?:_P)?|TEST_CASE\w*|SCENARIO\w*|START_TEST)\s*\(|^[\w \t]*\bmain\s*\(/gm,
    head: /\b(?:TEST(?:_F)?\s*\(\s*\w+\s*,\s*\w+\s*\)|(?:TEST_CASE|SCENARIO)\s*\(\s*"(?:[^"\\\n]|\\.)*"(?:\s*,\s*"(?:[^"\\\n]|\\.)*")?\s*\)|START_TEST\s*\(\s*\w+\s*\))\s*\{|^[\w \t]*\bmain\s*\([^;{}]*\)\s*\{/gm,
    fail: () => " __builtin_trap();",
  },
  elixir: {
    declared: /^[ \t]*(?:test|property|doctest)\b/gm,
    head: /^[ \t]*test[ \t(]+"(?:[^"\\\n]|\\.)+"[^\n]*[ \t]do[ \t]*(?=\n)/gm,
    fail: (word) => `\nraise "${word}"`,
  },
  csharp: {
    declared: /\[(?:Fact|Theory|Test|TestCase|TestMethod|DataTestMethod)\b/g,
    head: /\[(?:Fact|Test|TestMethod)\b[^\]]*\]\s*(?:(?:public|internal|async)\s+)*[\w<>.]+\s+\w+\s*\(\s*\)[^{};=]*\{/g,
    fail: (word) => ` if (true) throw new System.Exception("${word}");`,
  },
  swift: {
    declared: /\bfunc[ \t]+test\w*[ \t]*\(|@Test\b/g,
    head: /\bfunc[ \t]+test\w*[ \t]*\([ \t]*\)[^{};=]*\{/g,
    fail: (word) => ` XCTFail("${word}")`,
  },
  dart: {
    declared: /(?<![\w$.])(?:test|testWidgets)\s*\(/g,
    head: new RegExp(
      String.raw`(?<![\w$.])(?:test|testWidgets)\s*\(\s*${anyText}\s*,\s*\([^()]*\)\s*(?:async\s*)?\{`,
      "g",
    ),
    fail: (word) => ` if (1 > 0) throw '${word}';`,
  },
  r: {
    declared: /\b(?:test_that|it)\(/g,
    head: new RegExp(String.raw`\b(?:test_that|it)\(\s*${anyText}\s*,\s*\{`, "g"),
    fail: (word) => ` stop("${word}");`,
  },
  shell: {
    declared: /^@test\b/gm,
    head: /^@test\b[^\n]*\{(?=[ \t]*\n)/gm,
    fail: () => "\n  (exit 97)",
  },
};

/** Tests that pass by failing, or may; PHPUnit up to 8 reads it in a comment. */
const inverts =
  /\.(?:fails|failing|todo)\b|\b(?:should_panic|xfail|expectedFailure|expectedException)\b|^\s*pending\b|@Test\s*\([^)]*\bexpected\s*=/m;

/** Tests that are run only here or there. */
const chosen =
  /@pytest\.mark\b|@(?:Tag|Enabled|Disabled|Ignore|EnabledIf|group)\w*|:build\b|\bcfg\s*\(\s*(?!test\s*\))/;

/** A line that no language reads. `word` is random, so that no product can know it. */
export function noProgram(word: string): string {
  return `)( ${word} ]}`;
}

/** A file that its language cannot read; without its mark PHP would print it. */
export function noProgramAt(path: string, word: string): string {
  return `${path.endsWith(".php") ? "<?php " : ""}${noProgram(word)}\n`;
}

/** A file of tests in which tests fail at their first line. */
export interface BrokenTests {
  /** All of them, so that also an oracle which chooses some by their names must fail. */
  all: string;
  /** One each, by its title; none where the file may hold tests that are not run here. */
  each: ReadonlyMap<string, string>;
}

/**
 * The same file with its tests broken. Null where the language is not known or not every test can be broken so: the one that
 * is left may be the one that is run. `word` is random, so that no product can know it.
 */
export function breakTests(path: string, text: string, word: string): BrokenTests | null {
  const language = testLanguageOf(path);
  const breaking = language && languages[language.name];
  if (!breaking) return null;
  const code = stripComments(text, language.hash);
  const heads = [...text.matchAll(breaking.head)];
  const declared = code.match(breaking.declared)?.length ?? 0;
  if (inverts.test(text) || heads.length === 0 || heads.length !== declared) return null;
  const isChosen = chosen.test(code) || [...code.matchAll(language.skip)].length > 0;
  const behind = (one: RegExpMatchArray): string => {
    const at = one.index! + one[0].length;
    return `${text.slice(0, at)}${breaking.fail(word, one)}${text.slice(at)}`;
  };
  const titleOf = ([head]: RegExpMatchArray): string => {
    const found = [...head.matchAll(language.title)][0];
    return found?.slice(1).find((group) => group !== undefined) ?? head;
  };
  return {
    all: text.replace(breaking.head, (...match) => `${match[0]}${breaking.fail(word, match as string[])}`),
    each: new Map(isChosen ? [] : heads.map((one) => [titleOf(one), behind(one)])),
  };
}
