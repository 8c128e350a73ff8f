import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Value } from "../../src/local/runner/evaluate-expression.ts";
import { readWorkflow } from "../../src/local/runner/read-workflow.ts";
import { evaluateCondition, renderTemplate } from "../../src/local/runner/template.ts";

const workflows = join(import.meta.dirname, "../../.github/workflows");
const text = readFileSync(join(workflows, "baton.yml"), "utf8");
const runName = /^run-name: "(.*)"$/m.exec(text)?.[1]?.replaceAll('\\"', '"') ?? "";

describe("the project's own workflows on the embedded runner", () => {
  test.each(["baton.yml", "nightly.yml"])("%s can be carried out", (name) => {
    const workflow = readWorkflow(readFileSync(join(workflows, name), "utf8"));
    expect(workflow.jobs.length).toBeGreaterThan(0);
  });

  test.each<[string, string, Value, Value]>([
    ["issue-12", "issues", { issue: { number: 12 } }, {}],
    ["pr-34", "issue_comment", { issue: { number: 34, pull_request: { url: "x" } } }, {}],
    ["issue-7", "workflow_dispatch", {}, { task: '{"v":1,"session":"issue-7"}' }],
    ["workflow_dispatch", "workflow_dispatch", {}, { task: "" }],
  ])("a run is named after its session: %s by %s", (session, event_name, event, inputs) => {
    const name = renderTemplate(runName, { contexts: { github: { event_name, event }, inputs, vars: {} } });
    expect(name).toContain(session);
  });

  test.each<[string, string, boolean]>([
    ["true", "success", false],
    ["true", "failure", true],
    ["true", "cancelled", true],
    ["false", "skipped", false],
  ])("close after go=%s and run=%s: %s", (go, result, closes) => {
    const close = readWorkflow(text).jobs.find((job) => job.key === "close");
    const needs = { gate: { result: "success", outputs: { go } }, run: { result, outputs: {} } };
    const status = {
      success: () => result === "success",
      failure: () => result === "failure",
      cancelled: () => result === "cancelled",
    };
    expect(evaluateCondition(close?.if, { contexts: { needs, github: {}, inputs: {}, vars: {} }, status })).toBe(
      closes,
    );
  });
});
