import type { Baseline, Criterion } from "../domain/contract.ts";
import type { OracleResult } from "./run-oracle.ts";
import type { TestReport } from "./test-report.ts";

interface Suspicion {
  pattern: RegExp;
  /** What is missing, from the match; null when no name can be given. */
  name(match: RegExpExecArray): string | null;
  why: string;
  /** Only an oracle of type test is suspected: a program under test may print this rightly. */
  testOnly?: boolean;
  /** True when naming what is missing in the criterion's text makes it the stated reason. */
  excusable: boolean;
}

const first = (match: RegExpExecArray): string | null => match[1] ?? match[2] ?? null;
const none = (): null => null;

const suspicions: readonly Suspicion[] = [
  {
    pattern: /(?:^|\n)(?:[^\n]*: )?(?:line \d+: )?(\S+): (?:command )?not found/,
    name: first,
    why: "a command is not found",
    excusable: true,
  },
  { pattern: /Missing script: "?([^"\n]+)"?/i, name: first, why: "a script is missing", excusable: true },
  { pattern: /No rule to make target [`'"]([^'"`]+)/, name: first, why: "a make target is missing", excusable: true },
  {
    pattern: /Cannot find (?:module|package) '([^']+)'/,
    name: first,
    why: "a module cannot be found",
    excusable: true,
  },
  {
    pattern: /Failed to (?:load|resolve)(?: url| import)? "?([^\s"]+)"?/,
    name: first,
    why: "a module cannot be found",
    excusable: true,
  },
  {
    pattern: /ModuleNotFoundError: No module named '([^']+)'/,
    name: first,
    why: "a module cannot be found",
    excusable: true,
  },
  { pattern: /Could not find '([^']+)'/, name: first, why: "a test file cannot be found", excusable: false },
  {
    pattern: /(?:file or directory not found|cannot open|can't open file):? '?([^\s']+)/i,
    name: first,
    why: "a file cannot be found",
    excusable: true,
  },
  {
    pattern: /([^\s:'"]+)'?: No such file or directory|ENOENT[^\n]*? '([^']+)'/,
    name: first,
    why: "a file cannot be found",
    excusable: true,
  },
  {
    pattern: /No test(?: suite)?s? (?:files? )?found|no tests ran|collected 0 items|no tests to run/i,
    name: none,
    why: "no test was found",
    excusable: false,
  },
  {
    pattern: /unrecognized arguments|CACError|Unknown option|bad option|unknown flag/i,
    name: none,
    why: "the test runner does not know an option",
    testOnly: true,
    excusable: false,
  },
  {
    pattern:
      /\[eval\d*\]:\d+[\s\S]{0,600}?SyntaxError|File "<string>", line \d+[\s\S]{0,400}?SyntaxError|line \d+: syntax error|unexpected EOF while looking|: -c: line \d+/,
    name: none,
    why: "the oracle itself has a syntax error",
    excusable: false,
  },
];

/** How an oracle behaved on the base: a failure counts only when it is the stated one, not a missing tool, file or test. */
export function judgeBaseline(criterion: Criterion, result: OracleResult, report: TestReport | null): Baseline {
  const known_failures = report
    ? [...report.tests]
        .filter(([, o]) => o === "fail")
        .map(([id]) => id.slice(0, 300))
        .slice(0, 2_000)
    : [];
  const base = { criterion: criterion.id, exit: result.exit, known_failures };
  if (result.outcome === "pass") return { ...base, outcome: "pass", detail: "passes on the base", known_failures: [] };
  if (result.outcome === "flaky")
    return { ...base, outcome: "error", detail: "is flaky on the base: it failed and passed on the same tree" };
  const trouble = notTheStatedReason(criterion, result, report);
  return trouble
    ? { ...base, outcome: "error", detail: clip(`${trouble}\n${lastLines(result.tail)}`) }
    : { ...base, outcome: "fail", detail: clip(`${result.reason}\n${lastLines(result.tail)}`) };
}

function notTheStatedReason(criterion: Criterion, result: OracleResult, report: TestReport | null): string | null {
  const { oracle, text } = criterion;
  if (oracle.type === "file") return null;
  if (result.timedOut)
    return /hang|time.?out|infinite|endless|never|loop|slow|fast|within|perform/i.test(text)
      ? null
      : "timed out on the base; if hanging is the fault, say so in the text, else raise timeout_s";
  const own =
    oracle.type === "test" ? [oracle.path, ...criterion.files.map((f) => f.path)] : criterion.files.map((f) => f.path);
  for (const suspicion of suspicions) {
    if (suspicion.testOnly && oracle.type !== "test") continue;
    const match = suspicion.pattern.exec(result.tail);
    if (!match) continue;
    const name = suspicion.name(match);
    const isOwn = name !== null && own.some((path) => stem(path) === stem(name));
    if (suspicion.excusable && name !== null && !isOwn && isStated(criterion, name)) continue;
    return `fails on the base because ${suspicion.why}${name ? ` (${name})` : ""}, which is not the stated reason${
      suspicion.excusable && !isOwn ? "; if the work is to create it, name it in the criterion's text or touch" : ""
    }`;
  }
  if (result.outcome === "error") return `cannot be run on the base (exit ${result.exit})`;
  if (ownSyntaxError(own, result.tail)) return "fails on the base because the oracle's own file has a syntax error";
  if (oracle.type === "test" && report && ![...report.tests.values()].some((o) => o !== "skip" && o !== "todo"))
    return "runs no test on the base: all are skipped";
  return null;
}

/** The text (or a touch glob) says that the missing thing is what the work is about. */
function isStated({ text, touch }: Criterion, name: string): boolean {
  const wanted = stem(name).toLowerCase();
  return wanted.length > 1 && [text, ...touch].some((t) => t.toLowerCase().includes(wanted));
}

function stem(path: string): string {
  const base =
    path
      .replace(/[/\\]+$/, "")
      .split("/")
      .at(-1) ?? path;
  return base.replace(/^(.+?)\.[A-Za-z]+$/, "$1");
}

function ownSyntaxError(own: string[], output: string): boolean {
  return own.some((path) => {
    const escaped = path.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    // An import that lacks an export is a SyntaxError too, and the plainest way for a new function to be missing.
    return new RegExp(`${escaped}"?(?::\\d+|, line \\d+)[\\s\\S]{0,600}?SyntaxError(?!: The requested module)`).test(
      output,
    );
  });
}

function lastLines(text: string): string {
  return text.trimEnd().split("\n").slice(-15).join("\n");
}

function clip(text: string): string {
  return text.slice(0, 2_000);
}
