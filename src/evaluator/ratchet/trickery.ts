import type { Finding } from "../../domain/verdict.ts";
import type { Change } from "../changes.ts";
import { stripComments } from "../strip-comments.ts";
import { isProductSource, isSnapshot, isTestFile, isTestSupport } from "../test-files.ts";
import { testLanguageOf } from "../test-language.ts";
import { addedLines, finding, grown, listed, type RatchetInput, testChanges } from "./rule.ts";

const timeouts =
  /(?:\btimeout\s*[:=(]\s*|\bsetTimeout\s*\(\s*(?=\d+\s*\))|testTimeout\s*[:=]\s*|hookTimeout\s*[:=]\s*|\}\s*,\s*(?=\d[\d_]*\s*\)\s*;?\s*$))(\d[\d_]*)/gim;

/** Less is a delay inside of a test, not the time that a test may take, in milliseconds. */
const leastTimeout = 500;

/** Tests of the base that are given more time than there. */
export function timeoutRaised(input: RatchetInput): Finding[] {
  return testChanges(input).flatMap(({ change, before, after }) => {
    if (!before || !after) return [];
    const was = numbers(change.before!);
    const is = numbers(change.after!);
    const more = grown(was, is);
    const newTests = Math.max(0, after.titles.length - before.titles.length);
    // Every timeout of the base still stands and the new ones can belong to new tests.
    if (more.length === 0 || (grown(is, was).length === 0 && more.length <= newTests) || sum(is) <= sum(was)) return [];
    return [
      finding("timeout-raised", "blocker", change.path, `Tests get more time than on the base: ${listed(more)} ms`),
    ];
  });
}

/** Recorded expectations of the base that were rewritten or removed; new ones may be added. */
export function snapshotRewritten({ changes, allowed }: RatchetInput): Finding[] {
  return changes.flatMap((change) => {
    const { oldPath, before, after } = change;
    if (oldPath === null || !isSnapshot(oldPath) || allowed.has(oldPath) || allowed.has(testOfSnapshot(oldPath)))
      return [];
    if (change.binary || before === null)
      return [finding("snapshot-rewritten", "blocker", oldPath, "A recorded expectation was replaced.")];
    const gone = grown((after ?? "").split("\n"), before.split("\n")).filter((line) => line.trim() !== "");
    return gone.length > 0
      ? [
          finding(
            "snapshot-rewritten",
            "blocker",
            oldPath,
            `${gone.length} lines of recorded expectations changed: ${listed(
              gone.map((l) => l.trim()),
              2,
            )}`,
          ),
        ]
      : [];
  });
}

/** A mock that replaces a file which this very work changes: the test then tests the mock. */
export function unitMocked(input: RatchetInput): Finding[] {
  const changed = input.changes.filter((c) => isProductSource(c.path)).map((c) => stem(c.path));
  return testChanges(input).flatMap(({ change, before, after }) => {
    const added = grown(before?.mocks ?? [], after?.mocks ?? []);
    const mocked = added.filter((name) => changed.some((path) => sameModule(change.path, name, path)));
    // A new test of one changed file may well mock another; then something that was changed is still tested.
    const isAll = changed.every((path) => mocked.some((name) => sameModule(change.path, name, path)));
    return mocked.length > 0
      ? [
          finding(
            "unit-mocked",
            before || isAll ? "blocker" : "advisory",
            change.path,
            `Replaces what the work itself changes by a mock: ${listed(mocked)}`,
          ),
        ]
      : [];
  });
}

const sniffers: readonly { pattern: RegExp; severity: Finding["severity"] }[] = [
  { pattern: /NODE_ENV["'\])]*\s*[=!]==?\s*["'`]test|["'`]test["'`]\s*[=!]==?\s*process\.env/, severity: "blocker" },
  {
    pattern:
      /\b(?:JEST_WORKER_ID|VITEST(?:_\w+)?|NODE_TEST_(?:CONTEXT|WORKER_ID)|PYTEST_(?:CURRENT_TEST|VERSION)|MOCHA_COLORS|AVA_PATH|PLAYWRIGHT_TEST\w*|CARGO_TARGET_TMPDIR)\b/,
    severity: "blocker",
  },
  {
    pattern:
      /["'](?:pytest|unittest|_pytest|nose)\w*["'][^\n]*\bsys\.modules|\bsys\.modules[^\n]*["']_?(?:pytest|unittest|nose)\b/,
    severity: "blocker",
  },
  {
    // What a program is told as its own arguments may well be called `test`.
    pattern:
      /process\.(?:execArgv|argv(?!\s*\[\s*[2-9]|\.slice\(\s*2))[^\n]*(?:--test\b|\.test\b|vitest|jest|mocha|\btest["'`])|sys\.argv[^\n]*\b(?:pytest|py\.test|unittest)\b|sys\.argv\[0\][^\n]*test/,
    severity: "blocker",
  },
  {
    pattern:
      /new Error\(\)\.stack[^\n]*(?:test|spec)|inspect\.stack\(\)[^\n]*test|import\.meta\.(?:jest|vitest)|typeof\s+(?:jest|vi|describe|it)\b|flag\.Lookup\(\s*"test\.|testing\.Testing\(\)/,
    severity: "blocker",
  },
  // Where Baton works, and nothing else does.
  { pattern: /["'`]\/(?:workspace|home\/baton)\b/, severity: "blocker" },
  {
    pattern:
      /Date\.now\(\)[^\n]*[<>]=?\s*\d[\d_]{9,}|\d[\d_]{9,}\s*[<>]=?[^\n]*Date\.now|[<>]=?\s*(?:new Date|Date\.parse|datetime)\(\s*["']?20\d\d/,
    severity: "advisory",
  },
  { pattern: /process\.argv\[1\]|require\.main\.filename|__main__\.__file__|\bsys\.argv\[0\]/, severity: "advisory" },
  {
    pattern: /process\.env(?:\.CI\b|\[["']CI["']\])|os\.(?:environ|getenv)\W+["']CI["']|GITHUB_ACTIONS|BATON/,
    severity: "advisory",
  },
];

/** A server that does not listen, and a log that is silent, while tests import the program. */
const startsNothing =
  /^\s*(?:if\s*\()?\s*process\.env\.NODE_ENV\s*!==?\s*["'`]test["'`]\s*(?:\)|&&)\s*\{?\s*(?:[\w$.]*\.listen\(|(?:console|log(?:ger)?)\.\w+\(|[\w$.]+\.use\(\s*(?:morgan|logger|pino\w*)\b)/;

/** Product code that learns to tell whether it is being tested. */
export function environmentSniffed({ changes }: RatchetInput): Finding[] {
  return changes
    .filter((c) => c.after !== null && isProductSource(c.path) && !/(?:^|\/)[^/]*\.?config\.[cm]?[jt]s$/.test(c.path))
    .flatMap((change) =>
      codeLines(change).flatMap(({ line, text }) => {
        const whole = joinLiterals(text);
        const sniffer = sniffers.find(({ pattern }) => pattern.test(whole));
        if (sniffer && startsNothing.test(text)) return [];
        return sniffer
          ? [
              finding(
                "environment-sniffed",
                sniffer.severity,
                change.path,
                `Behaves differently when tested: ${listed([text.trim()])}`,
                { line },
              ),
            ]
          : [];
      }),
    )
    .slice(0, 10);
}

/** Branches on an input of a test that yield that test's expected value: a hint for the judge, who probes with other inputs. */
export function hardCoded({ changes, oracleTexts }: RatchetInput): Finding[] {
  const pairs = changes
    .flatMap((c) => (isTestFile(c.path) && c.after !== null ? [c.after] : []))
    .concat(oracleTexts)
    .flatMap((text) => text.split("\n"))
    .filter((line) => /expect|assert|\bis\(|equal/i.test(line))
    .map(literals)
    .filter((found) => found.length >= 2);
  return changes
    .filter((c) => c.after !== null && isProductSource(c.path))
    .flatMap((change) =>
      codeLines(change)
        .filter(({ text }) => /\b(?:if|case|elif|when|match)\b|\?|=>|:/.test(text))
        .filter(({ text }) => {
          const here = new Set(literals(text));
          return pairs.some((pair) => pair.filter((literal) => here.has(literal)).length >= 2);
        })
        .slice(0, 3)
        .map(({ line, text }) =>
          finding(
            "hard-coded",
            "advisory",
            change.path,
            `Holds an input of a test together with its expected value: ${listed([text.trim()])}`,
            { line },
          ),
        ),
    );
}

/** Helpers, fixtures and mocks of tests that were changed or removed: the base's are used when its tests are run. */
export function supportChanged({ changes, allowed }: RatchetInput): Finding[] {
  return changes
    .filter(
      (c) =>
        c.oldPath !== null &&
        isTestSupport(c.oldPath) &&
        !isTestFile(c.oldPath) &&
        !isSnapshot(c.oldPath) &&
        !allowed.has(c.oldPath),
    )
    .map((c) =>
      finding(
        "support-changed",
        "advisory",
        c.oldPath,
        "What existing tests lean on was changed; the base's tests were run with the base's version.",
      ),
    );
}

function codeLines(change: Change): { line: number; text: string }[] {
  const hash = testLanguageOf(change.path)?.hash ?? false;
  return addedLines({
    ...change,
    before: change.before && stripComments(change.before, hash),
    after: stripComments(change.after!, hash),
  });
}

/** A name in pieces is a name. */
const joinLiterals = (text: string): string => text.replace(/(["'`])\s*\+\s*\1/g, "");

function literals(text: string): string[] {
  const found = text.matchAll(/"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(?<![\w.])(-?\d+(?:\.\d+)?)(?![\w.])/g);
  return [...new Set([...found].map((m) => m[1] ?? m[2] ?? m[3]!))].filter((literal) => literal.length > 1);
}

function numbers(text: string): string[] {
  return [...text.matchAll(timeouts)].map((m) => m[1]!.replaceAll("_", "")).filter((ms) => Number(ms) >= leastTimeout);
}

function sum(values: string[]): number {
  return values.reduce((total, value) => total + Number(value), 0);
}

function stem(path: string): string {
  return path.replace(/\.[A-Za-z]+$/, "").replace(/\/(?:index|__init__|mod)$/, "");
}

function sameModule(test: string, mocked: string, changed: string): boolean {
  if (!mocked.startsWith("."))
    return (
      changed.replaceAll("/", ".").endsWith(mocked.split(".").slice(0, -1).join(".") || mocked) && mocked.includes(".")
    );
  const parts = test.split("/").slice(0, -1);
  for (const part of stem(mocked).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/") === changed;
}

function testOfSnapshot(path: string): string {
  return path.replace(/__snapshots__\//, "").replace(/\.snap(?:shot)?$/, "");
}
