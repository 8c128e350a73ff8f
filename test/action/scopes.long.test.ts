import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { closeRun } from "../../src/action/close.ts";
import type { Door } from "../../src/action/door.ts";
import { runGate } from "../../src/action/gate.ts";
import type { Identity } from "../../src/action/identity.ts";
import { readInputs } from "../../src/action/inputs.ts";
import { runNight } from "../../src/action/night.ts";
import { Policy } from "../../src/domain/policy.ts";
import { openStore } from "../../src/git/store.ts";
import { createGitHub } from "../../src/github/client.ts";
import { jobPermissions } from "../../src/local/runner/job-permissions.ts";
import { readWorkflow } from "../../src/local/runner/read-workflow.ts";
import { createGitHubForge } from "../../src/run/github-forge.ts";
import { makeContinuation } from "../../src/triggers/make-envelope.ts";
import { type AppWorld, runOf, startAppWorld } from "../app/embedded-app.ts";

type Scopes = { [scope: string]: string };

let world: AppWorld;
let wendy: ReturnType<AppWorld["github"]["as"]>;
let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "scopes-"));
  world = await startAppWorld();
  wendy = world.github.as("wendy");
  // Only of a private repository is there nothing that everybody may read.
  world.repo.private = true;
  world.github.webhooks.intercept = () => "hold";
  session = await openIssue();
  await wendy.label("acme/shop", session, "baton");
  await world.github.settled();
  pull = await world.putSession(session);
  old = await openIssue();
  const merged = await world.putSession(old);
  await wendy.close("acme/shop", merged);
  const stored = [...world.github.store.issues.values()].find(({ number }) => number === merged);
  if (stored) stored.closedAt = Date.now() - 40 * 86_400_000;
});
afterAll(async () => {
  rmSync(dir, { recursive: true, force: true });
  await world[Symbol.asyncDispose]();
});

const path = (rest: string) => `/repos/acme/shop${rest}`;
const repository = () => ({ owner: "acme", repo: "shop", id: world.repo.id, defaultBranch: "main" });
const openIssue = () => wendy.openIssue("acme/shop", { title: "T", body: "B" });
const statusOf = async (number: number) =>
  (await world.comments(number)).find(({ body }) => body.startsWith("<!-- baton:status"))?.body;
const headOf = async () => (await wendy.request("GET", path(`/pulls/${pull}`))).body.head.sha as string;

/** A job with these rights: what the action is given there. */
function startJob(scopes: Scopes): { identity: Identity; token: string; say(line: string): void } {
  const run = world.github.actions.runs[0]!;
  const token = world.github.actions.mintJobToken(run.id, {
    permissions: jobPermissions(
      { workflow: { permissions: {} }, untrusted: false } as unknown as Parameters<typeof jobPermissions>[0],
      { permissions: scopes } as unknown as Parameters<typeof jobPermissions>[1],
    ),
  });
  said.length = 0;
  const github = createGitHub({ baseUrl: world.github.apiUrl, token: async () => token });
  const known = { github, token: async () => token, appId: 0, startsWorkflows: false, ids: [] };
  const identity = { ...known, logins: ["github-actions[bot]"], [Symbol.asyncDispose]: async () => {} };
  return { identity, token, say: (line) => said.push(line) };
}

function doorOf(part: Partial<Door>, inputs: { [name: string]: string } = {}): Door {
  const run = { id: "4242", attempt: 1, url: "https://github.test/run" };
  const given = readInputs((name) => inputs[name] ?? "");
  return { inputs: given, repository: repository(), run, workflowRef: "", ...part } as unknown as Door;
}

const attempt = async (what: () => Promise<unknown>): Promise<string> =>
  await what().then(
    () => "",
    (error: unknown) => String(error),
  );

/** The delivery that GitHub sent last of this event, as the runner would write it into the event file. */
async function lastEvent(name: string): Promise<{ name: string; payload: unknown }> {
  await world.github.settled();
  return { name, payload: world.github.webhooks.held.findLast(({ event }) => event === name)?.request.payload };
}

const said: string[] = [];
let session: number;
let pull: number;
/** A session that was closed long ago. */
let old: number;
let round = 0;
const dead = (issue: number) =>
  world.putSession(issue, {
    runs: [runOf({ run_id: `${4_242 + round}`, run_url: `https://github.test/${round}`, stop_reason: null })],
  });

async function playGate(scopes: Scopes) {
  const { identity, say } = startJob(scopes);
  const [asked, triaged] = [await openIssue(), await openIssue()];
  const decide = async (name: string) => {
    const event = await lastEvent(name);
    return await runGate(doorOf({ event }), identity, say).catch(() => ({ go: false }));
  };
  await wendy.label("acme/shop", asked, "baton");
  const { go } = await decide("issues");
  await world.github.as("tom").label("acme/shop", triaged, "baton");
  await decide("issues");
  const line = { body: "/status", path: "work.txt", line: 1, commit_id: await headOf() };
  const { id } = (await wendy.request("POST", path(`/pulls/${pull}/comments`), line)).body;
  await decide("pull_request_review_comment");
  const reactions = (await wendy.request("GET", path(`/pulls/comments/${id}/reactions`))).body as unknown[];
  return { go, answers: (await world.comments(triaged)).length, reacts: reactions.length };
}

async function playRun(scopes: Scopes) {
  const { identity, token } = startJob(scopes);
  const state = world.readSession(session);
  const envelope = { ...makeContinuation(state), hop: round };
  envelope.trigger = { ...envelope.trigger, event_id: `hop-${round}` };
  const forge = createGitHubForge({
    ...{ github: identity.github, repository: repository(), envelope, policy: Policy.parse({}), own: identity },
    ...{ given: null, baseBranch: null, runUrl: null, now: Date.now, say: () => {} },
  });
  const [report, status] = [`Report ${round}.`, `Status ${round}.`];
  const check = { title: `Check ${round}`, summary: "S", text: "" };
  const shown = { report, check, status, title: "T", ready: false, isVerified: false };
  const publication = { ...shown, state, verdict: null, head: await headOf(), stopReason: "max_turns" as const };
  const told = await forge.publish(publication, (async () => {}) as unknown as Parameters<typeof forge.publish>[1]);
  const rings = await attempt(() => forge.ringDoorbell(envelope));
  const pushed = await push(token);
  const checks = (await wendy.request("GET", path(`/commits/${await headOf()}/check-runs`))).body.check_runs;
  return {
    pushes: pushed === "pushed",
    reports: String((await wendy.request("GET", path(`/pulls/${pull}`))).body.body).includes(report),
    checks: (checks as { output: { title: string } }[]).some(({ output }) => output.title === check.title),
    tells: (await world.comments(session)).some(({ body }) => body.includes(status)),
    rings: rings === "",
    problem: [...told.problems, rings, pushed].join(" "),
  };
}

async function push(token: string): Promise<string> {
  const remote = { url: `${world.github.url}/acme/shop.git`, token: async () => token };
  const store = await openStore({ dir: join(dir, String(round)), remote });
  try {
    await store.fetch(["refs/heads/main"]);
    const { sha } = (await wendy.request("GET", path("/git/ref/heads/main"))).body.object;
    const outcome = await store.push([{ ref: `refs/heads/x-${round}`, sha, expected: null }]);
    return outcome.kind === "refused" ? outcome.why : outcome.kind;
  } finally {
    store.close();
  }
}

async function playClose(scopes: Scopes) {
  const { identity, say } = startJob(scopes);
  await dead(session);
  const envelope = makeContinuation(world.readSession(session));
  const before = world.dispatches().length;
  const run = { id: `${4_242 + round}`, attempt: 1, url: "https://github.test/run" };
  const text = (await statusOf(session)) ?? "";
  const problem = await attempt(() => closeRun(doorOf({ run }, { task: JSON.stringify(envelope) }), identity, say));
  return { rings: world.dispatches().length - before, tells: (await statusOf(session)) !== text, problem };
}

async function playNight(scopes: Scopes) {
  const { identity, say } = startJob(scopes);
  await dead(session);
  await world.putSession(old);
  const before = world.dispatches().length;
  const text = (await statusOf(session)) ?? "";
  const event = { name: "schedule", payload: {} };
  const problem = await attempt(() => runNight(doorOf({ event }), identity, say));
  const left = (await wendy.request("GET", path(`/git/matching-refs/baton/issue-${old}`))).body as unknown[];
  const tells = (await statusOf(session)) !== text;
  return { rings: world.dispatches().length - before, tells, prunes: left.length === 0, problem };
}

const plays = { gate: playGate, run: playRun, close: playClose, night: playNight };
const jobs = ["baton", "nightly"].flatMap((name) =>
  readWorkflow(readFileSync(`.github/workflows/${name}.yml`, "utf8")).jobs.map((job) => ({
    name: job.key as keyof typeof plays,
    scopes: (parse(readFileSync(`.github/workflows/${name}.yml`, "utf8")) as Workflow).jobs[job.key]!.permissions,
  })),
);
type Workflow = { jobs: { [job: string]: { permissions: Scopes } } };

const whole = {
  gate: { go: true, answers: 1, reacts: 1 },
  run: { pushes: true, reports: true, checks: true, tells: true, rings: true },
  close: { rings: 1, tells: true },
  night: { rings: 1, tells: true, prunes: true },
};

/** How a missing scope is named: GitHub's own words for it, a push that was refused, or the doorbell's advice. */
const named: { [scope: string]: RegExp } = {
  contents: /contents: (?:read|write)|auth/,
  issues: /issues: write/,
  "pull-requests": /pull_requests: (?:read|write)/,
  checks: /checks: write/,
  actions: /actions: write/,
};

async function play(name: keyof typeof plays, scopes: Scopes) {
  round += 1;
  const { problem = "", ...effects } = (await plays[name](scopes)) as { [effect: string]: unknown; problem?: string };
  // Nobody carries out what was rung; while a run waits, nothing counts as dead.
  for (const run of world.github.actions.runs)
    if (run.status !== "completed") world.github.actions.setRun(run.id, { status: "completed", conclusion: "success" });
  return { problem, effects };
}

test.each(jobs)("the job $name does its work with the scopes of the template", async ({ name, scopes }) => {
  expect((await play(name, scopes)).effects).toEqual(whole[name]);
});

test.each(
  jobs.flatMap(({ name, scopes }) => Object.entries(scopes).map(([scope, level]) => ({ name, scopes, scope, level }))),
)("the job $name needs $scope: $level", async ({ name, scopes, scope, level }) => {
  const { [scope]: _, ...rest } = scopes;
  const { problem, effects } = await play(name, level === "write" ? { ...rest, [scope]: "read" } : rest);
  expect(effects).not.toEqual(whole[name]);
  // The gate passes over what it may not do; every other job names the right that is missing, or whose push it was.
  if (name !== "gate") expect(`${problem} ${said.join(" ")}`).toMatch(named[scope]!);
});
