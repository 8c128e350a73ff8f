import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { startJourney } from "../helpers/journey.ts";
import { quiet } from "../helpers/journey-view.ts";
import { fixedSlug, slugFiles, slugScript } from "../helpers/slug-story.ts";

const care = `---
name: slug-care
description: Keeps slug honest about accents and spaces.
schedule: nightly
limits: { turns: 40, usd: 4 }
paths: [slug.js]
prepare: ['echo prepared > "$HOME/prepared.txt"']
oracles: [test -s package.json]
labels: [chore]
reviewers: [wanda]
---
Fold accents to plain letters and collapse runs of spaces.
`;
const nothing = `---
name: nothing
description: Never has anything to do.
schedule: weekly:friday
skip_if: [test -e .no-such-file, node test/slug.js]
---
Do what is never needed here.
`;
const policy = `setup: []
oracles: [node test/slug.js]
maintenance: { playbooks: [slug-care, nothing] }
`;
const day = 86_400_000;

describe("a nightly chore, without the App", () => {
  it("ends in one verified pull request, stays quiet where nothing is to do, and follows a base that moved", async () => {
    const started = Date.now();
    let midnight = Date.parse("2026-11-20T02:23:00Z"); // a Friday
    const files = {
      ...slugFiles(policy),
      ".github/baton/maintenance/slug-care.md": care,
      ".github/baton/maintenance/nothing.md": nothing,
    };
    await using journey = await startJourney({
      script: slugScript(),
      files,
      withApp: false,
      world: { now: () => midnight + Date.now() - started },
    });
    const { world } = journey;
    const git = (...args: string[]): string =>
      execFileSync("git", ["--git-dir", world.repo.gitDir, ...args], { encoding: "utf8" });
    const get = async <T>(path: string): Promise<T> =>
      (await world.as("mona").request("GET", `/repos/acme/app${path}`)).body as T;
    const dispatched = (): string[] =>
      world.github.actions.runs.filter(({ event }) => event === "workflow_dispatch").map((run) => run.display_title);
    const summaries = (): string =>
      world.github.actions.runs.flatMap((run) => run.jobs.map(({ summary }) => summary)).join("\n");

    await world.fireSchedule();
    await quiet(journey);
    const branch = "baton/maintenance-slug-care-20261120";
    const [pull, ...others] =
      await get<
        {
          number: number;
          draft: boolean;
          body: string;
          labels: { name: string }[];
          requested_reviewers: { login: string }[];
        }[]
      >("/pulls");
    expect(others).toEqual([]);
    expect(pull).toMatchObject({
      draft: false,
      labels: [{ name: "chore" }],
      requested_reviewers: [{ login: "wanda" }],
    });
    expect(git("show", `refs/heads/${branch}:slug.js`)).toBe(fixedSlug);
    // The chore may touch slug.js alone: what its criteria carried is judged by, not published.
    expect(git("diff", "--name-only", "main", `refs/heads/${branch}`).trim()).toBe("slug.js");
    const counts = await world.snapshotCounts();
    expect(counts.botComments).toEqual([]);
    expect(counts.branches).toEqual([branch]);
    expect(counts.checkRuns).toEqual(["baton: success"]);
    expect(dispatched()).toHaveLength(2);
    expect(summaries()).toContain("Nothing to do: `node test/slug.js` exits 0 on the base.");

    await world.fireSchedule();
    await quiet(journey);
    expect(dispatched()).toHaveLength(2);

    await world.github.commit(world.repo, { files: { "NEWS.md": "news\n" }, message: "news", as: "mona" });
    const before = git("rev-parse", `refs/heads/${branch}`).trim();
    midnight += day;
    await world.fireSchedule();
    await quiet(journey);
    expect(dispatched().slice(2)).toEqual(["maintenance-slug-care-20261120 [schedule-20261121T000000000Z] by nobody"]);
    expect(git("show", `refs/heads/${branch}:NEWS.md`)).toBe("news\n");
    expect(git("log", "--format=%H", `refs/heads/${branch}`)).toContain(before);
    expect(git("merge-base", "main", `refs/heads/${branch}`)).toBe(git("rev-parse", "main"));
    const after = await get<{ number: number; draft: boolean }[]>("/pulls");
    expect(after).toMatchObject([{ number: pull?.number, draft: false }]);
    expect(git("diff", "--name-only", "main", `refs/heads/${branch}`).trim()).toBe("slug.js");
    expect(world.model?.problems()).toEqual([]);
  }, 600_000);
});
