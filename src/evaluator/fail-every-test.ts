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
  shell: {
    declared: /^@test\b/gm,
    head: /^@test\b[^\n]*\{(?=[ \t]*\n)/gm,
    fail: () => "\n  (exit 97)",
  },
};

/** Tests that pass by failing, or may. */
const inverts =
  /\b(?:should_panic|xfail|expectedFailure|expectedException|fails|failing|todo|pending)\b|\bexpected\s*=/;

/**
 * A file of tests in which each fails at its first line, so that also an oracle which chooses some by their names must fail.
 * Null where the language is not known or not every test can be broken so: the one that is left may be the one that is run.
 */
export function failEveryTest(path: string, text: string, word: string): string | null {
  const language = testLanguageOf(path);
  const breaking = language && languages[language.name];
  if (!breaking) return null;
  const code = stripComments(text, language.hash);
  if (inverts.test(code)) return null;
  const declared = code.match(breaking.declared)?.length ?? 0;
  let broken = 0;
  const changed = text.replace(breaking.head, (...match) => {
    broken += 1;
    return `${match[0]}${breaking.fail(word, match as string[])}`;
  });
  return broken > 0 && broken === declared ? changed : null;
}
