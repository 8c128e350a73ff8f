/** One runner's closing lines: how many tests ran, whatever came of them. Each match counts; skipped ones do not. */
const summaries: readonly { line: RegExp; count: (match: RegExpExecArray) => number }[] = [
  // vitest: `Tests  1 failed | 5 passed | 2 skipped (8)`; jest: `Tests:       1 failed, 5 passed, 6 total`
  {
    line: /^\s*Tests:?\s+(\d+ (?:failed|passed|skipped|todo)\b.*)$/gm,
    count: ({ 1: words }) => sumOf(words!, /failed|passed/),
  },
  // pytest: `=== 1 failed, 5 passed, 2 skipped in 0.21s ===`
  {
    line: /^=*\s*((?:\d+ \w+(?:, )?)+) in [\d.]+s\b/gm,
    count: ({ 1: words }) => sumOf(words!, /failed|passed|errors?|xfailed|xpassed/),
  },
  // unittest: `Ran 5 tests in 0.001s`, then `OK (skipped=2)`
  {
    line: /^Ran (\d+) tests? in [\d.]+s\s+(?:(?:OK|FAILED)[^\n]*?skipped=(\d+))?/gm,
    count: ({ 1: ran, 2: skipped }) => Number(ran) - Number(skipped ?? 0),
  },
  // mocha: `5 passing (12ms)` and `1 failing`; ava: `5 tests passed`; bun: `5 pass`
  { line: /^\s+(\d+) (?:passing|failing)\b/gm, count: ({ 1: ran }) => Number(ran) },
  { line: /^\s+(\d+) tests? (?:passed|failed)\s*$/gm, count: ({ 1: ran }) => Number(ran) },
  { line: /^\s+(\d+) (?:pass|fail)\s*$/gm, count: ({ 1: ran }) => Number(ran) },
  // deno: `ok | 5 passed | 0 failed (12ms)`
  { line: /^(?:ok|FAILED) \| (\d+ passed.*)$/gm, count: ({ 1: words }) => sumOf(words!, /passed|failed/) },
  // rspec: `5 examples, 0 failures, 1 pending`; minitest: `5 runs, 9 assertions, 0 failures, 0 errors, 1 skips`
  {
    line: /^(\d+) (?:examples|runs),.*?(?:(\d+) (?:pending|skips))?$/gm,
    count: ({ 1: ran, 2: skipped }) => Number(ran) - Number(skipped ?? 0),
  },
  // PHPUnit: `OK (5 tests, 9 assertions)`, or `Tests: 5, Assertions: 9, Failures: 1, Skipped: 1.`
  { line: /^OK \((\d+) tests?, \d+ assertions?\)/gm, count: ({ 1: ran }) => Number(ran) },
  {
    line: /^Tests: (\d+), Assertions: \d+(?:.*?Skipped: (\d+))?/gm,
    count: ({ 1: ran, 2: skipped }) => Number(ran) - Number(skipped ?? 0),
  },
  // ExUnit: `1 doctest, 5 tests, 0 failures, 1 excluded, 2 skipped`
  {
    line: /^((?:\d+ (?:doctests?|properties|property|tests?), )+\d+ failures?\b.*)$/gm,
    count: ({ 1: words }) => sumOf(words!, /doctests?|property|properties|tests?/) - sumOf(words!, /excluded|skipped/),
  },
  // busted: `4 successes / 1 failure / 0 errors / 1 pending : 0.01 seconds`; luaunit: `Ran 5 tests in 0.001 seconds, …`
  {
    line: /^(\d+ success(?:es)? \/ \d+ failures? \/ \d+ errors?) \//gm,
    count: ({ 1: words }) => sumOf(words!, /success(?:es)?|failures?|errors?/),
  },
  { line: /^Ran (\d+) tests in [\d.]+ seconds\b/gm, count: ({ 1: ran }) => Number(ran) },
  // GoogleTest, Catch2, Alcotest
  { line: /^\[=+\] (\d+) tests? from \d+ test (?:suites?|cases?) ran\b/gm, count: ({ 1: ran }) => Number(ran) },
  {
    line: /^(?:All tests passed \(\d+ assertions? in |test cases:\s+)(\d+)\b/gm,
    count: ({ 1: ran }) => Number(ran),
  },
  { line: /^(?:Test Successful|\d+ failures?!) in [\d.]+s\. (\d+) tests? run\b/gm, count: ({ 1: ran }) => Number(ran) },
  // dotnet: `Passed!  - Failed:     0, Passed:     5, Skipped:     1, Total:     6`
  {
    line: /^\s*(?:Passed|Failed)!\s+- Failed:\s+(\d+), Passed:\s+(\d+)\b/gm,
    count: ({ 1: failed, 2: passed }) => Number(failed) + Number(passed),
  },
];

/** How many tests an output's closing lines say ran, of all runners in it together; null when none says it. */
export function countRun(output: string): number | null {
  const plain = output.replace(/\u001b\[[0-9;]*[A-Za-z]/g, "").replaceAll("\r\n", "\n");
  const counts = summaries.flatMap(({ line, count }) => [...plain.matchAll(line)].map(count));
  return counts.length > 0 ? counts.reduce((sum, one) => sum + one, 0) : null;
}

function sumOf(words: string, which: RegExp): number {
  return [...words.matchAll(/(\d+) (\w+)/g)]
    .filter((match) => new RegExp(`^(?:${which.source})$`).test(match[2]!))
    .reduce((sum, match) => sum + Number(match[1]), 0);
}
