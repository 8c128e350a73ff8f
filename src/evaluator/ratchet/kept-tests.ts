import type { Finding } from "../../domain/verdict.ts";
import { countTests } from "../source-titles.ts";
import { isTestFile } from "../test-files.ts";
import { testsThat } from "../test-report.ts";
import { finding, grown, listed, type RatchetInput, type RunPair, testChanges } from "./rule.ts";

/** Tests of the base that the head no longer has: by their titles in the source. Moved tests and those that only got another title are followed. */
export function testLost(input: RatchetInput): Finding[] {
  const changes = testChanges(input);
  const arrived = changes.flatMap(({ before, after }) => grown(before?.titles ?? [], after?.titles ?? []));
  const retitled = retitledTests(input);
  return changes.flatMap(({ change, before, after }) => {
    const gone = grown(after?.titles ?? [], before?.titles ?? []);
    const lost = gone.filter((title) => {
      const at = arrived.indexOf(retitled.get(title) ?? title);
      if (at >= 0) arrived.splice(at, 1);
      return at < 0;
    });
    return lost.length > 0
      ? [finding("test-lost", "blocker", change.oldPath, `Tests that are gone (${lost.length}): ${listed(lost)}`)]
      : [];
  });
}

/** New title by old one, of tests that assert what they asserted. */
function retitledTests(input: RatchetInput): Map<string, string> {
  const changes = testChanges(input);
  const arrived = changes.flatMap(({ before, after }) => {
    const fresh = new Set(grown(before?.titles ?? [], after?.titles ?? []));
    return (after?.titles ?? []).flatMap((title, at) =>
      fresh.has(title) ? [{ title, body: after!.bodies[at]! }] : [],
    );
  });
  const retitled = new Map<string, string>();
  for (const { before, after } of changes) {
    for (const title of grown(after?.titles ?? [], before?.titles ?? [])) {
      const body = before!.bodies[before!.titles.indexOf(title)]!;
      const at = arrived.findIndex((one) => one.body === body && assertsSomething.test(body));
      if (at >= 0) retitled.set(title, arrived.splice(at, 1)[0]!.title);
    }
  }
  return retitled;
}

const assertsSomething = /assert|expect|\.should|\bt\.\w+\(|raises/i;

/** A file of tests that was deleted, emptied or moved to where no runner looks, whatever its language. */
export function testFileLost({ changes, allowed }: RatchetInput): Finding[] {
  return changes.flatMap((change) => {
    const { oldPath, path, status, before, after } = change;
    if (oldPath === null || !isTestFile(oldPath) || allowed.has(oldPath) || (before !== null && before.trim() === ""))
      return [];
    if (status === "removed") {
      const counts = before === null ? null : countTests(oldPath, before);
      if (counts && counts.titles.length === 0 && counts.assertions === 0) return [];
      return [finding("test-file-lost", "blocker", oldPath, "This file of tests was deleted.")];
    }
    if (!isTestFile(path))
      return [
        finding(
          "test-file-lost",
          "blocker",
          oldPath,
          `This file of tests was moved to \`${path}\`, where it is not run.`,
        ),
      ];
    return after !== null && after.trim() === ""
      ? [finding("test-file-lost", "blocker", path, "This file of tests was emptied.")]
      : [];
  });
}

/** Tests that ran on the base and did not run, or were skipped, on the head: by the reports of the runs. */
export function testNotRun(input: RatchetInput): Finding[] {
  const excused = allowedTitles(input);
  const retitled = retitledTests(input);
  return input.runs.flatMap((pair) => {
    const { base, head } = pair;
    const isSame = base !== null && head !== null && base.countedBy === head.countedBy;
    const ran = isSame ? testsThat(base, "pass", "fail").filter((id) => !excused.has(lastPart(id))) : [];
    const skipped = ran.filter((id) => ["skip", "todo"].includes(head!.tests.get(id) ?? ""));
    const isWhole = isSame && !base.partial && !head.partial;
    const fresh = isWhole ? testsThat(head, "pass", "fail").filter((id) => !base.tests.has(id)) : [];
    const lost = isWhole
      ? ran.filter((id) => !head.tests.has(id) && !isMovedFile(id, input) && !takeNewPlace(id, fresh, retitled))
      : [];
    const fewer = isWhole ? [] : fewerRun(pair, input);
    return [
      ...(lost.length > 0 ? [`ran on the base and no longer run (${lost.length}): ${listed(lost)}`] : []),
      ...(skipped.length > 0 ? [`ran on the base and are now skipped (${skipped.length}): ${listed(skipped)}`] : []),
      ...fewer,
    ].map((text) =>
      finding("test-not-run", "blocker", null, `${pair.criterion}: ${text}`, { evidence: pair.evidence }),
    );
  });
}

/** Where a reporter does not name every test, the numbers speak: of each file that it names, else of the whole run. */
function fewerRun({ base, head, ran }: RunPair, input: RatchetInput): string[] {
  if (base?.files && head?.files) {
    const kept = [...base.files].filter(([path]) => !isMovedFile(path, input) && !input.allowed.has(path));
    const lost = kept.filter(([path]) => !head.files!.has(path)).map(([path]) => path);
    const fewer = kept.filter(([path, was]) => (head.files!.get(path) ?? was) < was);
    return [
      ...(lost.length > 0 ? [`files whose tests no longer run (${lost.length}): ${listed(lost)}`] : []),
      ...fewer.map(([path, was]) => `\`${path}\` ran ${was} tests on the base and runs ${head.files!.get(path)} now`),
    ];
  }
  const { base: was, head: is } = ran ?? { base: null, head: null };
  // What the contract allows to change may well get shorter.
  return was !== null && is !== null && is < was && input.allowed.size === 0
    ? [`${was} tests ran on the base, ${is} do now`]
    : [];
}

function isMovedFile(id: string, { changes }: RatchetInput): boolean {
  return looksLikeFile(id) && changes.some((c) => c.oldPath === id);
}

/** More markers that keep tests from running than on the base. In a new file they are only worth a look. */
export function testSkipped(input: RatchetInput): Finding[] {
  return testChanges(input).flatMap(({ change, before, after }) => {
    const more = (after?.skips ?? 0) - (before?.skips ?? 0);
    if (more <= 0) return [];
    return [
      finding(
        "test-skipped",
        before ? "blocker" : "advisory",
        change.path,
        `${more} more tests are skipped, expected to fail or left to do than on the base.`,
      ),
    ];
  });
}

/** A focused test keeps all others from running, also in a new file. */
export function testFocused(input: RatchetInput): Finding[] {
  return testChanges(input).flatMap(({ change, before, after }) =>
    (after?.focused ?? 0) > (before?.focused ?? 0)
      ? [finding("test-focused", "blocker", change.path, "A focused test (`only`) keeps the others from running.")]
      : [],
  );
}

function allowedTitles({ changes, allowed }: RatchetInput): Set<string> {
  const files = changes.filter((c) => c.before !== null && allowed.has(c.oldPath ?? c.path));
  return new Set(files.flatMap((c) => countTests(c.oldPath ?? c.path, c.before!)?.titles ?? []));
}

/** Whether a test that is gone runs in another file or suite, or under another title; that place is then taken. */
function takeNewPlace(id: string, fresh: string[], retitled: ReadonlyMap<string, string>): boolean {
  if (looksLikeFile(id)) return false;
  const title = lastPart(id);
  const names = [title, ...[...retitled].filter(([old]) => title.endsWith(old)).map(([, now]) => now)];
  const at = fresh.findIndex((other) =>
    names.some((name) => lastPart(other) === name || lastPart(other).endsWith(` ${name}`)),
  );
  if (at >= 0) fresh.splice(at, 1);
  return at >= 0;
}

function lastPart(id: string): string {
  return id
    .split(/ > |::/)
    .at(-1)!
    .replace(/ #\d+$/, "");
}

function looksLikeFile(id: string): boolean {
  return /^\S+\.(?:[cm]?[jt]sx?|py)$/.test(id);
}
