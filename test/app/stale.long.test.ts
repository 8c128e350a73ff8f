import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { markStale } from "../../src/domain/stale-report.ts";
import type { State } from "../../src/domain/state.ts";
import { type AppWorld, runOf, startAppWorld } from "./embedded-app.ts";

let world: AppWorld;
beforeAll(async () => {
  world = await startAppWorld();
});
afterAll(async () => world[Symbol.asyncDispose]());

const verdict: State["verdict"] = {
  ...{ v: 1, outcome: "pass", tree: "9be21f0c4d5a".padEnd(40, "0"), base_sha: "b".repeat(40), contract_sha256: "c" },
  ...{ criteria: [], findings: [], evidence: [], judged_by: null, restart: null, tests_counted_by: "tap" },
};

/** A verified pull request that is ready for review, its branch at the commit that Baton pushed last. */
async function verified(part: Partial<State> = {}): Promise<{ issue: number; pull: number }> {
  const issue = await world.github.as("wendy").openIssue("acme/shop", { title: "T", body: "B" });
  const pull = await world.putSession(issue);
  const stored = [...world.github.store.issues.values()].find(({ number }) => number === pull);
  if (!stored?.pull) throw new Error("no pull request");
  stored.body = `Mine.\n\n${readFileSync("test/fixtures/reports/pass.md", "utf8")}`;
  stored.pull.draft = false;
  const rest = { verdict, work_head: stored.pull.headSha, runs: [runOf({ stop_reason: "done" })], ...part };
  await world.putSession(issue, { published: { pull_request: String(pull) }, ...rest });
  return { issue, pull };
}

async function push(issue: number): Promise<void> {
  const files = { "by-hand.txt": `${issue}\n` };
  await world.github.commit(world.repo, { branch: `baton/issue-${issue}`, files, message: "by hand", as: "wendy" });
  await world.settled();
}

const shown = async (pull: number) =>
  (await world.github.as("wendy").request("GET", `/repos/acme/shop/pulls/${pull}`)).body as {
    body: string;
    draft: boolean;
  };

test("a person's commit on a verified branch makes the report say stale and the pull request a draft again", async () => {
  const { issue, pull } = await verified();
  await push(issue);
  const { body, draft } = await shown(pull);
  expect(draft, JSON.stringify(world.lines)).toBe(true);
  expect(body).toContain("## ⚠️ Stale: the branch changed after it was verified");
  expect(body).toMatch(/by wendy came later and was not checked\.\n\n### The verdict before that\n\n\| \|/);
  expect(body).not.toMatch(/✅ Verified|Closes #/);
  expect(body.startsWith("Mine.\n\n<!-- baton:report:begin -->")).toBe(true);
  await world.server.sweepNow();
  expect((await shown(pull)).body).toBe(body);
});

test("a push that no delivery told of is found by the sweep; while a run is under way nothing is said", async () => {
  const { issue, pull } = await verified({ runs: [runOf({ stop_reason: "done", closed: false, run_id: "0" })] });
  world.github.webhooks.intercept = () => "drop";
  await push(issue);
  expect((await shown(pull)).draft).toBe(false);
  world.github.webhooks.intercept = () => "deliver";
  await world.putSession(issue, { ...world.readSession(issue), runs: [runOf({ stop_reason: "done" })] });
  await world.server.sweepNow();
  expect((await shown(pull)).draft).toBe(true);
});

test("Baton's own last commit is no news", async () => {
  const { issue, pull } = await verified();
  const state = world.readSession(issue);
  world.github.webhooks.intercept = () => "hold";
  await push(issue);
  const head = [...world.github.store.issues.values()].find(({ number }) => number === pull)?.pull?.headSha ?? null;
  await world.putSession(issue, { ...state, work_head: head });
  world.github.webhooks.intercept = () => "deliver";
  await world.server.sweepNow();
  expect((await shown(pull)).draft).toBe(false);
});

test("the App's words for it are those of a run's own report", () => {
  const read = (name: string) => readFileSync(`test/fixtures/reports/${name}.md`, "utf8");
  const marked = markStale(read("pass"), "9be21f0c4d5a", { commit: "c0ffee123456", author: "octocat" });
  const head = (text: string) => text.split("\n").slice(0, 12);
  expect(head(marked)).toEqual(head(read("stale")));
  expect(markStale(marked, "x", { commit: "y", author: "z" })).toBe(marked);
});
