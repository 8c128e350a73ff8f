import type { Contract, Criterion } from "../domain/contract.ts";
import type { CriterionVerdict, Evidence, Finding, Verdict } from "../domain/verdict.ts";
import type { Judged, Judgement } from "./judgement.ts";

/** What stage one found out about one criterion. */
export interface OracleVerdict {
  id: string;
  verdict: CriterionVerdict["verdict"];
  reason: string;
  evidence: string[];
}

/** Everything that the verdict is made of. */
export interface VerdictInput {
  contract: Contract;
  contractSha256: string;
  /** Tree that will be published. */
  tree: string;
  /** Trees that are the published one, or it with overlays: evidence from any other tells nothing about the work. */
  acceptedTrees: ReadonlySet<string>;
  /** One per criterion with a machine oracle. */
  oracleVerdicts: readonly OracleVerdict[];
  evidence: readonly Evidence[];
  findings: readonly Finding[];
  judged: Judged;
  /** Indices into the judge's findings whose repro Baton ran and saw fail. */
  reproduced: ReadonlySet<number>;
  testsCountedBy: string;
}

/**
 * The verdict on one tree. The oracles decide and the judge can only lower: without a judge nothing is a pass, and what
 * the judge passes counts only with evidence that exists and is from this tree.
 */
export function judgeVerdict(input: VerdictInput): Verdict {
  const { contract, judged } = input;
  const lowered = contract.criteria.map((criterion) => judgeCriterion(criterion, input));
  const findings = [
    ...input.findings,
    ...(judged.kind === "judged" ? judgeFindings(judged.judgement, input.reproduced) : []),
  ];
  return {
    v: 1,
    outcome: decideOutcome(contract, lowered, findings, judged),
    tree: input.tree,
    base_sha: contract.base_sha,
    contract_sha256: input.contractSha256,
    criteria: lowered,
    findings,
    evidence: [...input.evidence],
    judged_by: judged.kind === "judged" ? judged.model : null,
    restart:
      judged.kind === "judged" && judged.judgement.restart
        ? { why: judged.judgement.restart.why.slice(0, 1_000) }
        : null,
    tests_counted_by: input.testsCountedBy,
  };
}

function decideOutcome(
  contract: Contract,
  criteria: readonly CriterionVerdict[],
  findings: readonly Finding[],
  judged: Judged,
): Verdict["outcome"] {
  const must = new Set(contract.criteria.filter((c) => c.must).map((c) => c.id));
  const decisive = criteria.filter((c) => must.has(c.id));
  if (decisive.some((c) => c.verdict === "fail") || findings.some((f) => f.severity === "blocker")) return "fail";
  if (decisive.length === 0 || decisive.some((c) => c.verdict !== "pass") || judged.kind !== "judged")
    return "unverified";
  return "pass";
}

function judgeCriterion(criterion: Criterion, input: VerdictInput): CriterionVerdict {
  const oracle = input.oracleVerdicts.find((o) => o.id === criterion.id) ?? null;
  if (oracle && oracle.verdict !== "pass") return { ...oracle, reason: clip(oracle.reason), decided_by: "oracle" };
  const own = oracle?.evidence ?? [];
  if (!oracle && criterion.oracle.type !== "rubric")
    return unverifiable(criterion.id, own, "its oracle was not run", "oracle");
  if (input.judged.kind === "none")
    return oracle
      ? { ...oracle, decided_by: "oracle" }
      : unverifiable(criterion.id, [], `not judged: ${input.judged.why}`, "judge");
  const opinions = input.judged.judgement.criteria.filter((c) => c.id === criterion.id);
  const opinion =
    opinions.find((o) => o.verdict === "fail") ?? opinions.find((o) => o.verdict === "unverifiable") ?? opinions[0];
  if (!opinion) return unverifiable(criterion.id, own, "the judge did not say anything about it", "judge");
  return oracle ? lower(criterion, opinion, oracle, input) : decideRubric(criterion, opinion, input);
}

type Opinion = Judgement["criteria"][number];

/** A green oracle under the judge's opinion. A claimed failure stands only when a repro of the judge failed for Baton too. */
function lower(criterion: Criterion, opinion: Opinion, oracle: OracleVerdict, input: VerdictInput): CriterionVerdict {
  if (opinion.verdict === "fail")
    return input.reproduced.size > 0
      ? {
          id: criterion.id,
          verdict: "fail",
          evidence: oracle.evidence,
          reason: clip(opinion.reason),
          decided_by: "judge",
        }
      : unverifiable(
          criterion.id,
          oracle.evidence,
          `the judge doubts it but showed no failure that Baton could reproduce: ${opinion.reason}`,
          "judge",
        );
  if (opinion.verdict === "unverifiable") return unverifiable(criterion.id, oracle.evidence, opinion.reason, "judge");
  const bad = badEvidence(opinion, input);
  if (bad) return unverifiable(criterion.id, oracle.evidence, bad, "judge");
  if (!opinion.evidence.some((id) => oracle.evidence.includes(id)))
    return unverifiable(criterion.id, oracle.evidence, "the judge cites no run of this criterion's oracle", "judge");
  return {
    id: criterion.id,
    verdict: "pass",
    evidence: oracle.evidence,
    reason: clip(opinion.reason || oracle.reason),
    decided_by: "oracle",
  };
}

function decideRubric(criterion: Criterion, opinion: Opinion, input: VerdictInput): CriterionVerdict {
  if (opinion.verdict === "pass") {
    const bad = badEvidence(opinion, input);
    if (bad) return unverifiable(criterion.id, [], bad, "judge");
  }
  const known = opinion.evidence.filter((id) => input.evidence.some((e) => e.id === id));
  return {
    id: criterion.id,
    verdict: opinion.verdict,
    evidence: known,
    reason: clip(opinion.reason),
    decided_by: "judge",
  };
}

function badEvidence(opinion: Opinion, { evidence, acceptedTrees }: VerdictInput): string | null {
  if (opinion.evidence.length === 0) return "the judge cites no evidence";
  for (const id of opinion.evidence) {
    const item = evidence.find((e) => e.id === id);
    if (!item) return `the judge cites ${id}, which does not exist`;
    if (item.kind === "ratchet") return `${id}, a counter-check, refutes its pass: see the broken rules`;
    if (!acceptedTrees.has(item.tree)) return `the judge cites ${id}, a run of other code than this work's`;
  }
  return null;
}

function judgeFindings(judgement: Judgement, reproduced: ReadonlySet<number>): Finding[] {
  return judgement.findings.map((f, index) => {
    const proven = f.severity === "blocker" && reproduced.has(index);
    const doubt = f.severity === "blocker" && !proven ? " (not reproduced by Baton)" : "";
    return {
      rule: "judge/behaviour",
      severity: proven ? "blocker" : "advisory",
      file: f.file ?? null,
      line: f.line ?? null,
      text: `${f.what.slice(0, 900)}${doubt}`,
      evidence: [],
    };
  });
}

function unverifiable(
  id: string,
  evidence: string[],
  reason: string,
  decided_by: CriterionVerdict["decided_by"],
): CriterionVerdict {
  return { id, verdict: "unverifiable", evidence, reason: clip(reason), decided_by };
}

function clip(text: string): string {
  return text.slice(0, 1_000);
}
