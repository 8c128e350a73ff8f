import { type Contract, contractSha256 } from "../domain/contract.ts";
import type { Verdict } from "../domain/verdict.ts";
import { type CrossRun, runBaseTestsOnHead, runHeadTestsOnBase } from "./base-tests.ts";
import { loadChanges } from "./changes.ts";
import { calledScripts } from "./definitions.ts";
import { createEvidenceLog } from "./evidence-log.ts";
import { overlayCarried } from "./freeze-contract.ts";
import { excuse, type JudgeInput, maxDiffBytes } from "./judge-input.ts";
import { judgeVerdict } from "./judge-verdict.ts";
import { type Judged, readJudgement } from "./judgement.ts";
import { runNeighbours } from "./neighbour-tests.ts";
import { overlayHead } from "./overlay.ts";
import { scriptsOf } from "./package-scripts.ts";
import { judgePolicy } from "./policy-check.ts";
import { judgeRatchet } from "./ratchet.ts";
import type { EvaluatorWorld, TreeStore } from "./room.ts";
import { runRepros } from "./run-repros.ts";
import { runStageOne, type StageOneMemory } from "./stage-one.ts";
import { runFalsified, runHiddenTests, runTeeth } from "./teeth.ts";

/** Asks the judge in a fresh context; every way of not getting an answer is `none` with its reason. */
export type AskJudge = (
  input: JudgeInput,
) => Promise<{ kind: "judged"; judgement: unknown; model: string } | { kind: "none"; why: string }>;

/** What is to be evaluated. */
export interface EvaluateSpec {
  contract: Contract;
  request: { title: string; body: string };
  /** Tree that will be published, without `.baton/`. */
  tree: string;
  judge: AskJudge;
  /** Asks the judge although stage one failed, so that it can order a restart. */
  judgeFailures?: boolean;
  /** Runs on the base that an earlier round of this run has already made. */
  memory?: StageOneMemory;
}

/** Evaluates one tree: overlay → oracles → ratchet → policy → base's tests on head → judge → verdict. */
export async function evaluate(spec: EvaluateSpec, world: EvaluatorWorld): Promise<Verdict> {
  const { contract, tree } = spec;
  const { store } = world;
  const baseTree = await store.treeOf(contract.base_sha);
  const changes = await loadChanges(store, baseTree, tree);
  const allowed = new Set(contract.allowed_test_changes.map(({ path }) => path));
  const log = createEvidenceLog();

  const overlay = await overlayHead(contract, baseTree, tree, changes, world);
  const stageOne = await runStageOne(
    { contract, baseTree, tree: overlay.tree, log, memory: spec.memory ?? new Map() },
    world,
  );
  const head = new Map((await store.listTree(tree)).map((e) => [e.path, { mode: e.mode, size: e.size }]));
  const diff = await store.diff(baseTree, tree, { maxBytes: maxDiffBytes });
  log.addDiff(tree, diff);
  const cross: CrossRun[] = [
    await runBaseTestsOnHead(
      {
        criteria: contract.criteria,
        changes,
        allowed,
        baseTree,
        headTree: overlay.tree,
        knownFailures: stageOne.knownFailures,
        green: stageOne.green,
      },
      world,
    ),
    await runHeadTestsOnBase({ criteria: contract.criteria, changes, baseTree, headTree: tree }, world),
    await runNeighbours({ criteria: contract.criteria, changes, allowed, baseTree, headTree: overlay.tree }, world),
  ];
  const findings = [
    ...overlay.findings,
    ...judgeRatchet({
      ...{ changes, runs: stageOne.pairs, allowed, commands: await commandsOn(baseTree, contract, store) },
      oracleTexts: contract.criteria.flatMap((c) => c.files.map(({ content }) => content)),
    }),
    ...judgePolicy({
      contract,
      changes,
      head,
      isProtected: world.isProtected,
      holdsSecret: (text) => world.redact(text) !== text,
    }),
    ...stageOne.findings,
    ...cross.flatMap((run) => log.addCross(run)),
  ];

  const must = new Set(contract.criteria.filter((c) => c.must).map((c) => c.id));
  const isFailed = () =>
    findings.some((f) => f.severity === "blocker") ||
    stageOne.verdicts.some((v) => v.verdict === "fail" && must.has(v.id));
  if (!isFailed()) {
    const passed = new Set(stageOne.verdicts.filter((v) => v.verdict === "pass").map((v) => v.id));
    const asked = { criteria: contract.criteria, passed, baseTree, headTree: overlay.tree };
    for (const ask of [runTeeth, runFalsified, runHiddenTests]) {
      const blamed = await ask(asked, world);
      findings.push(...log.addCross(blamed));
      // One reason is enough: what is refused already is not asked again.
      for (const { criterion } of blamed.runs) passed.delete(criterion);
    }
  }
  const judgedTree = await overlayCarried(world, overlay.tree, contract.criteria);
  const input: JudgeInput = {
    request: spec.request,
    contract,
    contractSha256: contractSha256(contract),
    tree,
    evaluatedTree: judgedTree,
    evidence: [...log.items],
    findings,
    excused: excuse(log.items, findings, stageOne.verdicts),
    diff: world.redact(diff.patch),
    diffCut: diff.cut,
    files: diff.files.map((f) => `${f.path} +${f.added} -${f.removed}`),
  };
  const judged =
    isFailed() && !spec.judgeFailures
      ? none("the oracles had already refused the work")
      : await askJudge(spec.judge, input);
  const reproduced =
    judged.kind === "judged" ? await runRepros(judged.judgement, judgedTree, log, world) : new Set<number>();
  return judgeVerdict({
    contract,
    contractSha256: input.contractSha256,
    tree,
    acceptedTrees: new Set([
      ...[tree, overlay.tree, judgedTree, ...stageOne.trees],
      // The same code under the base's tests is this work's evidence too.
      ...log.items.flatMap((e) => (e.kind === "base_tests_on_head" ? [e.tree] : [])),
    ]),
    oracleVerdicts: stageOne.verdicts,
    evidence: log.items,
    findings,
    judged,
    reproduced,
    testsCountedBy: stageOne.countedBy,
  });
}

/** What the oracles run, with the scripts of the base's manifest that they call. */
async function commandsOn(baseTree: string, contract: Contract, store: TreeStore): Promise<string[]> {
  const manifest = await store.readBlob(baseTree, "package.json");
  const commands = contract.criteria.flatMap(({ oracle }) => ("run" in oracle ? [oracle.run] : []));
  return [...commands, ...calledScripts(commands, scriptsOf(manifest ? new TextDecoder().decode(manifest) : ""))];
}

/** A judge that throws has not judged. */
async function askJudge(judge: AskJudge, input: JudgeInput): Promise<Judged> {
  try {
    const answer = await judge(input);
    return answer.kind === "judged" ? readJudgement(answer.judgement, answer.model) : answer;
  } catch (error) {
    return none(`the judge failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function none(why: string): Judged {
  return { kind: "none", why };
}
