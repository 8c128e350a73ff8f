import { describe, expect, it } from "vitest";
import { startJourney } from "../helpers/journey.ts";
import { quiet, settle } from "../helpers/journey-view.ts";
import { fixedSlug, slugFiles, slugScript } from "../helpers/slug-story.ts";

describe("the App beside a workflow that answers the same events, under another name", () => {
  it("answers a question and a mistake once", async () => {
    await using journey = await startJourney({ script: slugScript(), files: slugFiles() });
    const { world } = journey;
    const issue = await world.openIssue({ title: "slug should fold accents", body: "Crème → creme" });
    for (const words of ["/status", "/continue --budget lots"]) {
      await world.comment(issue, words, "mona");
      await quiet(journey);
    }
    const view = await settle(journey, issue);
    expect(view.comments.map(({ login }) => login)).toEqual(["mona", "baton[bot]", "mona", "baton[bot]"]);
  });

  it("keeps one status comment where the App comes late, after the workflow's own run began", async () => {
    await using journey = await startJourney({ script: slugScript(), files: slugFiles() });
    const { world } = journey;
    world.github.webhooks.intercept = () => "hold";
    const issue = await world.openIssue({
      title: "slug should fold accents",
      body: "Crème → creme, and runs of spaces one dash.",
    });
    await world.label(issue, "baton", "mona");
    const gate = async () => {
      const [run] = world.runner.active();
      const path = `/repos/acme/app/actions/runs/${run}/jobs`;
      const { jobs = [] } = (await world.as("mona").request("GET", path)).body as { jobs?: { conclusion: string }[] };
      return jobs[0]?.conclusion;
    };
    await expect.poll(gate, { timeout: 60_000 }).toBe("success");
    world.github.webhooks.intercept = null;
    await world.github.webhooks.flush();
    const view = await settle(journey, issue);
    // The gate had decided and the session was not claimed yet: both began.
    expect(journey.lines.filter((line) => line.startsWith("dispatched"))).toHaveLength(1);
    expect(view.statusComments).toHaveLength(1);
    expect(view.statusComments[0]).toContain("Verified: all 4 criteria pass");
    expect(view.counts.pullRequests).toHaveLength(1);
    expect(view.effectiveRuns).toBe(1);
    expect(view.file("slug.js")).toBe(fixedSlug);
  });
});
