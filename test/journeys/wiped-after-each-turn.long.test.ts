import { describe, expect, it } from "vitest";
import { startBareStory, wipedAfterEachTurn } from "../helpers/bare-run.ts";
import { billOf, findViolations } from "../helpers/crash-story.ts";
import { settle } from "../helpers/journey-view.ts";
import { slugScript } from "../helpers/slug-story.ts";

describe("a runner that is taken away after every single turn", () => {
  it("finishes on ever new disks, repeats at most one turn per machine, and each thing is there once", async () => {
    let wiped = 0;
    const script = wipedAfterEachTurn(slugScript(), async () => {
      wiped += 1;
      const { runner } = story.journey.world;
      await Promise.all(runner.active().map((id) => runner.killRun(id)));
    });
    await using story = await startBareStory({ script });
    const { journey, issue } = story;
    let view = null;
    for (let hop = 0; hop < 24 && view?.state.runs.at(-1)?.stop_reason !== "done"; hop += 1) {
      await story.ring(hop);
      view = await settle(journey, issue);
    }
    // Each machine does one turn, or at most the last one of the machine before it once more.
    expect(wiped).toBeGreaterThanOrEqual(7);
    expect(wiped).toBeLessThan(24);
    expect(view?.state.runs).toHaveLength(wiped + 1);
    expect(view?.state.spend.total.turns).toBe(8);
    expect(findViolations(journey, issue, view!)).toEqual([]);
    expect(journey.world.model?.bill().requests).toBe(wiped + 1);
    expect(view?.state.spend.total.usd_micro).toBeGreaterThan(billOf(journey));
  }, 600_000);
});
