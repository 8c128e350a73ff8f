import { createTestReport, type TestReport } from "../test-report.ts";

/** Reads ExUnit: `  1) test adds (MathTest)` of those that failed, and of all with `--trace`: `  * test adds (0.1ms) [L#3]`. */
export function readExunit(output: string): TestReport | null {
  if (!/^\d+ (?:doctests?|properties|property|tests?)\b.*, \d+ failures?\b/m.test(output)) return null;
  const report: TestReport & ReturnType<typeof createTestReport> = createTestReport("spec");
  const traced = [...output.matchAll(/^(\S+) \[\S+\.exs\]\n((?:.*\n)*?)(?=\S)/gm)];
  const failed = [...output.matchAll(/^ {2,}\d+\) ((?:test|property|doctest) .+) \(([\w.]+)\)$/gm)];
  const failures = new Set(failed.map(([, title, module]) => `${module} > ${title}`));
  for (const [, module, body] of traced)
    for (const [, title, how] of body!.matchAll(
      /^ {2}\* .*? {2}\* ((?:test|property|doctest) .+?) \((skipped|excluded|[\d.]+ms)\) \[L#\d+\]$/gm,
    )) {
      const id = `${module} > ${title}`;
      report.add(id, failures.delete(id) ? "fail" : /\d/.test(how!) ? "pass" : "skip");
    }
  const isWhole = report.tests.size > 0 && failures.size === 0;
  for (const id of failures) report.add(id, "fail");
  if (!isWhole) Object.assign(report, { partial: true });
  return report.tests.size > 0 ? report : null;
}

/** Reads testthat: `✔ |         2 | slug [0.1s]` of each file that ran, and `Failure ('test-slug.R:3:1'): adds` of what failed. */
export function readTestthat(output: string): TestReport | null {
  const report: TestReport & ReturnType<typeof createTestReport> = createTestReport("spec");
  const files = new Map<string, number>();
  // How many expectations it holds may well change with the tests; that it ran may not.
  for (const [, name] of output.matchAll(/^[✔✖] \|[ \d]+\| (.+?)(?: \[[\d.]+ ?m?s\])?[ \t]*$/gm)) files.set(name!, 1);
  for (const [, file, name] of output.matchAll(
    /^(?:─+ )?(?:Failure|Error) \('?([^\s'():]+\.[Rr])[:\d]*'?\): (.+?)(?: ─+)?$/gm,
  ))
    report.add(`${file} > ${name}`, "fail");
  Object.assign(report, { partial: true, ...(files.size > 0 ? { files } : {}) });
  return report.tests.size + files.size > 0 ? report : null;
}
