import type { Criterion } from "../domain/contract.ts";
import { type CrossRun, restoreTests, runsTests } from "./base-tests.ts";
import type { Change } from "./changes.ts";
import { isGuard } from "./freeze-contract.ts";
import { finding, listed } from "./ratchet/rule.ts";
import type { EvaluatorWorld } from "./room.ts";
import { type MachineOracle, runOracle } from "./run-oracle.ts";
import { countTests } from "./source-titles.ts";
import { isTestFile } from "./test-files.ts";
import { readTestIds } from "./test-ids.ts";
import { testsThat } from "./test-report.ts";

type TestOracle = Extract<MachineOracle, { type: "test" }>;

/** Most files that one command is given, and that are run one by one. */
const maxListed = 100;
const maxSingly = 20;

/** Runners that take several files at once. */
const takesLists = /\bnode\b[^;&|]*--test\b|\b(?:vitest|jest|mocha|pytest|ava|tap|bun test|deno test)\b/;

/**
 * Where no oracle runs the base's own tests, runs them as the contract's test is run: on the base, and then on the head.
 * What the old tests demand holds although nobody asked for it.
 */
export async function runNeighbours(
  input: {
    criteria: readonly Criterion[];
    changes: readonly Change[];
    allowed: ReadonlySet<string>;
    baseTree: string;
    headTree: string;
  },
  world: EvaluatorWorld,
): Promise<CrossRun> {
  const out: CrossRun = { runs: [], findings: [] };
  const isGuarded = input.criteria.some((c) => isGuard(c) && runsTests(c));
  const template = input.criteria.find((c) => c.oracle.type === "test" && namesItsPath(c.oracle));
  if (isGuarded || !template) return out;
  const oracle = await neighbourOracle(template.oracle as TestOracle, input, world);
  if (!oracle) return out;
  const before = await runOracle(world, oracle, input.baseTree, 1);
  const known = new Set(testsThat(readTestIds(before.output), "fail"));
  if (before.outcome !== "pass" && known.size === 0) return out;
  const result = await runOracle(world, oracle, await restoreTests(input, world));
  out.runs.push({ criterion: template.id, kind: "base_tests_on_head", result });
  if (result.outcome === "pass" || result.outcome === "flaky") return out;
  const failed = testsThat(readTestIds(result.output), "fail");
  const fresh = failed.filter((id) => !known.has(id));
  if (failed.length > 0 && fresh.length === 0) return out;
  const what = fresh.length > 0 ? listed(fresh) : result.reason;
  out.findings.push({
    ...finding("base-tests-fail", "blocker", null, `The base's own tests fail on the new code: ${what}`),
    run: 0,
  });
  return out;
}

function namesItsPath({ run, path }: TestOracle): boolean {
  return run.split(/\s+/).includes(path);
}

async function neighbourOracle(
  like: TestOracle,
  { allowed, baseTree }: { allowed: ReadonlySet<string>; baseTree: string },
  world: EvaluatorWorld,
): Promise<TestOracle | null> {
  const isLike = (path: string): boolean =>
    isTestFile(path) && suffix(path) === suffix(like.path) && /^[\w./@+-]+$/.test(path) && !allowed.has(path);
  const paths: string[] = [];
  for (const { path } of (await world.store.listTree(baseTree)).filter((entry) => isLike(entry.path))) {
    const text = new TextDecoder().decode((await world.store.readBlob(baseTree, path)) ?? undefined);
    if ((countTests(path, text)?.titles.length ?? 0) > 0) paths.push(path);
  }
  if (paths.length === 0) return null;
  const call = (put: string): string =>
    like.run
      .split(/(\s+)/)
      .map((word) => (word === like.path ? put : word))
      .join("");
  const run = takesLists.test(like.run)
    ? call(paths.slice(0, maxListed).join(" "))
    : `failed=0; ${paths
        .slice(0, maxSingly)
        .map((path) => `( ${call(path)} ) || failed=1`)
        .join("; ")}; exit $failed`;
  return { ...like, run, path: paths[0]!, expect: { exit: 0 } };
}

/** `.test.js` of `a.test.js`; `.py` of `test_a.py`. */
function suffix(path: string): string {
  return /(?:[._](?:test|spec))?\.[A-Za-z]+$/.exec(path)?.[0] ?? "";
}
