import { createTestReport, type TestReport } from "../test-report.ts";

/** Reads JUnit XML as test runners print it; null when there is none in the output. */
export function readJunit(output: string): TestReport | null {
  if (!/<testsuites?\b/.test(output)) return null;
  const report = createTestReport("junit");
  for (const match of output.matchAll(/<testcase\b((?:[^>"']|"[^"]*"|'[^']*')*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)) {
    const attributes = match[1]!;
    const body = match[2] ?? "";
    const name = attribute(attributes, "name");
    const place = attribute(attributes, "file") || attribute(attributes, "classname");
    const outcome = /<(?:failure|error)\b/.test(body) ? "fail" : /<skipped\b/.test(body) ? "skip" : "pass";
    report.add(place ? `${place} > ${name}` : name, outcome);
  }
  return report.tests.size > 0 ? report : null;
}

function attribute(text: string, name: string): string {
  const found = new RegExp(`\\b${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(text);
  return (found?.[1] ?? found?.[2] ?? "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replace(/&#(\d+);/g, (_all, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll("&amp;", "&");
}
