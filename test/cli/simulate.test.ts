import { writeFileSync } from "node:fs";
import { join } from "node:path";
import examples from "@octokit/webhooks-examples";
import { describe, expect, it } from "vitest";
import { baton } from "./fake-terminal.ts";
import { createRepository } from "./repository.ts";

interface Example {
  action?: string;
  comment?: { body: string; created_at: string; updated_at: string };
}

function example(name: string, action: string): Example {
  const found = (examples as unknown as { name: string; examples: Example[] }[])
    .find((one) => one.name === name)
    ?.examples.find((one) => one.action === action);
  return structuredClone(found!);
}

async function simulate(payload: unknown, ...words: string[]): Promise<{ code: number; out: string; err: string }> {
  return await baton(["simulate", ...words.slice(0, 1), "-", ...words.slice(1)], {
    stdin: async () => JSON.stringify(payload),
  });
}

describe("simulate", () => {
  it("decides about a label by the policy that is given", async () => {
    const payload = example("issues", "labeled");
    expect((await simulate(payload, "issues")).out).toContain("Why:       the label is not `baton`");
    const policy = join(createRepository(), "p.yml");
    writeFileSync(policy, "label: bug\n");
    const { out, code } = await simulate(payload, "issues", "--policy", policy);
    expect(code).toBe(0);
    expect(out).toMatch(/Decision: {2}start a run of issue-1\n/);
    expect(out).toContain("Assumed:\n  Codertocat has write permission");
  });

  it("decides about a command by the right that is assumed", async () => {
    const payload = example("issue_comment", "created");
    payload.comment!.body = "/continue also tabs";
    payload.comment!.updated_at = payload.comment!.created_at;
    expect((await simulate(payload, "issue_comment", "--permission", "read")).out).toContain(
      "read permission; write is needed",
    );
    expect((await simulate(payload, "issue_comment")).out).toContain("start a run of issue-1");
    expect((await simulate(payload, "issue_comment", "--alive")).out).toContain("the run that is under way reads it");
    payload.comment!.body = "> /continue";
    expect((await simulate(payload, "issue_comment")).out).toContain("Decision:  ignore");
  });

  it("gives the decision as JSON, too", async () => {
    const { out } = await simulate(example("issues", "labeled"), "issues", "--output", "json");
    expect(JSON.parse(out)).toMatchObject({ reading: { kind: "trigger" }, decision: { kind: "ignore" } });
  });

  it("says what it cannot read", async () => {
    expect((await simulate({}, "push")).out).toContain("nothing is done for push");
    expect(await baton(["simulate", "issues", "nope.json"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("nope.json is not a JSON file"),
    });
    expect((await simulate({}, "issues", "--permission", "god")).out).toContain("nothing is done for issues");
  });
});
