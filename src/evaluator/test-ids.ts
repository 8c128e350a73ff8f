import { readExunit, readTestthat } from "./reporters/by-failure.ts";
import { readJsonReport } from "./reporters/json.ts";
import { readJunit } from "./reporters/junit.ts";
import { readCargo, readGo, readPytest } from "./reporters/lines.ts";
import { readSpec } from "./reporters/spec.ts";
import { readTap } from "./reporters/tap.ts";
import type { TestReport } from "./test-report.ts";

const readers = [readJsonReport, readJunit, readGo, readTap, readPytest, readCargo, readExunit, readTestthat, readSpec];

/** The tests that a run's output names, from whichever reporter it came; null when it names none. */
export function readTestIds(output: string): TestReport | null {
  const plain = output.replace(/\u001b\[[0-9;]*[A-Za-z]/g, "").replaceAll("\r\n", "\n");
  for (const read of readers) {
    const report = read(plain);
    if (report) return report;
  }
  return null;
}
