import { describe, expect, it } from "vitest";
import { bringToEnd, describeRuns, findViolations, startStory } from "../helpers/crash-story.ts";

describe("kill -9 of the bundled action", () => {
  it("in the contract, between turns, in the evaluation and in the publication ends in one pull request and one status", async () => {
    await using story = await startStory();
    const { journey, issue } = story;
    const { runner } = journey.world;
    for (const log of [/· turn 1 ·/, /claims C1/, /the worker claims to be done/, /run ended: done/])
      runner.killNext({ job: "run", log });
    await journey.world.label(issue, "baton", "mona");
    const view = await bringToEnd(journey, issue);

    // Two deaths in a row go on by themselves, then a person is asked each time.
    expect(view.state.runs.map(({ trigger }) => trigger)).toEqual([
      "label",
      "continuation",
      "continuation",
      "command",
      "command",
    ]);
    expect(
      view.state.runs.filter(({ stop_reason }) => stop_reason === null).length,
      describeRuns(view),
    ).toBeGreaterThanOrEqual(3);
    expect(view.asked).toBe(2);
    expect(findViolations(journey, issue, view)).toEqual([]);
  }, 600_000);
});
