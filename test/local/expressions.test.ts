import { describe, expect, test } from "vitest";
import type { Scope } from "../../src/local/runner/evaluate-expression.ts";
import { evaluateCondition, evaluateTemplate, renderTemplate } from "../../src/local/runner/template.ts";

const scope: Scope = {
  contexts: {
    github: {
      event_name: "issues",
      repository: "acme/app",
      event: { issue: { number: 12, labels: [{ name: "baton" }, { name: "bug" }] }, action: null },
    },
    inputs: { task: '{"session":"issue-12"}', empty: "", dry_run: true },
    needs: { gate: { result: "success", outputs: { go: "true" } } },
    vars: {},
  },
};

describe("expressions have the value that GitHub gives them", () => {
  test.each<[string, unknown]>([
    ["1 + ''", Error],
    ["'it''s'", "it's"],
    ["0x1F", 31],
    ["-1.5e2", -150],
    ["github.event.issue.number", 12],
    ["github['event']['issue'].NUMBER", 12],
    ["github.event.nothing.at.all", null],
    ["github.event.issue.labels[1].name", "bug"],
    ["github.event.issue.labels.*.name", ["baton", "bug"]],
    ["contains(github.event.issue.labels.*.name, 'BATON')", true],
    ["contains('Hello', 'ell')", true],
    ["startsWith('refs/heads/x', 'REFS/heads/')", true],
    ["endsWith('abc', 'BC')", true],
    ["format('pr-{0}-{1}-{{0}}', 34, true)", "pr-34-true-{0}"],
    ["format('{1}', 1)", Error],
    ["join(github.event.issue.labels.*.name, '+')", "baton+bug"],
    ["toJSON(needs.gate.outputs)", '{\n  "go": "true"\n}'],
    ["fromJSON(inputs.task).session", "issue-12"],
    ["fromJSON('{')", Error],
    ["hashFiles('**/x')", ""],
    ["'Abc' == 'aBC'", true],
    ["1 == '1'", true],
    ["null == 0", true],
    ["null == ''", true],
    ["true == 1", true],
    ["'x' == 0", false],
    ["'x' < 1", false],
    ["2 > '1'", true],
    ["'a' && 'b'", "b"],
    ["'' || 'b'", "b"],
    ["inputs.empty && 'yes' || 'no'", "no"],
    ["inputs.dry_run && 'yes' || 'no'", "yes"],
    ["!inputs.empty", true],
    ["!(1 == 2) && true", true],
    ["true || false && false", true],
    ["needs.gate.result != 'success'", false],
    ["unknown.value", Error],
    ["nobody('x')", Error],
    ["a b", Error],
    ["(1", Error],
  ])("%s", (source, value) => {
    const evaluate = () => evaluateTemplate(`\${{ ${source} }}`, scope);
    if (value === Error) expect(evaluate).toThrow();
    else expect(evaluate()).toEqual(value);
  });

  test("a text keeps what stands around its expressions, also with braces in quotes", () => {
    expect(renderTemplate("Baton ${{ github.event_name }} · ${{ '}}' }}!", scope)).toBe("Baton issues · }}!");
    expect(renderTemplate("${{ null }}${{ true }}${{ github.event }}", scope)).toBe("trueObject");
    expect(renderTemplate(true, scope)).toBe("true");
    expect(() => renderTemplate("${{ 'a'", scope)).toThrow("not closed");
  });
});

describe("conditions", () => {
  const after = (status: "success" | "failure" | "cancelled"): Scope => ({
    ...scope,
    status: {
      success: () => status === "success",
      failure: () => status === "failure",
      cancelled: () => status === "cancelled",
    },
  });
  test.each<[unknown, "success" | "failure" | "cancelled", boolean]>([
    [undefined, "success", true],
    [undefined, "failure", false],
    ["true", "failure", false],
    ["always()", "cancelled", true],
    ["${{ always() }}", "failure", true],
    ["failure()", "failure", true],
    ["failure()", "success", false],
    ["!cancelled()", "failure", true],
    ["cancelled()", "cancelled", true],
    ["always() && needs.gate.outputs.go == 'true' && needs.gate.result != 'failure'", "failure", true],
    ["needs.gate.outputs.go == 'true'", "success", true],
    ["needs.gate.outputs.go == 'true'", "failure", false],
    ["needs.gate.outputs.nothing", "success", false],
    [false, "success", false],
  ])("if: %s after %s", (condition, status, holds) => {
    expect(evaluateCondition(condition, after(status))).toBe(holds);
  });
});
