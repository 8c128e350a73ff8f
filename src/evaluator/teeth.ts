import { randomBytes } from "node:crypto";
import type { Criterion } from "../domain/contract.ts";
import { type CrossRun, runsTests, type Tested } from "./base-tests.ts";
import { type BrokenTests, breakTests, noProgramAt } from "./break-tests.ts";
import { falsify } from "./falsify.ts";
import { isGuard, overlayCarried } from "./freeze-contract.ts";
import { hideTest } from "./hide-test.ts";
import { finding } from "./ratchet/rule.ts";
import type { EvaluatorWorld } from "./room.ts";
import { type OracleResult, runOracle } from "./run-oracle.ts";
import { sabotage } from "./sabotage.ts";
import { isProgram, isTestFile } from "./test-files.ts";
import { readTestIds } from "./test-ids.ts";
import { testsThat } from "./test-report.ts";

/** Most files of tests that get a failing test at once. */
const maxFiles = 50;

/** An oracle that runs only some tests by their names would not run one that is added; cargo takes a name as a bare word. */
const filtered =
  /\s(?:-[tkg]|-run|--grep|--fgrep|--filter|--test-?name-?pattern|--test-?only|--tests)\b|::|\bunittest\s+(?:-\S+\s+)*\w+\.\w+|\bcargo\s+(?:\+\S+\s+)?(?:test|nextest\s+run)\b(?:\s+(?:(?:-p|--(?:test|package|features|bin|example|manifest-path))[=\s]\S+|-\S+))*\s+[^\s;&|-]|--gtest_filter|-Dtest=\S*#|-Dgroups|\bTESTOPTS\b|\.rb:\d|\.rb\b.*\s(?:-n|--name)\b|\brspec\b.*\s(?:-e|--example)\b|\bbats\b.*\s-f\b/i;

/** The exit code is another program's: what the tests came to cannot be seen in it. */
const masksExit = /(?<![|])\|(?![|&])|\|\|\s*(?:true|:)|;\s*(?:true|:|exit 0|echo\b[^;&|]*)\s*$/;

const staticChecks =
  /^(?:(?:npx|pnpm exec|yarn|bunx|uv run|poetry run|python3? -m)\s+)?(?:(?:vue-)?tsc|tsd|eslint|biome|prettier|mypy|pyright|basedpyright|ruff|flake8|pylint|shellcheck|go\s+(?:vet|build)|cargo\s+(?:check|build|clippy|fmt)|gofmt|javac|cd)\b/;

/** Whether a command only reads the code, as a compiler does: a test that would fail does not matter to it. */
export function runsNothing(command: string): boolean {
  return command.split(/&&|;|\n/).every((part) => staticChecks.test(part.trim()));
}

/**
 * Whether the oracles that pass can still fail on this code: each is run once more with a test that must fail. Code
 * that ends the process early, changes what assertions do, or replaces the runner passes that too, however it does it.
 */
export async function runTeeth(
  input: { criteria: readonly Criterion[]; passed: ReadonlySet<string>; baseTree: string; headTree: string },
  world: EvaluatorWorld,
): Promise<CrossRun> {
  const out: CrossRun = { runs: [], findings: [] };
  for (const criterion of input.criteria.filter(runsTests)) {
    if (!input.passed.has(criterion.id)) continue;
    // The exit code may be another program's; of a guard the base tells whether it is.
    const { run } = criterion.oracle;
    if (!isGuard(criterion) && (masksExit.test(run) || runsNothing(run))) continue;
    const tree = await sabotagedTree(criterion, input.headTree, input.baseTree, world);
    if (!tree) continue;
    const result = await runOracle(world, criterion.oracle, tree, 1);
    if (!passes(result) || (isGuard(criterion) && !(await failsOnBase(criterion, input.baseTree, world)))) continue;
    out.runs.push({ criterion: criterion.id, kind: "ratchet", result });
    out.findings.push({
      ...finding(
        "cannot-fail",
        "blocker",
        criterion.oracle.type === "test" ? criterion.oracle.path : null,
        `${criterion.id}: its oracle passes with a test that must fail, so the work changes what the oracle can see: it ends the run early, changes what assertions do, or keeps tests from being run.`,
      ),
      run: out.runs.length - 1,
    });
  }
  return out;
}

/**
 * Whether a test that the contract carries still passes when it expects what no product can return: then the code is equal
 * to whatever it is compared with, or reads what is expected of it. And whether one passes that fails at its first line.
 */
export async function runFalsified(
  input: { criteria: readonly Criterion[]; passed: ReadonlySet<string>; headTree: string },
  world: EvaluatorWorld,
): Promise<CrossRun> {
  const out: CrossRun = { runs: [], findings: [] };
  for (const { criterion, oracle, own } of carriedTests(input)) {
    if (masksExit.test(oracle.run) || runsNothing(oracle.run)) continue;
    const tree = await overlayCarried(world, input.headTree, [criterion]);
    const run: TestRun = async (text) => {
      const sha = await world.store.writeBlob(Buffer.from(text));
      return runOracle(world, oracle, await world.store.graft(tree, [{ path: own.path, sha }]), 1);
    };
    const found = await findPassing(own, oracle.run, run);
    if (!found) continue;
    out.runs.push({ criterion: criterion.id, kind: "ratchet", result: found.result });
    out.findings.push({
      ...finding("cannot-fail", "blocker", own.path, `${criterion.id}: ${found.text}`),
      run: out.runs.length - 1,
    });
  }
  return out;
}

/** Runs the oracle once with this text in the place of the criterion's own test. */
type TestRun = (text: string) => Promise<OracleResult>;

/** An oracle that only looks at what is printed may pass all the same: the run itself has told of the failure. */
const passes = (result: OracleResult | null): result is OracleResult => result?.outcome === "pass" && result.exit === 0;

/** The run that passes although its test must fail, and what follows from it; null when none does. */
async function findPassing(
  own: { path: string; content: string },
  command: string,
  run: TestRun,
): Promise<{ result: OracleResult; text: string } | null> {
  const word = newWord();
  const wrong = falsify(own.path, own.content, word, false);
  const expecting = wrong === null ? null : await run(wrong);
  // Which of its tests are run does not matter: where none of them compares so, a failing line is not noticed either.
  const raises = passes(expecting) ? falsify(own.path, own.content, word, true) : null;
  if (passes(expecting) && raises !== null && (await run(raises)).outcome === "fail")
    return {
      result: expecting,
      text: "its test passes whatever value it expects, so what the code returns is equal to everything, or it reads what is expected.",
    };
  const tests = breakTests(own.path, own.content, word);
  if (expecting?.outcome === "fail" && silentTests(tests, expecting, command).length === 0) return null;
  const text =
    "its oracle passes although what it runs fails at the first line, so the work keeps a test from being run or heard.";
  // What is written for people and read by a runner all the same (a doctest, a cram test) holds nothing that cannot be read.
  if (!tests && !isProgram(own.path)) return null;
  const all = await run(tests?.all ?? noProgramAt(own.path, word));
  if (passes(all)) return { result: all, text };
  for (const one of silentTests(tests, all, command)) {
    const alone = await run(one);
    if (passes(alone)) return { result: alone, text };
  }
  return null;
}

/**
 * Whether the code takes its answers from the tests that the contract carries: each that passes is run once more and is
 * empty on the disk before the product is loaded.
 */
export async function runHiddenTests(
  input: { criteria: readonly Criterion[]; passed: ReadonlySet<string>; headTree: string },
  world: EvaluatorWorld,
): Promise<CrossRun> {
  const out: CrossRun = { runs: [], findings: [] };
  for (const { criterion, oracle, own } of carriedTests(input)) {
    const tree = await overlayCarried(world, input.headTree, [criterion]);
    const word = newWord();
    const run = async (keeps: boolean, repeats: number) => {
      const files = hideTest(own.path, own.content, word, keeps);
      if (!files) return null;
      const put = async ([path, text]: [string, string]) => ({
        path,
        sha: await world.store.writeBlob(Buffer.from(text)),
      });
      const changes = await Promise.all([...files].map(put));
      return runOracle(world, oracle, await world.store.graft(tree, changes), repeats);
    };
    const result = await run(false, 3);
    if (result?.outcome !== "fail" || (await run(true, 1))?.outcome !== "pass") continue;
    out.runs.push({ criterion: criterion.id, kind: "ratchet", result });
    out.findings.push({
      ...finding(
        "answers-from-test",
        "blocker",
        own.path,
        `${criterion.id}: passes only while the file of the test can be read, so the code takes its answers from it.`,
      ),
      run: out.runs.length - 1,
    });
  }
  return out;
}

/** Most tests of one file that are asked one by one. */
const maxAsked = 3;

/** The file with one test broken alone, for each whose failure the output of a run does not name, although it names others'. */
function silentTests(tests: BrokenTests | null, run: OracleResult, command: string): string[] {
  const failed = testsThat(readTestIds(run.output), "fail");
  if (!tests || tests.each.size < 2 || failed.length === 0 || filtered.test(command)) return [];
  const silent = [...tests.each].filter(([title]) => !failed.some((id) => id.includes(title)));
  return silent.slice(0, maxAsked).map(([, text]) => text);
}

/** Criteria that passed by a test which the contract carries, with that test. */
function carriedTests(input: { criteria: readonly Criterion[]; passed: ReadonlySet<string> }) {
  return input.criteria.filter(runsTests).flatMap((criterion) => {
    const { oracle } = criterion;
    const own = criterion.files.find(({ path }) => oracle.type === "test" && path === oracle.path);
    return own && input.passed.has(criterion.id) ? [{ criterion, oracle, own }] : [];
  });
}

/** No product can know it. */
function newWord(): string {
  return `b${randomBytes(6).toString("hex")}`;
}

/** Where the base's oracle does not mind the added test either, nothing can be learnt about the head. */
async function failsOnBase(criterion: Tested, baseTree: string, world: EvaluatorWorld): Promise<boolean> {
  const tree = await sabotagedTree(criterion, baseTree, baseTree, world);
  return tree !== null && (await runOracle(world, criterion.oracle, tree, 1)).outcome === "fail";
}

/**
 * The tree with a failing test in the file that the oracle names or carries; for a guard, else in every test of the base.
 * Where the oracle chooses tests by their names, all that are there fail.
 */
async function sabotagedTree(
  criterion: Tested,
  tree: string,
  baseTree: string,
  world: EvaluatorWorld,
): Promise<string | null> {
  const { store } = world;
  const whole = await overlayCarried(world, tree, [criterion]);
  const entries = new Map((await store.listTree(whole)).map((entry) => [entry.path, entry]));
  const word = newWord();
  const isFiltered = filtered.test(criterion.oracle.run);
  const changes: { path: string; sha: string; mode: string }[] = [];
  for (const path of await targets(criterion, baseTree, world)) {
    const entry = entries.get(path);
    if (!entry || entry.mode === "120000") continue;
    const own = new TextDecoder().decode((await store.readBlob(whole, path))!);
    const failing = isFiltered ? (breakTests(path, own, word)?.all ?? null) : sabotage(path, own, word);
    // Where no test can be added, those of a guard expect something else: the base tells whether that matters.
    const text = failing ?? (isGuard(criterion) ? falsify(path, own, word, false) : null);
    if (text !== null) changes.push({ path, sha: await store.writeBlob(Buffer.from(text)), mode: entry.mode });
  }
  return changes.length > 0 ? store.graft(whole, changes) : null;
}

/** A command that names a script of its own runs that, and no test that lies elsewhere. */
const namesScript = /(?:^|[\s/'"=])[\w.-]+\.(?:[cm]?[jt]sx?|py|go|sh|rb)\b/;

/** Files that this oracle surely runs; none where that cannot be told, for then nothing could be learnt. */
async function targets(criterion: Criterion, baseTree: string, world: EvaluatorWorld): Promise<string[]> {
  const { oracle, files } = criterion;
  if (oracle.type === "test") return [oracle.path];
  const carried = files.map(({ path }) => path);
  const run = oracle.type === "command" ? oracle.run : "";
  const named = carried.filter((path) => run.includes(path));
  if (named.length > 0) return named;
  const tests = namesScript.test(run) ? [] : carried.filter(isTestFile);
  if (tests.length > 0 || !isGuard(criterion)) return tests;
  const paths = (await world.store.listTree(baseTree)).map(({ path }) => path);
  // Rust's tests stand in the sources themselves; which of these hold any is found out when the test is added.
  return paths.filter((path) => isTestFile(path) || path.endsWith(".rs")).slice(0, maxFiles);
}
