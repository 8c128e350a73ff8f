import type { Baseline, Contract, Criterion } from "../domain/contract.ts";
import type { Finding } from "../domain/verdict.ts";
import { runsTests } from "./base-tests.ts";
import { countRun } from "./count-run.ts";
import type { EvidenceLog } from "./evidence-log.ts";
import { isGuard, overlayCarried } from "./freeze-contract.ts";
import type { OracleVerdict } from "./judge-verdict.ts";
import { finding, listed, type RunPair } from "./ratchet/rule.ts";
import type { EvaluatorWorld } from "./room.ts";
import { type MachineOracle, type OracleResult, runOracle } from "./run-oracle.ts";
import { readTestIds } from "./test-ids.ts";
import { testsThat } from "./test-report.ts";

/** Runs on the base by criterion, kept between the rounds of one run. */
export type StageOneMemory = Map<string, OracleResult>;

/** What running every oracle on the evaluated tree came to. */
export interface StageOne {
  verdicts: OracleVerdict[];
  /** The two result sets per oracle that runs tests. */
  pairs: RunPair[];
  findings: Finding[];
  knownFailures(criterion: string): ReadonlySet<string>;
  countedBy: string;
  /** Criteria whose oracle was green on the evaluated tree, at least once. */
  green: Set<string>;
  /** Every tree on which an oracle ran: the evaluated one, and it with the files that a criterion carries. */
  trees: Set<string>;
}

interface Spec {
  contract: Contract;
  baseTree: string;
  /** The head with overlays. */
  tree: string;
  log: EvidenceLog;
  memory: StageOneMemory;
}

/** Runs every machine oracle on the head, and those that run tests on the base too, so that lost tests show. */
export async function runStageOne(spec: Spec, world: EvaluatorWorld): Promise<StageOne> {
  const { contract, log } = spec;
  const out: StageOne = {
    verdicts: [],
    pairs: [],
    findings: [],
    knownFailures: (id) => knownFailures(contract, id),
    countedBy: "source",
    green: new Set(),
    trees: new Set([spec.tree]),
  };
  const counted = new Set<string>();
  for (const criterion of contract.criteria) {
    const { oracle } = criterion;
    if (oracle.type === "rubric") continue;
    // Only its own files: another criterion's carried test must not turn the whole suite red.
    const tree = await overlayCarried(world, spec.tree, [criterion]);
    out.trees.add(tree);
    const result = await runOracle(world, oracle, tree);
    if (result.outcome === "pass" || result.outcome === "flaky") out.green.add(criterion.id);
    const evidence = [log.add("oracle", criterion.id, result)];
    const head = readTestIds(result.output);
    if (head) counted.add(head.countedBy);
    const guard = isGuard(criterion);
    const comparable = guard && runsTests(criterion);
    const base =
      comparable || (guard && result.outcome !== "pass") ? await runOnBase(criterion, oracle, spec, world) : null;
    if (comparable && base)
      out.pairs.push({
        ...{ criterion: criterion.id, base: readTestIds(base.output), head, evidence },
        ran: { base: countRun(base.output), head: countRun(result.output) },
      });
    const decided = await decide(criterion, oracle, result, base, spec, world);
    if (decided.note)
      out.findings.push(finding("known-failures", "advisory", null, `${criterion.id}: ${decided.note}`, { evidence }));
    if (result.outcome === "flaky")
      out.findings.push(
        finding(
          "flaky",
          "advisory",
          null,
          `${criterion.id}: failed and passed on the same tree (exits ${result.attempts.join(", ")}).`,
          { evidence },
        ),
      );
    out.verdicts.push({ id: criterion.id, verdict: decided.verdict, reason: decided.reason, evidence });
  }
  out.countedBy = counted.size > 0 ? [...counted].sort().join("+") : "source";
  return out;
}

interface Decided {
  verdict: OracleVerdict["verdict"];
  reason: string;
  note?: string;
}

async function decide(
  criterion: Criterion,
  oracle: MachineOracle,
  result: OracleResult,
  base: OracleResult | null,
  spec: Spec,
  world: EvaluatorWorld,
): Promise<Decided> {
  if (result.outcome === "pass") return { verdict: "pass", reason: "" };
  if (result.outcome === "flaky") {
    if (!base) return { verdict: "unverifiable", reason: "flaky: it failed and passed on the same tree" };
    return (await isFlakyOnBase(criterion, oracle, spec, world))
      ? {
          verdict: "pass",
          reason: "flaky on the base too",
          note: "flaky on the base too, so not held against the work.",
        }
      : { verdict: "unverifiable", reason: "flaky, and not seen to be flaky on the base" };
  }
  if (result.outcome === "error")
    return base?.outcome === "error"
      ? { verdict: "unverifiable", reason: `cannot be run, on the base neither: ${result.reason}` }
      : { verdict: "fail", reason: `cannot be run: ${result.reason}` };
  return base
    ? compareWithBase(result, base, baselineOf(spec.contract, criterion.id))
    : { verdict: "fail", reason: result.reason };
}

/** A guard that was red before is held only to what was green: neither an excuse nor a trap. */
function compareWithBase(head: OracleResult, base: OracleResult, baseline: Baseline | undefined): Decided {
  if (base.outcome === "pass") return { verdict: "fail", reason: head.reason };
  const failing = testsThat(readTestIds(head.output), "fail");
  const before = new Set([...(baseline?.known_failures ?? []), ...testsThat(readTestIds(base.output), "fail")]);
  if (failing.length > 0) {
    const fresh = failing.filter((id) => !before.has(id));
    return fresh.length === 0
      ? {
          verdict: "pass",
          reason: `only tests that fail on the base fail: ${listed(failing)}`,
          note: `${failing.length} tests fail as they do on the base: ${listed(failing)}`,
        }
      : { verdict: "fail", reason: `tests fail that do not fail on the base: ${listed(fresh)}` };
  }
  // What never ran there (a missing tool, a file that is not found) says nothing about the work by failing alike.
  if (baseline?.outcome === "error")
    return { verdict: "unverifiable", reason: `${baseline.detail.split("\n")[0]}; so it shows nothing here` };
  const fresh = unseenLines(base.output, head.output);
  return fresh.length === 0 && head.exit === base.exit && head.output.trim() !== ""
    ? {
        verdict: "pass",
        reason: "fails with the same output as on the base",
        note: "fails with the same output as on the base.",
      }
    : {
        verdict: "unverifiable",
        reason: `fails on the base too, and differently here: ${listed(fresh, 3) || head.reason}`,
      };
}

async function isFlakyOnBase(
  criterion: Criterion,
  oracle: MachineOracle,
  spec: Spec,
  world: EvaluatorWorld,
): Promise<boolean> {
  const tree = await overlayCarried(world, spec.baseTree, [criterion]);
  for (let attempt = 0; attempt < 5; attempt++) {
    if ((await runOracle(world, oracle, tree, 1)).outcome !== "pass") return true;
  }
  return false;
}

async function runOnBase(
  criterion: Criterion,
  oracle: MachineOracle,
  spec: Spec,
  world: EvaluatorWorld,
): Promise<OracleResult> {
  const kept = spec.memory.get(criterion.id);
  if (kept) return kept;
  const tree = await overlayCarried(world, spec.baseTree, [criterion]);
  const result = await runOracle(world, oracle, tree);
  spec.memory.set(criterion.id, result);
  return result;
}

function knownFailures(contract: Contract, id: string): ReadonlySet<string> {
  return new Set(baselineOf(contract, id)?.known_failures ?? []);
}

function baselineOf(contract: Contract, id: string): Baseline | undefined {
  return contract.baseline.find((b) => b.criterion === id);
}

/** Lines of the head's output that the base's does not have, numbers aside. */
function unseenLines(base: string, head: string): string[] {
  const plain = (line: string) => line.replace(/\d+(?:\.\d+)?/g, "0").trim();
  const seen = new Set(base.split("\n").map(plain));
  return head.split("\n").filter((line) => line.trim() !== "" && !seen.has(plain(line)));
}
