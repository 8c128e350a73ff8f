import { describe, expect, it } from "vitest";
import { startJourney } from "../../helpers/journey.ts";
import { settle } from "../../helpers/journey-view.ts";
import { fixedSlug, slugFiles, slugScript } from "../../helpers/slug-story.ts";

describe("the workflow's own events, without the App", () => {
  it("a label leads to the same pull request, and a reader's command to nothing", async () => {
    await using journey = await startJourney({ script: slugScript(), files: slugFiles(), withApp: false });
    const { world } = journey;
    const issue = await world.openIssue({
      title: "slug should fold accents",
      body: "Crème → creme, runs of spaces one dash.",
    });
    await world.comment(issue, "/continue", "reader");
    const refused = await settle(journey, issue);
    expect(refused.counts.branches).toEqual([]);
    expect(refused.state.runs).toEqual([]);

    await world.label(issue, "baton", "mona");
    const view = await settle(journey, issue);
    expect(view.state.runs.map(({ stop_reason }) => stop_reason)).toEqual(["done"]);
    expect(view.counts.branches).toEqual(["baton/issue-1"]);
    expect(view.counts.pullRequests).toHaveLength(1);
    expect(view.statusComments).toHaveLength(1);
    expect(view.pullRequest.draft).toBe(false);
    expect(view.file("slug.js")).toBe(fixedSlug);
    expect(world.model?.problems()).toEqual([]);
  });
});
