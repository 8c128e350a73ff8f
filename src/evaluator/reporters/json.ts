import { z } from "zod";
import { createTestReport, type TestOutcome, type TestReport } from "../test-report.ts";

const Jest = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string().optional(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});
const MochaTest = z.object({ fullTitle: z.string(), file: z.string().nullish() });
const Mocha = z.object({
  stats: z.object({ tests: z.number() }),
  passes: z.array(MochaTest),
  failures: z.array(MochaTest),
  pending: z.array(MochaTest),
});

/** Reads the JSON reporters of vitest, jest and mocha out of an output that may have other lines around it. */
export function readJsonReport(output: string): TestReport | null {
  for (const value of candidates(output)) {
    const jest = Jest.safeParse(value);
    if (jest.success) return fromJest(jest.data);
    const mocha = Mocha.safeParse(value);
    if (mocha.success) return fromMocha(mocha.data);
  }
  return null;
}

function* candidates(output: string): Generator<unknown> {
  const end = output.lastIndexOf("}");
  const starts = [...output.matchAll(/^\s*\{/gm)].slice(0, 5).map((match) => match.index);
  for (const start of starts) {
    try {
      yield JSON.parse(output.slice(start, end + 1));
    } catch {
      // Not the report; a line of the program that begins with a brace.
    }
  }
}

function fromJest(data: z.infer<typeof Jest>): TestReport {
  const report = createTestReport("json");
  for (const file of data.testResults) {
    for (const test of file.assertionResults) report.add(`${file.name} > ${test.fullName}`, outcomeOf(test.status));
    if (file.assertionResults.length === 0 && file.status === "failed") report.add(file.name, "fail");
  }
  return report;
}

function fromMocha(data: z.infer<typeof Mocha>): TestReport {
  const report = createTestReport("json");
  const add = (tests: z.infer<typeof MochaTest>[], outcome: TestOutcome) => {
    for (const test of tests) report.add(test.file ? `${test.file} > ${test.fullTitle}` : test.fullTitle, outcome);
  };
  add(data.passes, "pass");
  add(data.failures, "fail");
  add(data.pending, "skip");
  return report;
}

function outcomeOf(status: string): TestOutcome {
  if (status === "passed") return "pass";
  if (status === "todo") return "todo";
  return status === "failed" ? "fail" : "skip";
}
