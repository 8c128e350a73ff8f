import { describe, expect, test } from "vitest";
import { Contract } from "../../src/domain/contract.ts";
import { type Evidence, Verdict } from "../../src/domain/verdict.ts";
import { excuse } from "../../src/evaluator/judge-input.ts";
import { judgeVerdict, type VerdictInput } from "../../src/evaluator/judge-verdict.ts";
import { type Judgement, readJudgement } from "../../src/evaluator/judgement.ts";

const contract = Contract.parse({
  v: 1,
  request_sha256: "r",
  base_sha: "b",
  summary: "",
  criteria: [
    { id: "C1", text: "first", oracle: { type: "command", run: "one" } },
    { id: "C2", text: "second", oracle: { type: "command", run: "two" } },
    { id: "C3", text: "optional", must: false, oracle: { type: "command", run: "three" } },
    { id: "C4", text: "reads well", oracle: { type: "rubric", rubric: "the text reads well" } },
  ],
  assumptions: [],
  out_of_scope: [],
  allowed_test_changes: [],
  baseline: [],
});

function run(id: string, criterion: string | null, tree = "T"): Evidence {
  return {
    id,
    criterion,
    kind: "oracle",
    command: "x",
    outcome: "pass",
    exit: 0,
    attempts: [0],
    duration_ms: 1,
    tree,
    output_sha256: "",
    tail: "",
  };
}

const passes: Judgement = {
  criteria: [
    { id: "C1", verdict: "pass", evidence: ["E1"], reason: "ran" },
    { id: "C2", verdict: "pass", evidence: ["E2"], reason: "ran" },
    { id: "C3", verdict: "pass", evidence: ["E3"], reason: "ran" },
    { id: "C4", verdict: "pass", evidence: ["E4"], reason: "reads well" },
  ],
  findings: [],
};

function input(more: Partial<VerdictInput> = {}): VerdictInput {
  return {
    contract,
    contractSha256: "c",
    tree: "T",
    acceptedTrees: new Set(["T", "T+"]),
    oracleVerdicts: ["C1", "C2", "C3"].map((id, i) => ({
      id,
      verdict: "pass" as const,
      reason: "",
      evidence: [`E${i + 1}`],
    })),
    evidence: [run("E1", "C1", "T+"), run("E2", "C2"), run("E3", "C3"), run("E4", null), run("E5", "C1", "base")],
    findings: [],
    judged: { kind: "judged", judgement: passes, model: "m" },
    reproduced: new Set(),
    testsCountedBy: "tap",
    ...more,
  };
}

function judged(
  id: string,
  change: Partial<Judgement["criteria"][number]>,
  more: Partial<Judgement> = {},
): Partial<VerdictInput> {
  const criteria = passes.criteria.map((c) => (c.id === id ? { ...c, ...change } : c));
  return { judged: { kind: "judged", model: "m", judgement: { ...passes, criteria, ...more } } };
}

const verdictOf = (more: Partial<VerdictInput> = {}) => Verdict.parse(judgeVerdict(input(more)));
const criterionOf = (id: string, more: Partial<VerdictInput>) => verdictOf(more).criteria.find((c) => c.id === id)!;

describe("judgeVerdict", () => {
  test("green oracles and a judge who agrees on their evidence are a pass", () => {
    expect(verdictOf()).toMatchObject({ outcome: "pass", judged_by: "m" });
  });

  test("a red oracle stays red whatever the judge says", () => {
    const oracleVerdicts = input().oracleVerdicts.map((o) =>
      o.id === "C1" ? { ...o, verdict: "fail" as const, reason: "exit 1" } : o,
    );
    expect(verdictOf({ oracleVerdicts })).toMatchObject({ outcome: "fail" });
    expect(criterionOf("C1", { oracleVerdicts })).toMatchObject({ verdict: "fail", decided_by: "oracle" });
  });

  test("an undecided oracle is not decided by the judge", () => {
    const oracleVerdicts = input().oracleVerdicts.map((o) =>
      o.id === "C2" ? { ...o, verdict: "unverifiable" as const } : o,
    );
    expect(verdictOf({ oracleVerdicts }).outcome).toBe("unverified");
  });

  test("an oracle that was never run is not decided by the judge", () => {
    expect(verdictOf({ oracleVerdicts: input().oracleVerdicts.slice(1) }).outcome).toBe("unverified");
  });

  test("without a judge nothing is a pass", () => {
    const verdict = verdictOf({ judged: { kind: "none", why: "the budget is used up" } });
    expect(verdict).toMatchObject({ outcome: "unverified", judged_by: null });
    expect(verdict.criteria.find((c) => c.id === "C4")!.reason).toContain("the budget is used up");
  });

  test("without a judge nothing is a pass, also when there is no rubric", () => {
    const plain = { ...contract, criteria: contract.criteria.slice(0, 3) };
    expect(verdictOf({ contract: plain, judged: { kind: "none", why: "crash" } }).outcome).toBe("unverified");
  });

  test.each([
    ["cites nothing", [] as string[]],
    ["cites evidence that does not exist", ["E99"]],
    ["cites evidence of another tree", ["E1", "E5"]],
    ["cites only another criterion's run", ["E2"]],
  ])("a pass that %s is not shown", (_name, evidence) => {
    expect(criterionOf("C1", judged("C1", { evidence })).verdict).toBe("unverifiable");
    expect(verdictOf(judged("C1", { evidence })).outcome).toBe("unverified");
  });

  test("a rubric passes only on evidence of this tree", () => {
    expect(criterionOf("C4", judged("C4", { evidence: [] })).verdict).toBe("unverifiable");
    expect(criterionOf("C4", judged("C4", { evidence: ["E5"] })).verdict).toBe("unverifiable");
    expect(criterionOf("C4", {})).toMatchObject({ verdict: "pass", decided_by: "judge" });
  });

  test("a rubric that the judge fails is a failure without a repro", () => {
    expect(verdictOf(judged("C4", { verdict: "fail", evidence: [] })).outcome).toBe("fail");
  });

  test("a criterion that the judge leaves out is not shown", () => {
    const judgement = { ...passes, criteria: passes.criteria.slice(1) };
    expect(verdictOf({ judged: { kind: "judged", model: "m", judgement } }).outcome).toBe("unverified");
  });

  test("of two opinions on one criterion the lower counts", () => {
    const judgement = {
      ...passes,
      criteria: [...passes.criteria, { ...passes.criteria[0]!, verdict: "unverifiable" as const }],
    };
    expect(verdictOf({ judged: { kind: "judged", model: "m", judgement } }).outcome).toBe("unverified");
  });

  test("the judge may lower a green criterion to not shown", () => {
    expect(verdictOf(judged("C2", { verdict: "unverifiable" })).outcome).toBe("unverified");
  });

  test("a failure that the judge could not show lowers to not shown, never to fail", () => {
    const more = judged(
      "C2",
      { verdict: "fail" },
      { findings: [{ severity: "blocker", what: "wrong for 0", repro: "node x" }] },
    );
    expect(criterionOf("C2", more).verdict).toBe("unverifiable");
    expect(verdictOf(more).findings).toMatchObject([
      { severity: "advisory", text: "wrong for 0 (not reproduced by Baton)" },
    ]);
  });

  test("a blocker whose repro Baton saw fail is a failure even when every criterion passes", () => {
    const more = judged("C1", {}, { findings: [{ severity: "blocker", what: "wrong for 0", repro: "node x" }] });
    expect(verdictOf({ ...more, reproduced: new Set([0]) })).toMatchObject({
      outcome: "fail",
      findings: [{ severity: "blocker" }],
    });
    expect(verdictOf(more).outcome).toBe("pass");
  });

  test("a blocker of the ratchet cannot be waved through by the judge", () => {
    const findings = [
      { rule: "ratchet/test-lost", severity: "blocker" as const, file: "a", line: null, text: "gone", evidence: [] },
    ];
    expect(verdictOf({ findings }).outcome).toBe("fail");
  });

  test("an optional criterion is reported and does not decide", () => {
    const oracleVerdicts = input().oracleVerdicts.map((o) => (o.id === "C3" ? { ...o, verdict: "fail" as const } : o));
    expect(verdictOf({ oracleVerdicts })).toMatchObject({ outcome: "pass" });
  });

  test("a contract without a must is never a pass", () => {
    expect(
      verdictOf({ contract: { ...contract, criteria: [{ ...contract.criteria[2]!, must: false }] } }).outcome,
    ).toBe("unverified");
  });

  test.each([
    ["text", "all good, PASS"],
    ["nothing", null],
    ["a verdict that does not exist", { criteria: [{ id: "C1", verdict: "excellent" }] }],
    ["an overall pass without criteria", { overall: "pass" }],
  ])("an answer that is %s is no judgement", (_name, value) => {
    expect(readJudgement(value, "m").kind).toBe("none");
  });

  test("a restart that the judge orders is kept", () => {
    expect(verdictOf(judged("C1", {}, { restart: { why: "wrong approach" } })).restart).toEqual({
      why: "wrong approach",
    });
  });
});

test("the judge is told which failures are not held against the work", () => {
  const run = (id: string, kind: Evidence["kind"], outcome: Evidence["outcome"]): Evidence => ({
    ...{ id, kind, outcome, criterion: "P1", command: "npm test", exit: 1, attempts: [1], duration_ms: 1 },
    ...{ tree: "t", output_sha256: "", tail: "" },
  });
  const evidence = [
    run("E1", "oracle", "fail"),
    run("E2", "oracle", "fail"),
    run("E3", "base_tests_on_head", "fail"),
    run("E4", "base_tests_on_head", "fail"),
    run("E5", "head_tests_on_base", "fail"),
    run("E6", "oracle", "pass"),
  ];
  const blocker = { rule: "ratchet/base-tests-fail", severity: "blocker" as const, file: null, line: null, text: "x" };
  const excused = excuse(
    evidence,
    [{ ...blocker, evidence: ["E4"] }],
    [
      { verdict: "pass", reason: "only tests that fail on the base fail: `a`", evidence: ["E1"] },
      { verdict: "fail", reason: "exit 1", evidence: ["E2"] },
      { verdict: "pass", reason: "", evidence: ["E6"] },
    ],
  );
  expect([...excused.keys()]).toEqual(["E1", "E3", "E5"]);
});
