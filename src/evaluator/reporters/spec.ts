import { createTestReport, type TestOutcome, type TestReport } from "../test-report.ts";

const glyphs: Record<string, TestOutcome> = {
  "✔": "pass",
  "✓": "pass",
  "√": "pass",
  "✖": "fail",
  "✗": "fail",
  "✘": "fail",
  "×": "fail",
  "✕": "fail",
  "↓": "skip",
  "﹣": "skip",
  "○": "skip",
  "⚠": "todo",
  "✎": "todo",
};

/** A file of vitest's in one line: `✓ test/a.test.ts (3 tests | 1 skipped)`. Of its tests only those that failed or were slow follow. */
const fileLine = /^\s*[❯✓×↓]\s+(?:\|[^|]+\|\s+)?(\S+\.[cm]?[jt]sx?)\s+\((\d+) tests?(?: \| ([^)]*))?\)/;

/** Reads the reporters for people of node:test, vitest, jest, mocha and ava: one glyph and one title per line. */
export function readSpec(output: string): TestReport | null {
  const report: TestReport & ReturnType<typeof createTestReport> = createTestReport("spec");
  const files = new Map<string, number>();
  const isMocha = /^\s+\d+ passing\b/m.test(output);
  const outer: { indent: number; name: string }[] = [];
  for (const line of output.split("\n")) {
    if (/failing tests:\s*$|^\s*⎯+ Failed|^Summary of all failing tests|^\s+\d+ (passing|failing)/.test(line)) break;
    const file = /^(PASS|FAIL)\s+(\S+\.\w+)/.exec(line);
    if (file) outer.splice(0, outer.length, { indent: -1, name: file[2]! });
    const indent = line.search(/\S/);
    const whole = fileLine.exec(line);
    if (whole) {
      outer.splice(0, outer.length, { indent, name: whole[1]! });
      files.set(whole[1]!, Number(whole[2]) - skippedOf(whole[3] ?? ""));
      continue;
    }
    const suite = /^\s*(?:▶|❯) (.+?)(?: \([\d.]+\s?m?s\)| \(\d+\))?\s*$/.exec(line);
    if (suite) {
      while (outer.length > 0 && outer.at(-1)!.indent >= indent) outer.pop();
      outer.push({ indent, name: suite[1]! });
      continue;
    }
    const test =
      /^\s*([✔✓√✖✗✘×✕↓﹣○⚠✎])\s+(?:\[fail\]: )?(.+?)\s*$/.exec(line) ??
      (isMocha ? /^\s{2,}(\d+\)) (.+?)\s*$/.exec(line) : null);
    if (!test) continue;
    while (outer.length > 0 && outer.at(-1)!.indent > indent) outer.pop();
    const top = outer.at(-1);
    const title = plainTitle(test[2]!);
    // The closing line of a suite repeats its title at the same indent.
    if (top && top.indent === indent) {
      outer.pop();
      if (top.name === title) continue;
    }
    report.add([...outer.map((o) => o.name), title].join(" > "), flagged(test[2]!) ?? glyphs[test[1]!] ?? "fail");
  }
  if (files.size > 0) Object.assign(report, { partial: true, files });
  return report.tests.size + files.size > 0 ? report : null;
}

/** `1 failed | 2 skipped | 1 todo`: those that did not run. */
function skippedOf(words: string): number {
  return [...words.matchAll(/(\d+) (?:skipped|todo)/g)].reduce((sum, match) => sum + Number(match[1]), 0);
}

function plainTitle(text: string): string {
  return text
    .replace(/\s+#\s*(SKIP|TODO)\b.*$/i, "")
    .replace(/\s+\(?\d+(\.\d+)?\s?m?s\)?$/, "")
    .replace(/\s+\(\d+ tests?(?: \| [^)]*)?\)$/, "")
    .trim();
}

function flagged(text: string): TestOutcome | undefined {
  const flag = /#\s*(SKIP|TODO)\b/i.exec(text)?.[1]?.toLowerCase();
  return flag === "skip" ? "skip" : flag === "todo" ? "todo" : undefined;
}
