import { createTestReport, type TestOutcome, type TestReport } from "../test-report.ts";

const glyphs: Record<string, TestOutcome> = {
  "✔": "pass",
  "✓": "pass",
  "√": "pass",
  "✖": "fail",
  "✗": "fail",
  "×": "fail",
  "✕": "fail",
  "↓": "skip",
  "﹣": "skip",
  "○": "skip",
  "⚠": "todo",
  "✎": "todo",
};

/** Reads the reporters for people of node:test, vitest, jest, mocha and ava: one glyph and one title per line. */
export function readSpec(output: string): TestReport | null {
  const report = createTestReport("spec");
  const outer: { indent: number; name: string }[] = [];
  for (const line of output.split("\n")) {
    if (/failing tests:\s*$|^\s*⎯+ Failed|^Summary of all failing tests|^\s+\d+ (passing|failing)/.test(line)) break;
    const file = /^(PASS|FAIL)\s+(\S+\.\w+)/.exec(line);
    if (file) outer.splice(0, outer.length, { indent: -1, name: file[2]! });
    const indent = line.search(/\S/);
    const suite = /^\s*▶ (.+?)(?: \([\d.]+\s?m?s\))?\s*$/.exec(line);
    if (suite) {
      while (outer.length > 0 && outer.at(-1)!.indent >= indent) outer.pop();
      outer.push({ indent, name: suite[1]! });
      continue;
    }
    const test = /^\s*([✔✓√✖✗×✕↓﹣○⚠✎])\s+(.+?)\s*$/.exec(line);
    if (!test) continue;
    while (outer.length > 0 && outer.at(-1)!.indent > indent) outer.pop();
    const top = outer.at(-1);
    const title = plainTitle(test[2]!);
    // The closing line of a suite repeats its title at the same indent.
    if (top && top.indent === indent) {
      outer.pop();
      if (top.name === title) continue;
    }
    report.add([...outer.map((o) => o.name), title].join(" > "), flagged(test[2]!) ?? glyphs[test[1]!]!);
  }
  return report.tests.size > 0 ? report : null;
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
