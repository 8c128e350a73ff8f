import { describe, expect, it } from "vitest";
import { readInputs } from "../../src/action/inputs.ts";
import { isNight, renderNight } from "../../src/action/night.ts";

const door = (name: string, workflow: string, task = "") => ({
  event: { name, payload: {} },
  workflowRef: `acme/app/.github/workflows/${workflow}@refs/heads/main`,
  inputs: readInputs((input) => (input === "task" ? task : "")),
});

describe("the night", () => {
  it.each([
    ["schedule", "baton-nightly.yml", "", true],
    ["schedule", "anything.yml", "", true],
    ["workflow_dispatch", "baton-nightly.yml", "", true],
    ["workflow_dispatch", "nightly.yml", "", true],
    ["workflow_dispatch", "nightly.yml", "{}", false],
    ["workflow_dispatch", "baton.yml", "", false],
    ["issues", "nightly.yml", "", false],
  ])("of %s in %s with task %j: %s", (event, workflow, task, expected) => {
    expect(isNight(door(event, workflow, task))).toBe(expected);
  });

  it("says in one line that there was nothing to do, and why for each thing that it left", () => {
    const told = { deeds: [], digest: null, problems: [], dryRun: false, night: { world: { today: "2026-11-20" } } };
    const plan = { operations: [], left: [{ what: "tidy", reason: "ran on 2026-11-20" }] };
    const text = renderNight({ ...told, plan } as unknown as Parameters<typeof renderNight>[0]);
    expect(text).toBe("### Baton, night of 2026-11-20\n\nNothing to do.\n\n**Left**\n\n- tidy: ran on 2026-11-20\n");
  });
});
