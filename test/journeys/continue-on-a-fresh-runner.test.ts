import { describe, expect, it } from "vitest";
import { startJourney } from "../helpers/journey.ts";
import { settle } from "../helpers/journey-view.ts";
import {
  collapseSpaces,
  finish,
  fixedSlug,
  foldAccents,
  readSlug,
  slugFiles,
  slugScript,
} from "../helpers/slug-story.ts";

const policy = `setup: []
oracles: [node test/slug.js]
auto_continue: false
limits: { run: { turns: 6 } }
`;

describe("a run that ends at a cap", () => {
  it("leaves a truthful draft, and `/continue` on a new disk finishes it", async () => {
    const worker = [readSlug, foldAccents, finish(), collapseSpaces, finish()];
    await using journey = await startJourney({ script: slugScript(worker), files: slugFiles(policy) });
    const { world } = journey;
    const issue = await world.openIssue({
      title: "slug should fold accents",
      body: "Crème → creme, runs of spaces one dash.",
    });
    await world.label(issue, "baton", "mona");
    const first = await settle(journey, issue);

    expect(first.state.runs.map(({ stop_reason }) => stop_reason)).toEqual(["max_turns"]);
    expect(first.state.verdict?.outcome).toBe("fail");
    expect(first.pullRequest.draft).toBe(true);
    expect(first.pullRequest.body).not.toContain("Closes #1");
    expect(first.files()).toContain(".baton/issue-1/state.json");
    expect(first.statusComments[0]).toContain("the turns of this run are used up");
    expect(first.counts.checkRuns).toEqual(["baton: failure"]);

    expect(first.state.handoff?.next_steps).toEqual(["slug.js: collapse runs of spaces"]);

    // Baton rewrites the description of its own pull request at any time; the session's request was frozen long ago.
    // The word to go on stands on a line of the diff, where a reviewer is.
    const pulls = `/repos/acme/app/pulls/${first.pullRequest.number}`;
    const { head } = (await world.as("mona").request("GET", pulls)).body;
    const onLine = { body: "/continue", path: "slug.js", line: 1, commit_id: head.sha };
    const said = (await world.as("mona").request("POST", `${pulls}/comments`, onLine)).body.id;
    const description = { body: `${first.pullRequest.body}\n\nRead.` };
    await world.as("mona").request("PATCH", pulls, description);
    const last = await settle(journey, issue);
    expect(last.state.runs.map(({ stop_reason }) => stop_reason)).toEqual(["max_turns", "done"]);
    expect(last.state.runs.at(-1)?.event_id).toBe(`review-comment-${said}`);
    expect(last.state.reviews_read).toEqual([`review-comment-${said}`]);
    expect(last.state.verdict?.outcome).toBe("pass");
    expect(last.counts.branches).toEqual(["baton/issue-1"]);
    expect(last.counts.pullRequests).toHaveLength(1);
    expect(last.statusComments).toHaveLength(1);
    expect(last.pullRequest.draft).toBe(false);
    expect(last.file("slug.js")).toBe(fixedSlug);
    expect(last.files()).not.toContain(".baton/issue-1/state.json");
    expect(last.state.spend.total.usd_micro).toBeGreaterThanOrEqual(world.model!.bill().usdMicro);
    expect(world.model?.problems()).toEqual([]);
    expect(last.leaks).toEqual([]);
  });
});
