import { createTestReport, type TestReport } from "../test-report.ts";

interface Open {
  indent: number;
  name: string;
  hasChildren: boolean;
}

/** Reads TAP of node:test, node-tap and tape (whose comment lines name the test); null when the output is not TAP. */
export function readTap(output: string): TestReport | null {
  if (!/^\s*(TAP version \d+|1\.\.\d+)\s*$/m.test(output)) return null;
  const report = createTestReport("tap");
  const open: Open[] = [];
  let title = "";
  for (const line of output.split("\n")) {
    const indent = line.search(/\S/);
    const subtest = /^\s*# Subtest: (.*)$/.exec(line);
    if (subtest) {
      close(open, indent);
      for (const outer of open) outer.hasChildren = true;
      open.push({ indent, name: subtest[1]!.trim(), hasChildren: false });
      continue;
    }
    const comment = /^# (?!tests |pass |fail |suites |cancelled |skipped |todo |duration_ms |ok$|time=)(.+)$/.exec(
      line,
    );
    if (comment) title = comment[1]!.trim();
    const result =
      /^\s*(not )?ok\b(?:\s+\d+)?(?:\s+-)?\s*(.*?)(?:\s+#\s*(skip|todo)\b.*|\s+# time=.*|\s+\{)?\s*$/i.exec(line);
    if (!result) continue;
    close(open, indent + 1);
    const own = open.at(-1)?.indent === indent ? open.pop() : undefined;
    if (own?.hasChildren) continue;
    const flag = result[3]?.toLowerCase();
    const path = [
      ...(open.length === 0 && !own && title ? [title] : []),
      ...open.map((o) => o.name),
      result[2]!.trim(),
    ];
    const outcome = flag === "skip" ? "skip" : flag === "todo" ? "todo" : result[1] ? "fail" : "pass";
    report.add(path.join(" > "), outcome);
  }
  return report.tests.size > 0 ? report : null;
}

function close(open: Open[], indent: number): void {
  while (open.length > 0 && open.at(-1)!.indent >= indent) open.pop();
}
