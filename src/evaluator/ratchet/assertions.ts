import type { Finding } from "../../domain/verdict.ts";
import { stripComments } from "../strip-comments.ts";
import { isProductSource, isTestSupport } from "../test-files.ts";
import { testLanguageOf } from "../test-language.ts";
import { addedLines, finding, grown, listed, type RatchetInput, testChanges, testPart } from "./rule.ts";

const strong =
  /\.to(?:Be|Equal|StrictEqual|Throw\w*|MatchObject|MatchInlineSnapshot|MatchSnapshot|HaveLength|HaveBeenCalledWith|Contain\w*)\s*\(\s*(?!\))|\.(?:strictEqual|deepStrictEqual|deepEqual|equals?|same|is|eql?|notEqual)\s*\(|assert(?:_eq!|Equals?\b|_equal\b|Same\b|Raises\b|Throws\b)|\bassert\b[^\n]*(?:==|!=| is | in |<|>)|\b(?:assert|require)\.(?:Equal|EqualValues|ElementsMatch)\b|(?:==|!=)[^\n{]*\{\s*\n?[^\n]*\bt\.(?:Error|Fatal)/g;

/** Fewer assertions in a file of tests than on the base, unless its tests moved to another changed file. */
export function assertionsFewer(input: RatchetInput): Finding[] {
  const changes = testChanges(input);
  const arrived = new Set(changes.flatMap(({ before, after }) => grown(before?.titles ?? [], after?.titles ?? [])));
  return changes.flatMap(({ change, before, after }) => {
    if (!before || !after || after.assertions >= before.assertions) return [];
    const moved = grown(after.titles, before.titles);
    if (moved.length > 0 && moved.every((title) => arrived.has(title))) return [];
    return [
      finding(
        "assertions-fewer",
        "blocker",
        change.path,
        `${before.assertions} assertions on the base, ${after.assertions} now.`,
      ),
    ];
  });
}

/** As many assertions, but fewer that compare with a value: `toBe(4)` became `toBeDefined()`. */
export function assertionsWeaker(input: RatchetInput): Finding[] {
  return testChanges(input).flatMap(({ change, before, after }) => {
    if (!before || !after || after.titles.length < before.titles.length) return [];
    const was = countStrong(change.oldPath!, change.before!);
    const is = countStrong(change.path, change.after!);
    return is < was
      ? [
          finding(
            "assertions-weaker",
            "blocker",
            change.path,
            `${was} assertions compared with a value on the base, ${is} do now.`,
          ),
        ]
      : [];
  });
}

/** Assertions that hold whatever the code does. */
export function tautology(input: RatchetInput): Finding[] {
  return testChanges(input).flatMap(({ change, before, after }) => {
    const added = grown(before?.tautologies ?? [], after?.tautologies ?? []);
    return added.length > 0
      ? [finding("tautology", "blocker", change.path, `Holds whatever the code does: ${listed(added)}`)]
      : [];
  });
}

/** A new test without any assertion proves only that nothing was thrown. */
export function noAssertion(input: RatchetInput): Finding[] {
  return testChanges(input).flatMap(({ change, before, after }) => {
    if (!after || after.titles.length === 0 || after.assertions > 0 || (before && before.assertions === 0)) return [];
    return [
      finding("no-assertion", before ? "blocker" : "advisory", change.path, "The tests of this file assert nothing."),
    ];
  });
}

/** Ends the run with success, or swallows what an assertion throws, inside tests. */
export function testEscapes(input: RatchetInput): Finding[] {
  return testChanges(input).flatMap(({ change, before, after }) =>
    [...new Set(grown(before?.escapes ?? [], after?.escapes ?? []))].map((way) =>
      finding(
        "test-escapes",
        /^(?:catch|except)/.test(way) ? "advisory" : "blocker",
        change.path,
        /^(?:catch|except)/.test(way)
          ? "An empty catch can swallow a failed assertion."
          : `Ends the run before a failure can be reported: ${listed([way])}`,
      ),
    ),
  );
}

const patches: readonly RegExp[] = [
  /\b(?:assert|expect|chai\.assert|console\.assert)(?:\.\w+)*\s*=(?!=)\s*(?:\(|function|async|\w+\s*=>|jest\.fn|vi\.fn)/,
  /Object\.(?:defineProperty|assign)\s*\(\s*(?:assert|expect|globalThis|global)\b/,
  /(?:require\(\s*["'](?:node:)?assert(?:\/strict)?["']\s*\)|globalThis|global)\.(?:assert|expect|it|test|describe|\w*[eE]qual)\s*=(?!=)/,
  /\bprocess\.exitCode\s*=\s*0|\bprocess\.exit\s*=(?!=)/,
  /\bdef\s+__(?:eq|ne|bool)__\s*\(self[^)]*\)[^:]*:\s*(?:return\s+True)?\s*$/,
  /\bpytest_(?:runtest_\w+|collection_modifyitems|sessionfinish|report_\w+|exception_interact)\b/,
  /\bunittest\.TestCase\.\w+\s*=(?!=)/,
  /\bmodule\s+Mini[tT]est\b|\bclass\s+(?:Mini[tT]est|RSpec)::|\bRSpec::Expectations\b/,
  /\*(?:\{\s*["'])?Test::(?:Builder|More|Simple)::\w+/,
];
/** In other languages such a line is a comment. */
const patchesInC = /^\s*#\s*(?:define|undef)\s+(?:assert|NDEBUG)\b|\b__assert(?:_fail|_rtn)?\s*\(/;

/** Code, anywhere in the diff, that changes what an assertion or the runner does. */
export function assertionPatched({ changes, allowed }: RatchetInput): Finding[] {
  return changes
    .filter(
      (c) => c.after !== null && !allowed.has(c.oldPath ?? c.path) && (testLanguageOf(c.path) || isTestSupport(c.path)),
    )
    .flatMap((change) =>
      addedLines(change)
        .filter(
          ({ text }) =>
            patches.some((pattern) => pattern.test(text)) ||
            (testLanguageOf(change.path)?.name === "c" && patchesInC.test(text)),
        )
        .slice(0, 3)
        .map(({ line, text }) =>
          finding(
            "assertion-patched",
            "blocker",
            change.path,
            `Changes what an assertion or the test runner does: ${listed([text.trim()])}`,
            { line },
          ),
        ),
    );
}

const library =
  /(?:from\s*|import\s*\(?\s*|require\s*\(\s*)["'](?:node:)?(?:assert(?:\/strict)?|test|vitest|@jest\/globals|jest|chai|expect|@vitest\/expect|mocha|tap|ava|tape|uvu(?:\/assert)?)["']/;
const meddling =
  /\[[^\]\n]+\]\s*=(?!=)|\b(?:Object|Reflect)\s*\.\s*(?:define\w+|assign|set\w*)\s*\(|\bnew\s+Proxy\b|\.(?:prototype|__proto__)\b/;

/** Product code that newly imports what tests assert with, and changes members by computed names: a hint; whether assertions still work is tried. */
export function assertionLibraryMeddled({ changes, allowed }: RatchetInput): Finding[] {
  return changes
    .filter((c) => c.after !== null && isProductSource(c.path) && !allowed.has(c.oldPath ?? c.path))
    .flatMap((change) => {
      const code = stripComments(change.after!, testLanguageOf(change.path)?.hash ?? false);
      if (!library.test(code) || library.test(change.before ?? "") || !meddling.test(code)) return [];
      return [
        finding(
          "assertion-library-meddled",
          "advisory",
          change.path,
          "Imports what tests assert with into the product, and changes members of objects by computed names.",
        ),
      ];
    });
}

function countStrong(path: string, text: string): number {
  const part = testPart(path, text) ?? text;
  return [...stripComments(part, testLanguageOf(path)?.hash ?? false).matchAll(strong)].length;
}
