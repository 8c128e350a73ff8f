import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { startJourney } from "../helpers/journey.ts";
import { quiet } from "../helpers/journey-view.ts";
import { fixedSlug, slugFiles, slugScript } from "../helpers/slug-story.ts";

const workflow = (file: string, more = ""): string => `name: baton
on: { workflow_dispatch: {} }
permissions: { contents: write, issues: write, pull-requests: write, checks: write, actions: write }
jobs:
  run:
    runs-on: ubuntu-latest
    steps:
      - uses: acme/baton@v0
        with:
          anthropic_api_key: \${{ secrets.ANTHROPIC_API_KEY }}
          prompt_file: ${file}
${more}`;

describe("a workflow of one step, without a gate, an issue or a checkout", () => {
  it.each([
    ["tasks/slug.md", "done"],
    ["tasks/nope.md", "no file of main"],
  ])("does what a file of the repository says: %s", async (file, said) => {
    await using journey = await startJourney({
      script: slugScript(),
      files: { ...slugFiles(), "tasks/slug.md": "Fold accents in slug()\n\nand collapse runs of spaces.\n" },
      withApp: false,
      world: { workflows: { "baton.yml": workflow(file) } },
    });
    const { world } = journey;
    await world
      .as("mona")
      .request("POST", "/repos/acme/app/actions/workflows/baton.yml/dispatches", { ref: "main", inputs: {} });
    await quiet(journey);
    const log = world.github.actions.runs.flatMap((run) => run.jobs.map((job) => JSON.stringify(job))).join("\n");
    expect(log).toContain(said);
    const { branches } = await world.snapshotCounts();
    expect(branches).toHaveLength(said === "done" ? 1 : 0);
    if (said !== "done") return;
    const git = (...args: string[]): string =>
      execFileSync("git", ["--git-dir", world.repo.gitDir, ...args], { encoding: "utf8" });
    expect(branches[0]).toMatch(/^baton\/task-[0-9a-f]{8}$/);
    expect(git("show", `refs/heads/${branches[0]}:slug.js`)).toBe(fixedSlug);
  });

  it("leaves nothing anywhere in a dry run, and says that all is in order", async () => {
    await using journey = await startJourney({
      script: slugScript(),
      files: { ...slugFiles(), "tasks/slug.md": "Fold accents.\n" },
      withApp: false,
      world: { workflows: { "baton.yml": workflow("tasks/slug.md", '          dry_run: "true"\n') } },
    });
    const { world } = journey;
    await world
      .as("mona")
      .request("POST", "/repos/acme/app/actions/workflows/baton.yml/dispatches", { ref: "main", inputs: {} });
    await quiet(journey);
    const { branches, otherRefs, pullRequests } = await world.snapshotCounts();
    expect([branches, otherRefs, pullRequests]).toEqual([[], [], []]);
    expect(world.model?.bill().requests).toBe(0);
    expect(JSON.stringify(world.github.actions.runs.map(({ jobs }) => jobs))).toContain("dry run");
  });
});
