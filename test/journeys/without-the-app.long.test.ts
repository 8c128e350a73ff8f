import { describe, expect, it } from "vitest";
import type { World } from "../../src/local/world.ts";
import { startJourney, workflowText } from "../helpers/journey.ts";
import { settle } from "../helpers/journey-view.ts";
import { fixedSlug, slugFiles, slugScript } from "../helpers/slug-story.ts";

const ci = `name: CI
on: [pull_request]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: "true"
`;

/** Baton's workflows, and one of the repository's own. */
async function withCi(): Promise<Record<string, string>> {
  return { "baton.yml": await workflowText("baton"), "nightly.yml": await workflowText("nightly"), "ci.yml": ci };
}

function ciRuns(world: World): string[] {
  return [...world.github.store.runs.values()]
    .map(({ workflow_path }) => workflow_path)
    .filter((path) => path.endsWith("/ci.yml"));
}

describe("the workflow's own events, without the App", () => {
  it("a label leads to the same pull request, and a reader's command to nothing", async () => {
    await using journey = await startJourney({
      script: slugScript(),
      files: slugFiles(),
      withApp: false,
      world: { workflows: await withCi() },
    });
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
    expect(view.pullRequest.body).toContain("so your other workflows do not start on this branch");
    expect(ciRuns(world)).toEqual([]);
    expect(view.file("slug.js")).toBe(fixedSlug);
    expect(world.model?.problems()).toEqual([]);
  });

  it("an App of the owner's own has CI run on what Baton pushes, and its tokens end with the run", async () => {
    await using journey = await startJourney({
      ...{ script: slugScript(), files: slugFiles(), withApp: false, world: { workflows: await withCi() } },
    });
    const { world } = journey;
    world.repo.variables.BATON_APP_ID = String(world.appCredentials.appId);
    world.repo.secrets.BATON_APP_PRIVATE_KEY = world.appCredentials.privateKey;
    const issue = await world.openIssue({ title: "slug should fold accents", body: "Crème → creme." });
    await world.label(issue, "baton", "mona");
    const view = await settle(journey, issue);
    expect(view.state.runs.map(({ stop_reason }) => stop_reason)).toEqual(["done"]);
    expect(view.pullRequest.body).not.toContain("your other workflows");
    expect(ciRuns(world).length).toBeGreaterThan(0);
    expect(world.github.countEffects("apps/create-installation-access-token")).toBeGreaterThan(0);
    const left = [...world.github.store.tokens.values()].filter(({ kind }) => kind === "installation");
    expect(left).toEqual([]);
  });
});
