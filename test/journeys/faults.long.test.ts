import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { startBareStory } from "../helpers/bare-run.ts";
import { describeRuns, findViolations, patientPolicy, startStory } from "../helpers/crash-story.ts";
import { activeRun, gitIn, workerWith } from "../helpers/fault-story.ts";
import type { Journey } from "../helpers/journey.ts";
import { quiet, settle } from "../helpers/journey-view.ts";
import { collapseSpaces, finish, fixedSlug, foldAccents, slugFiles, slugScript } from "../helpers/slug-story.ts";

const branch = "refs/heads/baton/issue-1";
const policy = patientPolicy;
const patient = { timeout: 600_000 };

/** The slug story with something that happens amid the work on the second criterion. */
async function amid(act: (journey: Journey) => unknown, more: { policy?: string } = {}) {
  const world: { journey?: Journey } = {};
  const story = await startStory({ script: slugScript(workerWith(act, world)), ...more });
  world.journey = story.journey;
  const { journey, issue } = story;
  await journey.world.label(issue, "baton", "mona");
  const view = await settle(journey, issue);
  const mona = journey.world.as("mona");
  return { ...story, view, mona };
}

const commit = (journey: Journey, files: Record<string, string>, to?: string) =>
  journey.world.github.commit(journey.world.repo, {
    files,
    message: "by a person",
    as: "mona",
    ...(to ? { branch: to } : {}),
  });

/** Played with BATON_FULL=1 only: CI has ten minutes for everything. */
const inFull = (title: string, play: () => Promise<void>): void => {
  if (process.env.BATON_FULL) it(title, play);
};

describe("a push that GitHub refuses", patient, () => {
  it("for a secret is made again without that file and that part of the record, and the report says so", async () => {
    const secret = "acme_live_0123456789abcdef";
    const write = {
      toolCalls: [{ name: "write", input: { path: "fixtures/pay.json", content: `{"key":"${secret}"}` } }],
    };
    const show = { toolCalls: [{ name: "bash", input: { command: "cat fixtures/pay.json; cat slug.js" } }] };
    const worker = [write, show, foldAccents, finish(["C1"]), collapseSpaces, finish(["C2"])];
    await using story = await startStory({ script: slugScript(worker) });
    const { journey, issue } = story;
    journey.world.github.pushRules.push({ kind: "secret", pattern: /acme_live_[0-9a-f]{16}/, name: "Acme Live Key" });
    await journey.world.label(issue, "baton", "mona");
    const view = await settle(journey, issue);
    expect(describeRuns(view)).toBe("label:done");
    expect(findViolations(journey, issue, view)).toEqual([]);
    expect(view.files()).not.toContain("fixtures/pay.json");
    expect(view.pullRequest.body).toMatch(/fixtures\/pay\.json.{0,3} is left out of the work/);
    expect(gitIn(journey, "rev-list", "--objects", "--all")).not.toContain("pay.json");
  });

  inFull(
    "since the base has newer workflow files is made again with the base merged in, and what came of both is verified",
    async () => {
      await using story = await amid(async (journey) => {
        const nightly = gitIn(journey, "show", "main:.github/workflows/nightly.yml");
        await commit(journey, { ".github/workflows/nightly.yml": `${nightly}# newer\n`, "NEWS.md": "news\n" });
      });
      const { journey, view, issue } = story;
      expect(describeRuns(view)).toBe("label:done");
      expect(findViolations(journey, issue, view)).toEqual([]);
      expect(gitIn(journey, "merge-base", "main", branch)).toBe(gitIn(journey, "rev-parse", "main"));
      expect(view.file("NEWS.md")).toBe("news\n");
      expect(gitIn(journey, "diff", "--name-only", "main", branch).trim()).toBe("slug.js");
      expect(view.state.contract?.base_sha).toBe(view.state.base.sha);
    },
  );

  it("by a rule on the branch ends the run before anything more is spent, with the rule's own words", async () => {
    await using story = await startStory();
    const { journey, issue } = story;
    const why = "Branch name must match feature/x";
    journey.world.github.pushRules.push({ kind: "ruleset", refs: /^refs\/heads\/baton\//, why });
    await journey.world.label(issue, "baton", "mona");
    const view = await settle(journey, issue);
    expect(describeRuns(view)).toBe("label:config_error");
    expect(view.statusComments.join()).toContain(why);
    expect(view.counts.pullRequests).toEqual([]);
    expect(journey.world.model?.bill().requests).toBe(2);
  });
});

describe("GitHub amid the work", patient, () => {
  it("that is down for some seconds, git too, is waited for", async () => {
    await using story = await amid((journey) => {
      journey.world.github.faults.down(502);
      setTimeout(() => journey.world.github.faults.up(), 6_000);
    });
    expect(describeRuns(story.view)).toBe("label:done");
    expect(findViolations(story.journey, story.issue, story.view)).toEqual([]);
  });

  inFull("that asks for patience with every write gets it", async () => {
    await using story = await amid(({ world }) => {
      const limited = (status: number) => ({
        match: {
          times: 2,
          when: ({ method, path }: { method: string; path: string }) => method !== "GET" && !path.includes("git-"),
        },
        before: status,
        headers: { "retry-after": "1" },
        body: { message: "You have exceeded a secondary rate limit." },
      });
      world.github.faults.add(limited(403));
      world.github.faults.add(limited(429));
    });
    expect(describeRuns(story.view)).toBe("label:done");
    expect(findViolations(story.journey, story.issue, story.view)).toEqual([]);
  });
});

describe("people amid the work", patient, () => {
  it("who push to the branch find their commit kept and merged", async () => {
    await using story = await amid((journey) => commit(journey, { "NOTES.md": "mine\n" }, "baton/issue-1"));
    const { view, journey, issue } = story;
    expect(describeRuns(view)).toBe("label:done");
    expect(view.file("NOTES.md")).toBe("mine\n");
    expect(gitIn(journey, "log", "--format=%s", branch)).toContain("by a person");
    expect(findViolations(journey, issue, view)).toEqual([]);
  });

  inFull("who change the same lines are told of the conflict, and their commit stands", async () => {
    await using story = await amid((journey) =>
      commit(journey, { "slug.js": "export const slug = (text) => text;\n" }, "baton/issue-1"),
    );
    expect(describeRuns(story.view)).toBe("label:conflict");
    expect(story.view.file("slug.js")).toBe("export const slug = (text) => text;\n");
    expect(story.view.statusComments.join()).toContain("slug.js");
  });

  it("who delete the branch do not see it made again", async () => {
    await using story = await amid((journey) => gitIn(journey, "update-ref", "-d", branch));
    expect(describeRuns(story.view)).toBe("label:conflict");
    expect(gitIn(story.journey, "for-each-ref", branch)).toBe("");
    expect(story.view.statusComments.join()).toContain("deleted");
  });

  inFull("who force-push the branch keep what they pushed", async () => {
    await using story = await amid((journey) =>
      gitIn(journey, "update-ref", branch, gitIn(journey, "rev-parse", "main").trim()),
    );
    expect(describeRuns(story.view)).toBe("label:conflict");
    expect(gitIn(story.journey, "rev-parse", branch)).toBe(gitIn(story.journey, "rev-parse", "main"));
    expect(story.view.statusComments.join()).toContain("force-pushed");
  });

  inFull("who merge the pull request end the run; a new label opens the next generation", async () => {
    await using story = await amid(async ({ world }) => {
      const mona = world.as("mona");
      const [pull] = (await mona.request("GET", "/repos/acme/app/pulls")).body as { number: number; node_id: string }[];
      const query =
        "mutation($id: ID!) { markPullRequestReadyForReview(input: { pullRequestId: $id }) { pullRequest { isDraft } } }";
      await mona.request("POST", "/graphql", { query, variables: { id: pull!.node_id } });
      await mona.merge("acme/app", pull!.number);
    });
    const { journey, issue, view, mona } = story;
    expect(describeRuns(view)).toBe("label:cancelled");
    const head = gitIn(journey, "rev-parse", branch);
    await mona.unlabel("acme/app", issue, "baton");
    await mona.label("acme/app", issue, "baton");
    const next = await settle(journey, issue);
    expect(next.state).toMatchObject({ generation: 2, branch: "baton/issue-1-2" });
    expect(gitIn(journey, "rev-parse", branch)).toBe(head);
  });

  inFull("who close the issue end the run with what was done saved", async () => {
    await using story = await amid(({ world }) => world.as("mona").close("acme/app", 1));
    expect(describeRuns(story.view)).toBe("label:cancelled");
    expect(story.view.statusComments.join()).toContain("closed");
  });

  inFull("who cancel the workflow run find the work saved and the status true", async () => {
    await using story = await amid(async (journey) => {
      await journey.world.as("mona").request("POST", `/repos/acme/app/actions/runs/${activeRun(journey)}/cancel`);
      await wait(1_000);
    });
    const { view, journey, issue } = story;
    expect(describeRuns(view)).toBe("label:cancelled");
    expect(view.file("slug.js")).toContain("NFD");
    expect(view.statusComments.join()).toContain("cancelled");
    await journey.world.comment(issue, "/continue", "mona");
    expect(describeRuns(await settle(journey, issue))).toBe("label:cancelled, command:done");
  });

  inFull("who say /retry get a fresh context on the base, and nothing of the old work", async () => {
    const world: { journey?: Journey } = {};
    const wrong = { toolCalls: [{ name: "write", input: { path: "wrong.js", content: "wrong\n" } }] };
    const steps = workerWith(async (journey) => {
      await journey.world.comment(1, "/retry in slug.js alone", "mona");
      await wait(16_000);
    }, world);
    const script = slugScript([wrong, ...steps.slice(0, 3), foldAccents, collapseSpaces, finish()]);
    await using story = await startStory({ script });
    world.journey = story.journey;
    await story.journey.world.label(story.issue, "baton", "mona");
    const view = await settle(story.journey, story.issue);
    expect(describeRuns(view)).toBe("label:done");
    expect(view.state.restarts).toBe(1);
    expect(view.file("slug.js")).toBe(fixedSlug);
    expect(view.files()).not.toContain("wrong.js");
  });
});

describe("two runs of one session", patient, () => {
  inFull("the second one finds the first alive and ends as skipped", async () => {
    const world: { journey?: Journey } = {};
    let ring = async () => {};
    await using story = await startBareStory({ script: slugScript(workerWith(() => ring(), world)) });
    world.journey = story.journey;
    ring = async () => {
      await story.ring(1);
      await wait(4_000);
    };
    await story.ring(0);
    const view = await settle(story.journey, story.issue);
    expect(describeRuns(view)).toBe("dispatch:done");
    expect(story.journey.world.github.actions.runs.map(({ conclusion }) => conclusion)).toEqual(["success", "success"]);
    expect(findViolations(story.journey, story.issue, view)).toEqual([]);
  });

  it("one that slept while a successor took over writes nothing any more, neither by git nor by REST", async () => {
    const world: { journey?: Journey } = {};
    let sleeper = 0;
    const script = slugScript(
      workerWith(async (journey) => {
        sleeper = activeRun(journey);
        await journey.world.runner.pauseRun(sleeper);
      }, world),
    );
    await using story = await startBareStory({ script });
    const { journey, issue } = story;
    world.journey = journey;
    const { actions } = journey.world.github;
    await story.ring(0);
    await journey.world.waitFor(() => sleeper > 0, { what: "the pause" });
    // GitHub takes it for lost; its tokens live on, as an App's do.
    const lost = actions.runs.find(({ id }) => id === sleeper)!;
    lost.status = "completed";
    lost.conclusion = "failure";
    await story.ring(1);
    const done = await journey.world.waitFor(
      () => actions.runs.find(({ id, status }) => id !== sleeper && status === "completed"),
      { what: "the successor", timeoutMs: 120_000 },
    );
    expect(done.conclusion).toBe("success");
    const before = await journey.world.snapshotCounts();
    const refs = gitIn(journey, "for-each-ref");
    const comments = (await journey.world.as("mona").request("GET", `/repos/acme/app/issues/${issue}/comments`)).body;
    await journey.world.runner.resumeRun(sleeper);
    await quiet(journey);
    expect(gitIn(journey, "for-each-ref")).toBe(refs);
    expect(await journey.world.snapshotCounts()).toEqual(before);
    expect((await journey.world.as("mona").request("GET", `/repos/acme/app/issues/${issue}/comments`)).body).toEqual(
      comments,
    );
    const view = await settle(journey, issue);
    expect(describeRuns(view)).toBe("dispatch:died (open), continuation:done");
    expect(findViolations(journey, issue, view)).toEqual([]);
  });
});

describe("a session whose record is damaged on the remote", patient, () => {
  it("is explained on GitHub where nothing can be read, and nothing is touched", async () => {
    await using story = await startStory({ files: slugFiles(policy) });
    const { journey, issue } = story;
    gitIn(journey, "update-ref", "refs/baton/issue-1", gitIn(journey, "rev-parse", "main").trim());
    await journey.world.label(issue, "baton", "mona");
    await quiet(journey);
    await journey.world.comment(issue, "/continue", "mona");
    await quiet(journey);
    const comments = (await journey.world.as("mona").request("GET", `/repos/acme/app/issues/${issue}/comments`)).body;
    expect(JSON.stringify(comments)).toMatch(
      /newest record of this session cannot be read.*Nothing of this session can be read/s,
    );
    expect(gitIn(journey, "for-each-ref", "--format=%(refname)", "refs/heads").trim()).toBe("refs/heads/main");
  });
});
