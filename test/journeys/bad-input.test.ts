import { describe, expect, it } from "vitest";
import { startJourney } from "../helpers/journey.ts";
import { settle } from "../helpers/journey-view.ts";
import { slugFiles, slugScript } from "../helpers/slug-story.ts";

describe("bad input", () => {
  it("a policy mistake is named with file, line, what was found and what is allowed; mended, the label works", async () => {
    const files = slugFiles("setup: []\nlimits:\n  run: { truns: 6 }\n");
    await using journey = await startJourney({ script: slugScript(), files, withApp: false });
    const { world } = journey;
    const issue = await world.openIssue({ title: "slug should fold accents", body: "Crème → creme." });
    await world.label(issue, "baton", "mona");
    const refused = await settle(journey, issue);
    expect(refused.counts.branches).toEqual([]);
    const said = refused.comments.map(({ body }) => body).join("\n");
    expect(said).toContain(".github/baton.yml");
    expect(said).toContain("3");
    expect(said).toContain("truns");
    expect(said).toContain("turns");
    expect(world.model?.bill().usdMicro).toBe(0);

    await world.as("mona").request("PUT", "/repos/acme/app/contents/.github/baton.yml", {
      message: "mend the policy",
      content: Buffer.from(slugFiles()[".github/baton.yml"]!).toString("base64"),
      sha: (
        (await world.as("mona").request("GET", "/repos/acme/app/contents/.github/baton.yml")).body as { sha: string }
      ).sha,
    });
    await world.as("mona").unlabel("acme/app", issue, "baton");
    await world.label(issue, "baton", "mona");
    const view = await settle(journey, issue);
    expect(view.state.runs.map(({ stop_reason }) => stop_reason)).toEqual(["done"]);
  });

  it("a wrong key ends at once with one clear reason, costs nothing and loses nothing", async () => {
    await using journey = await startJourney({
      script: slugScript(),
      files: slugFiles(),
      withApp: false,
      world: { secrets: { ANTHROPIC_API_KEY: "sk-ant-wrong" } },
    });
    const { world } = journey;
    const issue = await world.openIssue({ title: "slug should fold accents", body: "Crème → creme." });
    await world.label(issue, "baton", "mona");
    const view = await settle(journey, issue);
    expect(view.state.runs).toHaveLength(1);
    expect(view.statusComments).toHaveLength(1);
    expect(view.statusComments[0]).toMatch(/401|key|credential|authenti/i);
    expect(view.state.spend.total.usd_micro).toBe(0);
    expect(world.model?.bill().usdMicro).toBe(0);
  });

  it("a malformed envelope starts nothing and says which field is wrong", async () => {
    await using journey = await startJourney({ script: slugScript(), files: slugFiles(), withApp: false });
    const { world } = journey;
    await world.as("mona").request("POST", "/repos/acme/app/actions/workflows/baton.yml/dispatches", {
      ref: "main",
      inputs: { task: '{"v":1,"session":"issue-x"}' },
    });
    await world.idle();
    const counts = await world.snapshotCounts();
    expect(counts.branches).toEqual([]);
    expect(counts.otherRefs).toEqual([]);
    expect(world.model?.bill().requests).toBe(0);
  });
});
