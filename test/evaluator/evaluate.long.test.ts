import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Contract } from "../../src/domain/contract.ts";
import { Verdict } from "../../src/domain/verdict.ts";
import { type AskJudge, evaluate } from "../../src/evaluator/evaluate.ts";
import type { JudgeInput } from "../../src/evaluator/judge-input.ts";
import { type Files, noWalls, openTestWorld, type TestWorld } from "../helpers/evaluator-world.ts";
import { freezeOn, frozen, honestWork, mildJudge, sumDraft, sumRepository } from "../helpers/sum-repository.ts";

describe.skipIf(noWalls)(`evaluate${noWalls ? ` (${noWalls})` : ""}`, { timeout: 400_000 }, () => {
  let world: TestWorld;
  let contract: Contract;
  let baseTree: string;
  const memory = new Map();

  beforeAll(async () => {
    world = await openTestWorld({ secret: "hunter2-hunter2" });
    const made = await freezeOn(world, sumRepository, sumDraft(), ["npm test --silent"]);
    contract = frozen(made.freezing).contract;
    baseTree = made.baseTree;
  }, 400_000);
  afterAll(() => world.close());

  async function verdictOn(files: Files, judge = mildJudge, under = contract) {
    const tree = await world.changed(baseTree, files);
    return Verdict.parse(
      await evaluate({ contract: under, request: { title: "t", body: "b" }, tree, judge, memory }, world),
    );
  }

  const only = (...ids: string[]): Contract => ({
    ...contract,
    criteria: contract.criteria.filter((c) => ids.includes(c.id)),
  });
  const blockers = (verdict: Verdict) => verdict.findings.filter((f) => f.severity === "blocker").map((f) => f.rule);

  test("honest work passes on the tree that is published, and the judge sees only the work", async () => {
    let seen: JudgeInput | null = null;
    const verdict = await verdictOn(honestWork, async (input) => {
      seen = input;
      return mildJudge(input);
    });
    expect(blockers(verdict)).toEqual([]);
    expect(verdict).toMatchObject({ outcome: "pass", judged_by: "judge-model", tests_counted_by: "tap" });
    expect(verdict.tree).toBe(await world.changed(baseTree, honestWork));
    expect(verdict.evidence.filter((e) => e.kind === "oracle").map((e) => e.criterion)).toEqual([
      "C1",
      "C2",
      "C3",
      "P1",
    ]);
    expect(seen!.diff).toContain("+  return numbers.reduce((a, b) => a + b, 0);");
  });

  test("a judge who cites every run of the criterion, the base's tests on the new code too, is heard", async () => {
    const cited: string[] = [];
    const thorough: AskJudge = async (input) => {
      const mild = await mildJudge(input);
      if (mild.kind !== "judged") return mild;
      const runsOf = (id: string) => input.evidence.filter((e) => e.criterion === id && e.outcome === "pass");
      cited.push(...input.contract.criteria.flatMap(({ id }) => runsOf(id).map(({ kind }) => kind)));
      const criteria = input.contract.criteria.map(({ id }) => ({
        ...{ id, verdict: "pass", reason: "shown", evidence: runsOf(id).map((e) => e.id) },
      }));
      return { ...mild, judgement: { criteria } };
    };
    const more = `${sumRepository["test/sum.test.js"]}test("adds one number", () => {\n  assert.equal(sum([1]), 1);\n});\n`;
    const verdict = await verdictOn({ ...honestWork, "test/sum.test.js": more }, thorough, only("P1"));
    expect(cited).toContain("base_tests_on_head");
    expect([verdict.outcome, ...blockers(verdict)]).toEqual(["pass"]);
  });

  test("nothing done is refused, and the judge is not asked", async () => {
    let asked = false;
    const verdict = await verdictOn({ "README.md": "# sum, all tests pass\n" }, async (input) => {
      asked = true;
      return mildJudge(input);
    });
    expect(verdict.criteria.map((c) => c.verdict)).toEqual(["fail", "fail", "pass", "pass"]);
    expect(verdict).toMatchObject({ outcome: "fail", judged_by: null });
    expect(verdict.evidence[0]!.attempts).toEqual([1, 1]);
    expect(asked).toBe(false);
  });

  test("a changed script does not reach the oracles, and is refused", async () => {
    const manifest = sumRepository["package.json"]!.replace(/"node --test [^"]*"/, '"echo ok"');
    const broken = "export function sum() {\n  return 0;\n}\n";
    const verdict = await verdictOn({ "package.json": manifest, "src/sum.js": broken }, mildJudge, only("P1"));
    expect(blockers(verdict)).toContain("ratchet/definition-changed");
    expect(verdict.criteria.find((c) => c.id === "P1")!.verdict).toBe("fail");
  });

  test("a demand of the old tests that the work broke comes back although the tests were rewritten", async () => {
    const tests = sumRepository["test/sum.test.js"]!.replace(
      "assert.equal(sum([-4, 1]), -3)",
      "assert.equal(sum([-4, 1]), 3)",
    );
    const work =
      "export function sum(numbers) {\n  return numbers.reduce((a, b) => a + Math.abs(b), 0) - (numbers[0] < 0 ? 2 : 0);\n}\n";
    const verdict = await verdictOn({ "test/sum.test.js": tests, "src/sum.js": work }, mildJudge, only("P1"));
    expect(blockers(verdict)).toEqual(["ratchet/base-tests-fail"]);
    expect(verdict.criteria.find((c) => c.id === "P1")!.verdict).toBe("pass");
  });

  test("code that changes what assertions do is refused: the oracle could no longer fail", async () => {
    const sly = `import { createRequire } from "node:module";\nconst strict = createRequire(import.meta.url)("ass" + "ert").strict;\nfor (const name of Object.keys(strict)) strict[name] = () => {};\n${sumRepository["src/sum.js"]!.replace("a + b", "0")}`;
    expect(blockers(await verdictOn({ "src/sum.js": sly }, mildJudge, only("C3")))).toEqual(["ratchet/cannot-fail"]);
    // The contract's own test would show it in two ways: one reason is enough.
    const more = sly.replace("numbers.reduce", "[1, ...numbers].reduce");
    expect(blockers(await verdictOn({ "src/sum.js": more }, mildJudge, only("C1")))).toEqual(["ratchet/cannot-fail"]);
  });

  test("code that takes its answers from the carried test is refused", async () => {
    const sly = `import { readFileSync } from "node:fs";\nexport function sum(numbers) {\n  const asked = "sum(" + JSON.stringify(numbers) + "), ";\n  const text = readFileSync(process.argv[1], "utf8").split(asked)[1];\n  return text ? Number.parseInt(text, 10) : numbers.reduce((a, b) => a + b);\n}\n`;
    expect(blockers(await verdictOn({ "src/sum.js": sly }, mildJudge, only("C1")))).toEqual([
      "ratchet/answers-from-test",
    ]);
  });

  test("where no oracle runs the base's own tests, they are run all the same", async () => {
    const broken = "export function sum(numbers) {\n  return Math.abs(numbers.reduce((a, b) => a + b, 0));\n}\n";
    const verdict = await verdictOn({ "src/sum.js": broken }, mildJudge, only("C1"));
    expect(blockers(verdict)).toEqual(["ratchet/base-tests-fail"]);
    expect(verdict.findings.at(-1)!.text).toContain("`adds negative numbers`");
  });

  test("a script that is no test is tried in itself: honest work passes, work that ends its process is refused", async () => {
    const check =
      'import assert from "node:assert/strict";\nimport { sum } from "./src/sum.js";\nassert.equal(sum([]), 0);\n';
    const script = {
      ...contract.criteria[0]!,
      id: "C9",
      oracle: { type: "command" as const, run: "node check-sum.mjs", expect: { exit: 0 }, timeout_s: 60 },
      files: [{ path: "check-sum.mjs", content: check }],
    };
    const under: Contract = { ...contract, criteria: [script] };
    const honest = await verdictOn(honestWork, mildJudge, under);
    expect([honest.outcome, ...blockers(honest)]).toEqual(["pass"]);
    const sly = await verdictOn(
      { "src/sum.js": "export function sum() {\n  process.kill(0, 0);\n  process.reallyExit(0);\n}\n" },
      mildJudge,
      under,
    );
    expect(blockers(sly)).toContain("ratchet/cannot-fail");
  });

  test("an oracle that could not run on the base and fails alike now shows nothing, so nothing is verified by it", async () => {
    const guard = contract.criteria.find(({ id }) => id === "P1")!;
    const gone = {
      ...guard,
      id: "P9",
      oracle: { type: "command" as const, run: "node no-such-test-runner.mjs", expect: { exit: 0 }, timeout_s: 60 },
    };
    const detail =
      "fails on the base because a file cannot be found (no-such-test-runner.mjs), which is not the stated reason";
    const under: Contract = {
      ...contract,
      criteria: [contract.criteria[0]!, gone],
      baseline: [...contract.baseline, { criterion: "P9", outcome: "error", exit: 1, detail, known_failures: [] }],
    };
    const more = `${sumRepository["test/sum.test.js"]}test("adds one number", () => {\n  assert.equal(sum([1]), 1);\n});\n`;
    const verdict = await verdictOn({ ...honestWork, "test/sum.test.js": more }, mildJudge, under);
    expect(verdict.criteria.map(({ id, verdict: said }) => [id, said])).toEqual([
      ["C1", "pass"],
      ["P9", "unverifiable"],
    ]);
    // Nor is it held against tests that the work changed: it is red with them and without them.
    expect(blockers(verdict)).toEqual([]);
    expect(verdict.outcome).toBe("unverified");
  });

  test("what is loaded beside the tests cannot stand in for the work, although the demand failed on the base", async () => {
    const helper = "globalThis.empty = 0;\n";
    const carried = contract.criteria[0]!;
    const leaning: Contract = {
      ...contract,
      baseline: [{ criterion: "C1", outcome: "fail", exit: 1, detail: "", known_failures: ["sum of nothing is 0"] }],
      criteria: [
        {
          ...carried,
          files: [{ ...carried.files[0]!, content: `import "./helper.js";\n${carried.files[0]!.content}` }],
        },
      ],
    };
    const base = await world.changed(baseTree, { "test/helper.js": "export {};\n" });
    const under = { ...leaning, base_sha: await world.commit(base) };
    const sly = "export function sum(numbers) {\n  return numbers.reduce((a, b) => a + b, globalThis.empty);\n}\n";
    const tree = await world.changed(base, { "test/helper.js": helper, "src/sum.js": sly });
    const verdict = await evaluate(
      { contract: under, request: { title: "t", body: "b" }, tree, judge: mildJudge },
      world,
    );
    expect(verdict.findings.map((f) => f.text)).toContainEqual(
      "C1: the base's tests fail on the new code although the changed ones pass: `sum of nothing is 0`",
    );
  });

  test("a judge that crashes, or answers nonsense, leaves the work unverified", async () => {
    const one = { ...contract, criteria: contract.criteria.slice(1, 2) };
    const crash: AskJudge = async () => {
      throw new Error("context lost");
    };
    expect((await verdictOn(honestWork, crash, one)).outcome).toBe("unverified");
    expect(
      (await verdictOn(honestWork, async () => ({ kind: "judged", judgement: "PASS", model: "m" }), one)).outcome,
    ).toBe("unverified");
  });

  test("Baton runs the judge's repro: only a fault that shows lowers the verdict", async () => {
    const one = { ...contract, criteria: contract.criteria.slice(1, 2) };
    const doubting =
      (repro: string): AskJudge =>
      async (input) => {
        const mild = await mildJudge(input);
        if (mild.kind !== "judged") return mild;
        return {
          ...mild,
          judgement: {
            ...(mild.judgement as object),
            findings: [{ severity: "blocker", what: "wrong for text", repro }],
          },
        };
      };
    const fault = `node -e 'import("./src/sum.js").then((m) => { if (m.sum(["1", "2"]) !== 3) throw new Error("got " + m.sum(["1", "2"])); })'`;
    const shown = await verdictOn(honestWork, doubting(fault), one);
    expect(shown).toMatchObject({ outcome: "fail", findings: [{ rule: "judge/behaviour", severity: "blocker" }] });
    expect(shown.evidence.filter((e) => e.kind === "repro")).toMatchObject([{ outcome: "fail" }]);
    for (const nothing of ["exit 1", "no-such-tool --check", "node no-such-file.js"])
      expect((await verdictOn(honestWork, doubting(nothing), one)).outcome).toBe("pass");
  });

  test("a test that the worker writes must be red on the base", async () => {
    const under: Contract = {
      ...contract,
      criteria: [
        {
          ...contract.criteria[0]!,
          files: [],
          worker_written: true,
          oracle: { ...contract.criteria[0]!.oracle, path: "test/empty.test.js" } as never,
        },
      ],
    };
    const header =
      'import assert from "node:assert/strict";\nimport { test } from "node:test";\nimport { sum } from "../src/sum.js";\n';
    const green = `${header}test("empty", () => {\n  assert.equal(typeof sum, "function");\n});\n`;
    const red = `${header}test("empty", () => {\n  assert.equal(sum([]), 0);\n});\n`;
    expect(blockers(await verdictOn({ ...honestWork, "test/empty.test.js": green }, mildJudge, under))).toEqual([
      "ratchet/test-green-on-base",
    ]);
    expect(await verdictOn({ ...honestWork, "test/empty.test.js": red }, mildJudge, under)).toMatchObject({
      outcome: "pass",
    });
    expect(blockers(await verdictOn(honestWork, mildJudge, under))).toEqual(["ratchet/worker-test-missing"]);
  });

  test("what one oracle leaves behind does not reach the next", async () => {
    const sly = `import { writeFileSync } from "node:fs";\nif (process.argv.length > 1) try { writeFileSync("test/sum.test.js", ""); } catch (error) { console.error(error); }\n${sumRepository["src/sum.js"]}`;
    const verdict = await verdictOn({ "src/sum.js": sly }, mildJudge, only("C2", "C3"));
    expect(verdict.criteria.map((c) => c.verdict)).toEqual(["fail", "pass"]);
    expect(verdict.evidence.find((e) => e.criterion === "C3")!.tail).toContain("ok 2 - adds negative numbers");
  });

  test("a secret in an output is not in the evidence, and one in the diff is a blocker", async () => {
    const one = { ...contract, criteria: contract.criteria.slice(1, 2) };
    const loud = `console.log("hunter2-hunter2");\n${sumRepository["src/sum.js"]}`;
    const verdict = await verdictOn({ "src/sum.js": loud }, mildJudge, one);
    expect(JSON.stringify(verdict)).not.toContain("hunter2-hunter2");
    expect(blockers(verdict)).toContain("policy/secret");
  });
});
