import type { Criterion } from "../domain/contract.ts";
import type { Evidence, Finding } from "../domain/verdict.ts";
import type { Change } from "./changes.ts";
import { isGuard, overlayCarried } from "./freeze-contract.ts";
import { finding, listed } from "./ratchet/rule.ts";
import type { EvaluatorWorld } from "./room.ts";
import { type MachineOracle, type OracleResult, runOracle } from "./run-oracle.ts";
import { isTestFile, isTestSupport } from "./test-files.ts";
import { readTestIds } from "./test-ids.ts";
import { testsThat } from "./test-report.ts";

/** A run that is evidence, before it has an id. */
export interface Run {
  criterion: string;
  kind: Evidence["kind"];
  result: OracleResult;
}

/** What a cross run found: its runs, and findings that name the run by its index. */
export interface CrossRun {
  runs: Run[];
  findings: (Finding & { run: number })[];
}

export type Tested = Criterion & { oracle: Extract<MachineOracle, { run: string }> };

/** Words in a command that runs tests, or builds that do. */
const testRunners =
  /test|spec|jest|mocha|jasmine|karma|cypress|cucumber|behave|ginkgo|busted|pester|midje|\bava\b|\btap\b|\buvu\b|tox|nox|rake|phpunit|\b(?:check|verify|prove|bats|robot|sbt)\b|\b(?:mvnw?|gradlew?)\b.*\b(?:build|package|install)\b/i;

/** Whether running this criterion's oracle runs tests. */
export function runsTests(criterion: Criterion): criterion is Tested {
  const { oracle } = criterion;
  if (oracle.type === "test") return true;
  return oracle.type === "command" && testRunners.test(oracle.run);
}

/**
 * Runs the oracles with the base's tests (and what they lean on) put over the head: what the old tests demanded still
 * holds. Runs nothing when no such file changed; tests that the contract allows to change stay the head's.
 */
export async function runBaseTestsOnHead(
  input: {
    criteria: readonly Criterion[];
    changes: readonly Change[];
    allowed: ReadonlySet<string>;
    baseTree: string;
    headTree: string;
    knownFailures: (id: string) => ReadonlySet<string>;
    /** Criteria whose oracle was green with the head's own tests. */
    green: ReadonlySet<string>;
  },
  world: EvaluatorWorld,
): Promise<CrossRun> {
  const { store } = world;
  const touched = input.changes.filter((c) => isBaseSupport(c, input.allowed));
  const loaded = input.changes.filter((c) => c.oldPath === null && loadsItself(c.path));
  if (touched.length + loaded.length === 0) return { runs: [], findings: [] };
  const restored = await restoreTests(input, world);
  // New tests may need what loads itself and is put aside.
  const aside = loaded.length > 0 ? input.changes.filter((c) => c.oldPath === null && isTestFile(c.path)) : [];
  const tree = await store.graft(
    restored,
    [...loaded, ...aside].map(({ path }) => ({ path, sha: null })),
  );
  const out: CrossRun = { runs: [], findings: [] };
  for (const criterion of input.criteria.filter(runsTests).filter((c) => !c.worker_written)) {
    const result = await runOracle(world, criterion.oracle, await overlayCarried(world, tree, [criterion]));
    out.runs.push({ criterion: criterion.id, kind: "base_tests_on_head", result });
    if (result.outcome === "pass" || result.outcome === "flaky") continue;
    const failed = testsThat(readTestIds(result.output), "fail");
    // A guard that is red with the head's tests too, and names none, tells nothing of what the base's demand.
    if (isGuard(criterion) && failed.length === 0 && !input.green.has(criterion.id)) continue;
    const known = isGuard(criterion) ? input.knownFailures(criterion.id) : new Set<string>();
    if (failed.length > 0 && failed.every((id) => known.has(id))) continue;
    const fresh = failed.filter((id) => !known.has(id));
    const text = `${criterion.id}: the base's tests fail on the new code although the changed ones pass${fresh.length > 0 ? `: ${listed(fresh)}` : ` (${result.reason})`}`;
    out.findings.push({
      ...finding("base-tests-fail", "blocker", touched[0]?.oldPath ?? loaded[0]!.path, text),
      run: out.runs.length - 1,
    });
  }
  return out;
}

/** The head with the base's tests, and what they lean on, in their places; those that the contract allows to change stay the head's. */
export async function restoreTests(
  input: { changes: readonly Change[]; allowed: ReadonlySet<string>; baseTree: string; headTree: string },
  world: EvaluatorWorld,
): Promise<string> {
  const base = new Map((await world.store.listTree(input.baseTree)).map((e) => [e.path, e]));
  const changes = input.changes
    .filter((c) => isBaseSupport(c, input.allowed))
    .flatMap((c) => [
      ...(c.status === "renamed" && isTestFile(c.path) ? [{ path: c.path, sha: null }] : []),
      ...(base.has(c.oldPath!)
        ? [{ path: c.oldPath!, sha: base.get(c.oldPath!)!.sha, mode: base.get(c.oldPath!)!.mode }]
        : []),
    ]);
  return changes.length > 0 ? world.store.graft(input.headTree, changes) : input.headTree;
}

function isBaseSupport(change: Change, allowed: ReadonlySet<string>): boolean {
  return change.oldPath !== null && isTestSupport(change.oldPath) && !allowed.has(change.oldPath);
}

/** Whether a runner takes this file up without being told to. */
function loadsItself(path: string): boolean {
  return (
    /(?:^|\/)(?:conftest\.py|__mocks__\/.*)$/.test(path) ||
    /(?:^|\/)(?:tests?|specs?|__tests__)\/(?:.*\/)?(?:package\.json|__init__\.py)$/.test(path)
  );
}

/** Runs each test that the worker wrote on the base: a test that passes there proves nothing about the work. */
export async function runHeadTestsOnBase(
  input: { criteria: readonly Criterion[]; changes: readonly Change[]; baseTree: string; headTree: string },
  world: EvaluatorWorld,
): Promise<CrossRun> {
  const { store } = world;
  const head = new Map((await store.listTree(input.headTree)).map((e) => [e.path, e]));
  const support = input.changes.filter((c) => c.status !== "removed" && isTestSupport(c.path) && head.has(c.path));
  const out: CrossRun = { runs: [], findings: [] };
  for (const criterion of input.criteria) {
    const { oracle } = criterion;
    if (!criterion.worker_written || oracle.type !== "test") continue;
    const own = head.get(oracle.path);
    if (!own) {
      out.findings.push({
        ...finding(
          "worker-test-missing",
          "blocker",
          oracle.path,
          `${criterion.id}: the test that was to be written does not exist.`,
        ),
        run: -1,
      });
      continue;
    }
    const files = [...support.map((c) => head.get(c.path)!), own];
    const tree = await store.graft(
      input.baseTree,
      files.map(({ path, sha, mode }) => ({ path, sha, mode })),
    );
    const result = await runOracle(world, oracle, tree, 1);
    out.runs.push({ criterion: criterion.id, kind: "head_tests_on_base", result });
    const run = out.runs.length - 1;
    if (result.outcome === "pass")
      out.findings.push({
        ...finding(
          "test-green-on-base",
          "blocker",
          oracle.path,
          `${criterion.id}: the worker's test passes on the base too, so it does not test the work.`,
        ),
        run,
      });
    else if (
      /Cannot find (?:module|package)|ERR_MODULE_NOT_FOUND|ModuleNotFoundError|does not provide an export|cannot import name|undefined: |unresolved import/.test(
        result.tail,
      )
    )
      out.findings.push({
        ...finding(
          "red-by-absence",
          "advisory",
          oracle.path,
          `${criterion.id}: the worker's test is red on the base only because something it imports is missing there.`,
        ),
        run,
      });
  }
  return out;
}
