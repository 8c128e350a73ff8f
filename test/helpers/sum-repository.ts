import { ContractDraft } from "../../src/domain/contract.ts";
import type { AskJudge } from "../../src/evaluator/evaluate.ts";
import { type Freezing, freezeContract } from "../../src/evaluator/freeze-contract.ts";
import type { Files, TestWorld } from "./evaluator-world.ts";

/** A repository with a fault: `sum` of nothing is NaN. Its own tests are green. */
export const sumRepository: Files = {
  "package.json": `${JSON.stringify({ name: "sum", type: "module", scripts: { test: "node --test --test-reporter=tap test/*.test.js" } }, null, 2)}\n`,
  "src/sum.js": "export function sum(numbers) {\n  return numbers.reduce((a, b) => a + b);\n}\n",
  "test/sum.test.js": [
    'import assert from "node:assert/strict";',
    'import { test } from "node:test";',
    'import { sum } from "../src/sum.js";',
    'test("adds two numbers", () => {',
    "  assert.equal(sum([1, 2]), 3);",
    "});",
    'test("adds negative numbers", () => {',
    "  assert.equal(sum([-4, 1]), -3);",
    "});",
    "",
  ].join("\n"),
  "README.md": "# sum\n",
};

/** The work that an honest worker does. */
export const honestWork: Files = {
  "src/sum.js": "export function sum(numbers) {\n  return numbers.reduce((a, b) => a + b, 0);\n}\n",
};

/** A carried test that is red on the base by an assertion. */
export const carriedTest = [
  'import assert from "node:assert/strict";',
  'import { test } from "node:test";',
  'import { sum } from "../src/sum.js";',
  'test("sum of nothing is 0", () => {',
  "  assert.equal(sum([]), 0);",
  "});",
  "",
].join("\n");

/** A draft that a careful initializer would write. */
export function sumDraft(more: Partial<Record<keyof ContractDraft, unknown>> = {}): ContractDraft {
  return ContractDraft.parse({
    summary: "sum([]) is 0",
    criteria: [
      {
        id: "C1",
        text: "sum of an empty list is 0",
        oracle: {
          type: "test",
          run: "node --test --test-reporter=tap test/empty.test.js",
          path: "test/empty.test.js",
          timeout_s: 60,
        },
        files: [{ path: "test/empty.test.js", content: carriedTest }],
        touch: ["src/**"],
      },
      {
        id: "C2",
        text: "sum of an empty list does not throw",
        oracle: {
          type: "command",
          run: `node -e 'import("./src/sum.js").then((m) => console.log("sum", m.sum([])))'`,
          expect: { exit: 0, stdout_match: "^sum 0$" },
          timeout_s: 60,
        },
        touch: ["src/**"],
      },
      {
        id: "C3",
        text: "sums of two numbers stay right",
        kind: "regression",
        oracle: {
          type: "test",
          run: "node --test --test-reporter=tap test/sum.test.js",
          path: "test/sum.test.js",
          timeout_s: 60,
        },
      },
    ],
    ...more,
  });
}

/** Freezes a draft on a base of these files. */
export async function freezeOn(world: TestWorld, files: Files, draft: ContractDraft, policyOracles: string[] = []) {
  const baseTree = await world.tree(files);
  const baseSha = await world.commit(baseTree);
  const freezing = await freezeContract({ draft, policyOracles, requestSha256: "0".repeat(64), baseSha }, world);
  return { baseTree, baseSha, freezing };
}

/** The frozen contract, or the reason why there is none as a failure of the test. */
export function frozen(freezing: Freezing): Extract<Freezing, { kind: "frozen" }> {
  if (freezing.kind !== "frozen") throw new Error(`not frozen: ${JSON.stringify(freezing, null, 1)}`);
  return freezing;
}

/** A judge that passes every criterion on the evidence of its own oracle, and rubrics on the diff. */
export const mildJudge: AskJudge = async ({ contract, evidence }) => ({
  kind: "judged",
  model: "judge-model",
  judgement: {
    criteria: contract.criteria.map(({ id, oracle }) => ({
      id,
      verdict: "pass",
      evidence: evidence
        .filter((e) => (oracle.type === "rubric" ? e.kind === "policy" : e.criterion === id && e.kind === "oracle"))
        .map((e) => e.id),
      reason: "shown",
    })),
  },
});
