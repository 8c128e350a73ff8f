import { describe, expect, it } from "vitest";
import { startJourney } from "../helpers/journey.ts";
import { settle } from "../helpers/journey-view.ts";
import { fixedSlug, slugFiles, slugScript } from "../helpers/slug-story.ts";

describe("a label on an issue, with the App", () => {
  it("becomes one branch, one verified pull request that is ready, and one status comment", async () => {
    await using journey = await startJourney({ script: slugScript(), files: slugFiles() });
    const { world } = journey;
    const issue = await world.openIssue({
      title: "slug should fold accents",
      body: "Crème → creme, and runs of spaces one dash.",
    });
    await world.label(issue, "baton", "mona");
    const view = await settle(journey, issue);

    expect(view.counts.branches).toEqual(["baton/issue-1"]);
    expect(view.counts.pullRequests).toHaveLength(1);
    expect(view.statusComments).toHaveLength(1);
    expect(view.statusComments[0]).toContain("Verified: all 4 criteria pass");
    expect(view.pullRequest.draft).toBe(false);
    expect(view.pullRequest.body).toContain("Closes #1");
    expect(view.pullRequest.body).toContain("| C2 | ✅ pass |");
    expect(view.counts.checkRuns).toEqual(["baton: success"]);
    expect(view.file("slug.js")).toBe(fixedSlug);
    expect(view.files()).not.toContain(".baton/issue-1/state.json");
    expect(view.trailers()).toContain("Baton-Session: issue-1");
    expect(view.coAuthors().some((line) => line.includes("mona"))).toBe(true);
    expect(view.effectiveRuns).toBe(1);
    // The world lies where an Enterprise Server does, at <host>/api/v3 and /api/graphql: nothing that people see leads elsewhere.
    const published = [...view.comments.map(({ body }) => body), view.pullRequest.body, view.coAuthors().join()].join(
      "\n",
    );
    expect(published).toContain(`${world.github.url}/acme/app/actions/runs/`);
    expect(published).not.toMatch(/github\.com/);
    expect(world.model?.problems()).toEqual([]);
    expect(view.leaks).toEqual([]);
  });
});
