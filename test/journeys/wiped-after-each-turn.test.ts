import { describe, expect, it } from "vitest";
import { startBareStory, wipedAfterEachTurn } from "../helpers/bare-run.ts";
import { billOf, findViolations } from "../helpers/crash-story.ts";
import { settle } from "../helpers/journey-view.ts";
import { slugScript } from "../helpers/slug-story.ts";

describe("a runner that is taken away after every single turn", () => {
  it("finishes on ever new disks, asks for no turn twice, and each thing is there once", async () => {
    let wiped = 0;
    const script = wipedAfterEachTurn(slugScript(), async () => {
      wiped += 1;
      const { runner } = story.journey.world;
      await Promise.all(runner.active().map((id) => runner.killRun(id)));
    });
    await using story = await startBareStory({ script });
    const { journey, issue } = story;
    let view = null;
    for (let hop = 0; hop < 12 && view?.state.runs.at(-1)?.stop_reason !== "done"; hop += 1) {
      await story.ring(hop);
      view = await settle(journey, issue);
    }
    expect(wiped).toBe(7);
    expect(view?.state.runs).toHaveLength(8);
    expect(view?.state.spend.total.turns).toBe(8);
    expect(findViolations(journey, issue, view!)).toEqual([]);
    // One request was answered per turn: the bill is that of an uninterrupted session.
    expect(journey.world.model?.bill().requests).toBe(8);
    expect(view?.state.spend.total.usd_micro).toBeGreaterThan(billOf(journey));
  }, 600_000);
});
