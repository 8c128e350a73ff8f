import { type Baseline, Contract, type ContractDraft, type Criterion, contractSha256 } from "../domain/contract.ts";
import { checkDraft } from "./check-draft.ts";
import { judgeBaseline } from "./judge-baseline.ts";
import { plural } from "./report-text.ts";
import type { EvaluatorWorld } from "./room.ts";
import { commandOf, type MachineOracle, runOracle } from "./run-oracle.ts";
import { readTestIds } from "./test-ids.ts";

/** What a draft came to. `reasons` are written for the initializer, who may try again. */
export type Freezing =
  | { kind: "frozen"; contract: Contract; sha256: string; baseline: Baseline[]; warnings: string[] }
  | { kind: "already_satisfied"; summary: string; baseline: Baseline[] }
  | { kind: "refused"; reasons: string[]; baseline: Baseline[] }
  | { kind: "unclear"; questions: string[] };

/** What `freezeContract` needs besides the world. */
export interface FreezeSpec {
  draft: ContractDraft;
  /** Commands of the policy; they become the criteria P1, P2, … */
  policyOracles: readonly string[];
  requestSha256: string;
  /** Commit that the session starts from. */
  baseSha: string;
}

/**
 * Turns the initializer's draft into the frozen contract: checks its rules, appends the policy's oracles, runs every
 * oracle on the base, and accepts only criteria that fail there for the stated reason or guard what is green.
 */
export async function freezeContract(spec: FreezeSpec, world: EvaluatorWorld): Promise<Freezing> {
  const { draft } = spec;
  if (draft.questions.length > 0) return { kind: "unclear", questions: draft.questions };
  if (draft.verdict === "unclear")
    return {
      kind: "refused",
      reasons: ["The verdict is unclear but no question is asked: ask at least one."],
      baseline: [],
    };
  const baseTree = await world.store.treeOf(spec.baseSha);
  const basePaths = new Set((await world.store.listTree(baseTree)).map((file) => file.path));
  const problems = checkDraft(draft, { basePaths, isProtected: world.isProtected });
  if (problems.length > 0) return { kind: "refused", reasons: problems, baseline: [] };

  const criteria = [...draft.criteria, ...policyCriteria(spec.policyOracles)];
  const baseline: Baseline[] = [];
  for (const criterion of criteria) baseline.push(await runBaseline(criterion, baseTree, world));
  const decision = decideFreezing(draft, baseline);
  if (decision.kind === "already_satisfied") return { ...decision, baseline: shown(criteria, baseline) };
  if (decision.kind !== "freeze") return { ...decision, baseline };
  const contract = Contract.parse({
    v: 1,
    request_sha256: spec.requestSha256,
    base_sha: spec.baseSha,
    summary: draft.summary,
    criteria,
    assumptions: draft.assumptions,
    out_of_scope: draft.out_of_scope,
    allowed_test_changes: draft.allowed_test_changes,
    baseline,
  });
  return {
    kind: "frozen",
    contract,
    sha256: contractSha256(contract),
    baseline,
    warnings: warningsOf(draft, baseline),
  };
}

/** There is no contract to look up what an id means: the evidence says for itself what holds, and how that was seen. */
function shown(criteria: readonly Criterion[], baseline: readonly Baseline[]): Baseline[] {
  const told = new Map(criteria.map((c) => [c.id, `${c.text.replace(/\s+/g, " ")}\n${commandOf(c.oracle)}`]));
  return baseline.map((b) => ({ ...b, detail: (told.get(b.criterion) ?? b.detail).slice(0, 2_000) }));
}

/** Whether this id is one of the policy's own criteria. */
export function isPolicyCriterion(id: string): boolean {
  return /^P\d+$/.test(id);
}

/** Whether a criterion guards what is there: what fails for it on the base is not held against the work. */
export function isGuard({ id, kind }: Criterion): boolean {
  return kind === "regression" || isPolicyCriterion(id);
}

/** Puts a criterion's carried files into a tree. */
export async function overlayCarried(
  world: EvaluatorWorld,
  tree: string,
  criteria: readonly Criterion[],
): Promise<string> {
  const changes = [];
  for (const { path, content } of criteria.flatMap((c) => c.files))
    changes.push({ path, sha: await world.store.writeBlob(Buffer.from(content)) });
  return changes.length > 0 ? world.store.graft(tree, changes) : tree;
}

/** Runs every oracle of a contract on another base; for a session whose base moved. */
export async function runBaselines(contract: Contract, baseSha: string, world: EvaluatorWorld): Promise<Baseline[]> {
  const tree = await world.store.treeOf(baseSha);
  const baseline: Baseline[] = [];
  for (const criterion of contract.criteria) baseline.push(await runBaseline(criterion, tree, world));
  return baseline;
}

async function runBaseline(criterion: Criterion, baseTree: string, world: EvaluatorWorld): Promise<Baseline> {
  const { oracle } = criterion;
  const notRun = { criterion: criterion.id, outcome: "not_run" as const, exit: null, known_failures: [] };
  if (oracle.type === "rubric") return { ...notRun, detail: "a rubric is judged at evaluation" };
  if (criterion.worker_written) return { ...notRun, detail: "the worker's test must be red on the base at evaluation" };
  const tree = await overlayCarried(world, baseTree, [criterion]);
  // A contract rests on this failure, so it is looked at longer than one of the work.
  const result = await runOracle(world, oracle as MachineOracle, tree, 3);
  return judgeBaseline(criterion, result, readTestIds(result.output));
}

type Decision =
  | { kind: "freeze" }
  | { kind: "already_satisfied"; summary: string }
  | { kind: "refused"; reasons: string[] };

/** The rule of the base run, alone: what its outcomes mean for the draft. */
export function decideFreezing(draft: ContractDraft, baseline: readonly Baseline[]): Decision {
  const outcome = new Map(baseline.map((b) => [b.criterion, b]));
  const of = (criterion: Criterion) => outcome.get(criterion.id)!;
  const errors = draft.criteria.filter((c) => of(c).outcome === "error").map((c) => `${c.id} ${of(c).detail}`);
  if (errors.length > 0) return { kind: "refused", reasons: errors };
  const claims = draft.criteria.filter((c) => c.kind === "behaviour" || c.kind === "docs");
  const machine = draft.criteria.filter((c) => of(c).outcome !== "not_run");
  const allPass = machine.length === draft.criteria.length && machine.every((c) => of(c).outcome === "pass");
  if (allPass && (claims.length > 0 || draft.verdict === "already_satisfied"))
    return {
      kind: "already_satisfied",
      summary: draft.summary || `All ${machine.length} criteria were run on the base and pass there.`,
    };
  if (draft.verdict === "already_satisfied")
    return {
      kind: "refused",
      reasons: notSatisfied(
        draft.criteria.filter((c) => of(c).outcome !== "pass"),
        of,
      ),
    };
  const reasons = [
    ...claims.filter((c) => of(c).outcome === "pass").map(vacuous),
    ...draft.criteria
      .filter((c) => c.kind === "regression" && unexplained(of(c)))
      .map(
        (c) =>
          `${c.id} is a regression guard but fails on the base (${of(c).detail.split("\n")[0]}): make it a behaviour, or narrow it to what is green.`,
      ),
  ];
  if (reasons.length > 0) return { kind: "refused", reasons };
  const open = draft.criteria.some((c) => c.worker_written || (of(c).outcome === "fail" && c.kind !== "regression"));
  return open
    ? { kind: "freeze" }
    : {
        kind: "refused",
        reasons: [
          "No criterion fails on the base, so nothing would prove the work: add a behaviour whose oracle fails there.",
        ],
      };
}

function unexplained(baseline: Baseline): boolean {
  return baseline.outcome === "fail" && baseline.known_failures.length === 0;
}

function vacuous(criterion: Criterion): string {
  return `${criterion.id} is vacuous: its oracle already passes on the base. Sharpen it until it fails there, or make it kind regression if it only guards what is green.`;
}

function notSatisfied(failing: Criterion[], of: (c: Criterion) => Baseline): string[] {
  return failing.map(
    (c) =>
      `${c.id} ${of(c).outcome === "not_run" ? "was not run" : "fails"} on the base, so the request is not already satisfied there.`,
  );
}

function warningsOf(draft: ContractDraft, baseline: readonly Baseline[]): string[] {
  const broken = baseline.filter((b) => isPolicyCriterion(b.criterion) && b.outcome === "error");
  return [
    ...(draft.criteria.length < 3
      ? [
          `The contract has only ${plural(draft.criteria.length, "criterion", "criteria")}; an issue usually needs 3 or more.`,
        ]
      : []),
    ...broken.map(
      (b) =>
        `The policy's oracle ${b.criterion} cannot be run on the base: ${b.detail.split("\n")[0]}. It cannot be verified until that is mended.`,
    ),
    ...baseline
      .filter((b) => b.known_failures.length > 0 && isPolicyCriterion(b.criterion))
      .map((b) => `${b.criterion} fails on the base: ${b.known_failures.length} known failing tests.`),
  ];
}

function policyCriteria(oracles: readonly string[]): Criterion[] {
  return oracles.map((run, index) => ({
    id: `P${index + 1}`,
    text: `The repository's own check passes: ${run}`.slice(0, 1_000),
    kind: "regression",
    must: true,
    oracle: { type: "command", run, expect: { exit: 0 }, timeout_s: 1_800 },
    files: [],
    worker_written: false,
    touch: [],
  }));
}
