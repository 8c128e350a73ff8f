/** How one test ended. `todo` is a test that its author says is not done. */
export type TestOutcome = "pass" | "fail" | "skip" | "todo";

/** How tests were told apart, best first; `source` and `file` are read from the tree, not from a run. */
export type CountedBy = "tap" | "junit" | "json" | "pytest" | "go" | "cargo" | "spec" | "source" | "file";

/** The tests of one run (or of one tree) by id; equal ids are numbered `#2`, `#3`, … in order. */
export interface TestReport {
  countedBy: CountedBy;
  tests: Map<string, TestOutcome>;
  /** The reporter names only some tests, such as those that failed or were slow: one that it does not name may have run. */
  partial?: true;
  /** Tests that ran by file, where the reporter names files instead of their tests. */
  files?: Map<string, number>;
}

/** Collects tests under unique ids. */
export function createTestReport(countedBy: CountedBy): TestReport & { add(id: string, outcome: TestOutcome): void } {
  const tests = new Map<string, TestOutcome>();
  const seen = new Map<string, number>();
  return {
    countedBy,
    tests,
    add(id, outcome) {
      const count = (seen.get(id) ?? 0) + 1;
      seen.set(id, count);
      tests.set(count === 1 ? id : `${id} #${count}`, outcome);
    },
  };
}

/** Ids of the tests that ended in this way. */
export function testsThat(report: TestReport | null, ...outcomes: TestOutcome[]): string[] {
  return report ? [...report.tests].filter(([, outcome]) => outcomes.includes(outcome)).map(([id]) => id) : [];
}
