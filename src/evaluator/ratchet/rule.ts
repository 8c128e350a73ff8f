import type { Finding } from "../../domain/verdict.ts";
import type { Change } from "../changes.ts";
import { countTests, type TestCounts } from "../source-titles.ts";
import { isTestFile } from "../test-files.ts";
import type { TestReport } from "../test-report.ts";

/** The two result sets of one oracle: what it reported on the base and on the head. */
export interface RunPair {
  criterion: string;
  base: TestReport | null;
  head: TestReport | null;
  /** How many tests ran by the runner's own closing lines; null where it says nothing. */
  ran?: { base: number | null; head: number | null };
  evidence: string[];
}

/** Everything the ratchet reads: it is a pure function of this. */
export interface RatchetInput {
  changes: readonly Change[];
  runs: readonly RunPair[];
  /** Existing tests that the contract allows to change, by path on the base. */
  allowed: ReadonlySet<string>;
  /** Files that the contract carries: what they ask and expect. */
  oracleTexts: readonly string[];
  /** Commands of the oracles and the scripts that they call, as the base has them. */
  commands: readonly string[];
}

/** One changed file of tests with what both sides hold; a side that is absent counts nothing. */
export interface TestChange {
  change: Change;
  before: TestCounts | null;
  after: TestCounts | null;
}

export type Rule = (input: RatchetInput) => Finding[];

/** The part of a file that holds tests: a file of tests whole, and of Rust sources what stands behind `#[cfg(test)]`; null for none. */
export function testPart(path: string, text: string): string | null {
  if (isTestFile(path)) return text;
  if (!path.endsWith(".rs") || !/#\[(?:\w+::)?test\b/.test(text)) return null;
  return text.slice(Math.max(0, text.indexOf("#[cfg(test)]")));
}

/** The changed files of tests that the contract does not allow to change. */
export function testChanges({ changes, allowed }: RatchetInput): TestChange[] {
  return changes
    .filter((c) => !allowed.has(c.oldPath ?? c.path))
    .map((change) => ({
      change,
      before: countPart(change.oldPath, change.before),
      after: countPart(change.path, change.after),
    }))
    .filter(({ before, after }) => before !== null || after !== null);
}

function countPart(path: string | null, text: string | null): TestCounts | null {
  const part = path === null || text === null ? null : testPart(path, text);
  return part === null ? null : countTests(path!, part);
}

/** A finding of the ratchet; `text` is for a person and ends without a full stop only when it quotes code. */
export function finding(
  rule: string,
  severity: Finding["severity"],
  file: string | null,
  text: string,
  more: { line?: number | null; evidence?: string[] } = {},
): Finding {
  return {
    rule: `ratchet/${rule}`,
    severity,
    file,
    line: more.line ?? null,
    text: text.slice(0, 1_000),
    evidence: more.evidence ?? [],
  };
}

/** The lines that a change adds, with their numbers; for an added file, all. */
export function addedLines(change: Change): { line: number; text: string }[] {
  const before = new Map<string, number>();
  for (const line of (change.before ?? "").split("\n")) before.set(line.trim(), (before.get(line.trim()) ?? 0) + 1);
  const added: { line: number; text: string }[] = [];
  for (const [index, text] of (change.after ?? "").split("\n").entries()) {
    const left = before.get(text.trim()) ?? 0;
    if (left > 0) before.set(text.trim(), left - 1);
    else added.push({ line: index + 1, text });
  }
  return added;
}

/** What `head` has more often than `base`, as a multiset. */
export function grown(base: readonly string[], head: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const item of base) left.set(item, (left.get(item) ?? 0) + 1);
  return head.filter((item) => {
    const count = left.get(item) ?? 0;
    if (count > 0) left.set(item, count - 1);
    return count === 0;
  });
}

/** A few names for a sentence: `a`, `b` and 3 more. */
export function listed(names: readonly string[], most = 5): string {
  const shown = names.slice(0, most).map((name) => `\`${name.replaceAll("`", "'").slice(0, 120)}\``);
  return names.length > most ? `${shown.join(", ")} and ${names.length - most} more` : shown.join(", ");
}
