import { type CountedBy, createTestReport, type TestOutcome, type TestReport } from "../test-report.ts";

/** Reads `pytest -v`, `pytest -rA` and `python -m unittest -v`; plain pytest names only what failed. */
export function readPytest(output: string): TestReport | null {
  const tests = new Map<string, TestOutcome>();
  let namesAll = false;
  for (const line of output.split("\n")) {
    const verbose = /^(\S+\.py::.+?) (PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS)\b/.exec(line);
    const summary = /^(PASSED|FAILED|ERROR|XFAIL|XPASS) (\S+\.py(?:::.+?)?)(?: - .*)?$/.exec(line);
    const unittest = /^(\w+ \([\w.]+\))(?:.*?) \.\.\. (ok|FAIL|ERROR|skipped|expected failure)/.exec(line);
    namesAll ||= verbose !== null || unittest !== null || summary?.[1] === "PASSED";
    if (verbose) tests.set(verbose[1]!, pythonOutcome(verbose[2]!));
    else if (summary) tests.set(summary[2]!, pythonOutcome(summary[1]!));
    else if (unittest) tests.set(unittest[1]!, pythonOutcome(unittest[2]!));
  }
  return tests.size > 0 ? { countedBy: "pytest", tests, ...(namesAll ? {} : { partial: true }) } : null;
}

/** Reads `go test -v` and `go test -json`; without either, go names only what failed. */
export function readGo(output: string): TestReport | null {
  const tests = new Map<string, TestOutcome>();
  for (const line of output.split("\n")) {
    const text = /^\s*--- (PASS|FAIL|SKIP): (\S+)/.exec(line);
    if (text) tests.set(text[2]!, text[1] === "PASS" ? "pass" : text[1] === "FAIL" ? "fail" : "skip");
    const json = /^\{.*"Action":"(pass|fail|skip)".*\}$/.test(line) ? readGoEvent(line) : null;
    if (json) tests.set(json.id, json.outcome);
  }
  const namesAll = /^=== RUN|^\{.*"Action":/m.test(output);
  return tests.size > 0 ? { countedBy: "go", tests, ...(namesAll ? {} : { partial: true }) } : null;
}

/** Reads what `cargo test` prints. */
export function readCargo(output: string): TestReport | null {
  return readEach("cargo", output, /^test (\S+)(?: - should panic)? \.\.\. (ok|FAILED|ignored)/, (word) =>
    word === "ok" ? "pass" : word === "FAILED" ? "fail" : "skip",
  );
}

function readEach(
  by: CountedBy,
  output: string,
  pattern: RegExp,
  outcome: (word: string) => TestOutcome,
): TestReport | null {
  const report = createTestReport(by);
  for (const line of output.split("\n")) {
    const found = pattern.exec(line);
    if (found) report.add(found[1]!, outcome(found[2]!));
  }
  return report.tests.size > 0 ? report : null;
}

function readGoEvent(line: string): { id: string; outcome: TestOutcome } | null {
  try {
    const event = JSON.parse(line) as { Action: TestOutcome; Package?: string; Test?: string };
    return event.Test ? { id: `${event.Package ?? ""} > ${event.Test}`, outcome: event.Action } : null;
  } catch {
    return null;
  }
}

function pythonOutcome(word: string): TestOutcome {
  if (word === "PASSED" || word === "ok" || word === "XPASS") return "pass";
  if (word === "FAILED" || word === "ERROR" || word === "FAIL") return "fail";
  return "skip";
}
