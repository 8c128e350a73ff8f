import { usedWays, type Ways } from "./asserting-ways.ts";
import { failingTests } from "./failing-tests.ts";
import { stripComments } from "./strip-comments.ts";
import { testLanguageOf } from "./test-language.ts";

/** Each must throw whatever the product does. */
const nodeAsserts: Ways = {
  equal: "assert.equal(A, B)",
  strictEqual: "assert.strictEqual(A, B)",
  deepEqual: "assert.deepEqual([A], [B])",
  deepStrictEqual: "assert.deepStrictEqual([A], [B])",
  notEqual: "assert.notEqual(A, A)",
  notStrictEqual: "assert.notStrictEqual(A, A)",
  notDeepStrictEqual: "assert.notDeepStrictEqual([A], [A])",
  ok: "assert.ok(false)",
  throws: "assert.throws(() => {})",
  match: "assert.match(A, /^$/)",
  isTrue: "assert.isTrue(false)",
  include: "assert.include(A, B)",
};
const expects: Ways = {
  toBe: "expect(A).toBe(B)",
  toEqual: "expect([A]).toEqual([B])",
  toStrictEqual: "expect([A]).toStrictEqual([B])",
  toMatch: "expect(A).toMatch(B)",
  toMatchObject: "expect({ a: A }).toMatchObject({ a: B })",
  toContain: "expect([A]).toContain(B)",
  toHaveLength: "expect(A).toHaveLength(999)",
  toThrow: "expect(() => {}).toThrow()",
  toBeTruthy: "expect(false).toBeTruthy()",
  toBeNull: "expect(A).toBeNull()",
  equal: "expect(A).to.equal(B)",
  eql: "expect([A]).to.eql([B])",
};
const pythonAsserts: Ways = {
  assertEqual: "self.assertEqual(A, B)",
  assertTrue: "self.assertTrue(False)",
  assertFalse: "self.assertFalse(True)",
  assertIn: "self.assertIn(A, [B])",
  assertIs: "self.assertIs(A, B)",
  assertIsNone: "self.assertIsNone(A)",
};

/** Ends its own process: what is added behind may never run, and nothing could be learnt from that. */
const endsItself =
  /\bprocess\s*\.\s*(?:exit|reallyExit)\b|\b(?:sys|os)\._?exit\b|\bos\.Exit\b|\bunittest\.main\((?!\))/;

/**
 * A file of tests with one more test at its end that must fail: by an error, and by each way of asserting that the file
 * uses. Null when the language is not known or the file ends its own process. `word` is random, so that no product can know it.
 */
export function sabotage(path: string, text: string, word: string): string | null {
  const language = testLanguageOf(path);
  if (!language) return null;
  const code = stripComments(text, language.hash);
  if (endsItself.test(code)) return null;
  switch (language.name) {
    case "js":
      return `${text}\n${sabotageJs(code, word)}`;
    case "python":
      return sabotagePython(text, code, word);
    case "go":
      return /\bfunc Test\w*\(t \*testing\.T\)/.test(code)
        ? `${text}\nfunc TestZz${word}(t *testing.T) {\n\tt.Fatal("${word}")\n}\n`
        : null;
    case "rust":
      return /#\[(?:\w+::)?test\b/.test(code)
        ? `${text}\n#[cfg(test)]\nmod zz_${word} {\n    #[test]\n    fn zz() {\n        panic!("${word}");\n    }\n}\n`
        : null;
    default:
      return failingTests[language.name]?.(text, code, word) ?? null;
  }
}

/** Every way of asserting is tried; when all threw, the test fails. When the process gets to its own end, that fails too. */
function sabotageJs(code: string, word: string): string {
  const ways = [
    ...(/(?<![\w$.])assert\b/.test(code) ? usedWays(nodeAsserts, code, word) : []),
    ...(/(?<![\w$.])assert\s*\(/.test(code) ? ["assert(false)"] : []),
    ...(/(?<![\w$.])expect\s*\(/.test(code) ? usedWays(expects, code, word) : []),
  ].map((way) => `() => { ${way}; }`);
  const body = [
    `for (const way of [${ways.join(", ")}]) {`,
    "  let fell = false;",
    "  try { way(); } catch { fell = true; }",
    "  if (!fell) return;",
    "}",
    `globalThis.process?.once?.("beforeExit", () => { globalThis.process.exitCode = 1; });`,
    `throw new Error("${word}");`,
  ].join("\n");
  // A suite that is started by hand (uvu) has run before anything that is added behind.
  const isStarted = /(?<![\w$.])(?:test|suite|\w+)\.run\s*\(\s*\)/.test(code);
  const runner = isStarted ? undefined : /(?<![\w$.])((?:Deno\.)?test|it|specify)(?:\.\w+)*\s*\(/.exec(code)?.[1];
  return runner ? `;${runner}("${word}", () => {\n${body}\n});\n` : `;(() => {\n${body}\n})();\n`;
}

function sabotagePython(text: string, code: string, word: string): string {
  const main = /^if\s+__name__\s*==/m.exec(text);
  const put = (added: string): string =>
    main ? `${text.slice(0, main.index)}${added}\n${text.slice(main.index)}` : `${text}\n\n${added}`;
  const isFound = /^\s*(?:async\s+)?def\s+test|\bTestCase\b/m.test(code) && !calledByHand(code);
  if (!isFound) return put(`raise AssertionError("${word}")\n`);
  const ways = usedWays(pythonAsserts, code, word).map((way) => `lambda: ${way}`);
  // Like those that are there: a runner treats a function and a method of a TestCase each in its own way.
  const isCase = /\bTestCase\b/.test(code);
  const body = [
    `for way in [${ways.join(", ")}]:`,
    "    try:",
    "        way()",
    "    except BaseException:",
    "        continue",
    "    return",
    `raise AssertionError("${word}")`,
  ];
  const head = isCase
    ? ["import unittest as zz_unittest", `class Zz${word}(zz_unittest.TestCase):`, "    def test_zz(self):"]
    : [`def test_zz${word}():`];
  const added = [...head, ...body.map((line) => `${isCase ? "        " : "    "}${line}`), ""].join("\n");
  return put(added);
}

/** A script that calls its tests itself would never call one more. */
function calledByHand(code: string): boolean {
  const isScript =
    /^if\s+__name__\s*==/m.test(code) && !/\b(?:unittest|pytest|absltest|TestCase)\b[^\n]*\bmain\(/.test(code);
  return isScript || /^test\w*\(/m.test(code) || /\b(?:globals|locals|vars)\(\)/.test(code);
}
