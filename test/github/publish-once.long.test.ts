import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ensureCheckRun } from "../../src/github/check-run.ts";
import { createGitHub, type GitHub } from "../../src/github/client.ts";
import { dispatchRun } from "../../src/github/dispatch.ts";
import { noIntentLog } from "../../src/github/ensure-once.ts";
import { ensureDraft, ensurePullRequest, ensureReady } from "../../src/github/pull-request.ts";
import { renderRunName } from "../../src/github/run-name.ts";
import { addReaction, ensureLabel } from "../../src/github/small-writes.ts";
import { ensureAnswer, ensureStatusComment } from "../../src/github/status-comment.ts";
import { type EmbeddedGitHub, startGitHub } from "../../src/local/github/start-github.ts";
import { makeEnvelope } from "../../src/triggers/make-envelope.ts";

let github: EmbeddedGitHub;
let client: GitHub;
let clock = Date.parse("2026-11-20T22:00:00Z");
const repository = { owner: "acme", repo: "shop" };
const log = noIntentLog;
const authors = ["baton[bot]"];
let turn = 0;

beforeAll(async () => {
  github = await startGitHub({ now: () => clock });
  const repo = await github.addRepo({
    fullName: "acme/shop",
    files: { "a.txt": "a\n", ".github/workflows/baton.yml": readFileSync(".github/workflows/baton.yml", "utf8") },
    roles: { wendy: "admin" },
    labels: ["baton"],
  });
  github.actions.nameRun = (run) => (run.inputs.task ? renderRunName(JSON.parse(run.inputs.task)) : undefined);
  const permissions = {
    actions: "write",
    checks: "write",
    contents: "write",
    issues: "write",
    metadata: "read",
    pull_requests: "write",
  } as const;
  const app = github.addApp({ slug: "baton", permissions });
  const installation = github.install(app, "acme", { repositories: [repo] });
  client = createGitHub({
    baseUrl: github.apiUrl,
    token: async () => github.mintInstallationToken(installation),
    timeoutMs: isFull ? 1_000 : 5_000,
    now: () => clock,
    // Waiting moves GitHub's own clock, so that lag and patience are real to it and free to us.
    sleep: async (ms) => {
      clock += ms;
    },
  });
});
afterAll(async () => github.close());

const issue = () => github.as("wendy").openIssue("acme/shop", { title: "T", body: "B" });
const read = async (path: string) => (await github.as("wendy").request("GET", `/repos/acme/shop${path}`)).body;

interface Write {
  operation: string;
  list: string;
  /** Prepares a place of its own; answers how to write there, and how many effects there are. */
  prepare(): Promise<{ act(): Promise<unknown>; effects(): Promise<number> }>;
}

async function branch(): Promise<{ name: string; sha: string }> {
  const name = `baton/issue-${1_000 + turn}`;
  turn += 1;
  const sha = (await read("/git/ref/heads/main")).object.sha;
  await github.as("wendy").request("POST", "/repos/acme/shop/git/refs", { ref: `refs/heads/${name}`, sha });
  const made = await github.commit(github.repo("acme/shop"), {
    branch: name,
    files: { [`f${turn}`]: "x\n" },
    message: "m",
    as: "wendy",
  });
  return { name, sha: made };
}

const writes: Write[] = [
  {
    operation: "issues/create-comment",
    list: "issues/list-comments",
    prepare: async () => {
      const number = await issue();
      return {
        act: () =>
          ensureStatusComment(client, { repository, number, session: `issue-${number}`, body: "hello", authors, log }),
        effects: async () => (await read(`/issues/${number}/comments`)).length,
      };
    },
  },
  {
    operation: "issues/create-comment",
    list: "issues/list-comments",
    prepare: async () => {
      const number = await issue();
      return {
        act: () => ensureAnswer(client, { repository, number, key: "k", body: "no", authors, log }),
        effects: async () => (await read(`/issues/${number}/comments`)).length,
      };
    },
  },
  {
    operation: "pulls/create",
    list: "pulls/list",
    prepare: async () => {
      const { name } = await branch();
      return {
        act: () =>
          ensurePullRequest(client, { repository, head: name, base: "main", title: "T", placeReport: () => "R", log }),
        effects: async () => (await read(`/pulls?head=acme:${name}&state=all`)).length,
      };
    },
  },
  {
    operation: "checks/create",
    list: "checks/list-for-ref",
    prepare: async () => {
      const { sha } = await branch();
      return {
        act: () =>
          ensureCheckRun(client, {
            repository,
            sha,
            name: "baton",
            externalId: "e",
            conclusion: "success",
            title: "t",
            summary: "s",
            text: "x",
            log,
          }),
        effects: async () => (await read(`/commits/${sha}/check-runs?check_name=baton`)).check_runs.length,
      };
    },
  },
  {
    operation: "actions/create-workflow-dispatch",
    list: "actions/list-workflow-runs",
    prepare: async () => {
      const number = await issue();
      const trigger = { kind: "label", number, label: "baton", actor: { id: 5, login: "w", type: "User" } } as const;
      const facts = {
        session: `issue-${number}`,
        labelEventId: String(number),
        at: new Date(clock).toISOString(),
        subjectSha256: "x",
        statusCommentId: null,
        requesterId: null,
        hop: 0,
      };
      const envelope = makeEnvelope(trigger, facts);
      return {
        act: () => dispatchRun(client, { repository, defaultBranch: "main", envelope, log }),
        effects: async () => github.actions.runs.filter((run) => run.display_title === renderRunName(envelope)).length,
      };
    },
  },
  {
    operation: "issues/add-labels",
    list: "issues/list-labels-on-issue",
    prepare: async () => {
      const number = await issue();
      return {
        act: () => ensureLabel(client, repository, number, "baton"),
        effects: async () => (await read(`/issues/${number}/labels`)).length,
      };
    },
  },
  {
    operation: "reactions/create-for-issue",
    list: "reactions/list-for-issue",
    prepare: async () => {
      const number = await issue();
      return {
        act: () => addReaction(client, repository, { kind: "issue", number }, "eyes"),
        effects: async () => (await read(`/issues/${number}/reactions`)).length,
      };
    },
  },
];

const isFull = process.env.BATON_FULL === "1";
const faults = isFull ? ([500, 502, 504, 409, "reset", "timeout"] as const) : ([502, "reset"] as const);
const lags = isFull ? [0, 2_000, 10_000] : [0, 2_000];
const cells = writes.flatMap((write, index) =>
  faults.flatMap((fault) =>
    (["before", "after"] as const).flatMap((when) => lags.map((lagMs) => ({ write, index, fault, when, lagMs }))),
  ),
);

test.each(cells)(
  "$index $write.operation: $fault $when the effect, lists $lagMs ms behind: exactly one effect",
  async ({ write, fault, when, lagMs }) => {
    const { act, effects } = await write.prepare();
    const strike = github.faults.add({ match: { operation: write.operation, actor: "installation" }, [when]: fault });
    const lag =
      lagMs > 0 ? github.faults.add({ match: { operation: write.list, actor: "installation" }, lagMs }) : null;
    await act();
    strike.remove();
    lag?.remove();
    expect(strike.hits).toBe(1);
    clock += 20_000;
    expect(await effects()).toBe(1);
    await act();
    clock += 20_000;
    expect(await effects()).toBe(1);
  },
);

test("a status comment is edited, not doubled; a stranger's marker is not believed", async () => {
  const number = await issue();
  const spec = { repository, number, session: `issue-${number}`, authors, log };
  await github.as("mallory").comment("acme/shop", number, `<!-- baton:status:issue-${number} -->\nmine`);
  const first = await ensureStatusComment(client, { ...spec, body: "one" });
  const second = await ensureStatusComment(client, { ...spec, body: "two", knownId: first.id });
  expect(second.id).toBe(first.id);
  const bodies = (await read(`/issues/${number}/comments`)).map((comment: { body: string }) => comment.body);
  expect(bodies).toEqual([`<!-- baton:status:issue-${number} -->\nmine`, `<!-- baton:status:issue-${number} -->\ntwo`]);
});

test("two writers at once leave one live status comment", async () => {
  const number = await issue();
  const spec = { repository, number, session: `issue-${number}`, authors, log };
  await Promise.all(["a", "b", "c"].map((body) => ensureStatusComment(client, { ...spec, body })));
  await ensureStatusComment(client, { ...spec, body: "last" });
  const live = (await read(`/issues/${number}/comments`)).filter((comment: { body: string }) =>
    comment.body.startsWith("<!-- baton:status"),
  );
  expect(live).toHaveLength(1);
});

test("a draft becomes ready and a draft again, and a repeated wish changes nothing", async () => {
  const { name } = await branch();
  const spec = { repository, head: name, base: "main", title: "T", placeReport: () => "R", log };
  const made = await ensurePullRequest(client, spec);
  if (made.kind !== "open") throw new Error(made.text);
  expect(made.pullRequest.draft).toBe(true);
  await ensureReady(client, made.pullRequest);
  const ready = await ensurePullRequest(client, spec);
  expect(ready).toMatchObject({ kind: "open", created: false, pullRequest: { draft: false } });
  if (ready.kind === "open") await ensureDraft(client, ready.pullRequest);
  expect(await ensurePullRequest(client, spec)).toMatchObject({ pullRequest: { draft: true } });
});

test("a branch without commits and a missing workflow are explained, not thrown", async () => {
  const sha = (await read("/git/ref/heads/main")).object.sha;
  await github.as("wendy").request("POST", "/repos/acme/shop/git/refs", { ref: "refs/heads/baton/empty", sha });
  const outcome = await ensurePullRequest(client, {
    repository,
    head: "baton/empty",
    base: "main",
    title: "T",
    placeReport: () => "",
    log,
  });
  expect(outcome).toMatchObject({ kind: "refused", why: "no_commits" });
  const trigger = { kind: "label", number: 1, label: "baton", actor: { id: 5, login: "w", type: "User" } } as const;
  const envelope = makeEnvelope(trigger, {
    session: "issue-1",
    labelEventId: "9",
    at: new Date(clock).toISOString(),
    subjectSha256: "",
    statusCommentId: null,
    requesterId: null,
    hop: 0,
  });
  expect(
    await dispatchRun(client, { repository, defaultBranch: "main", envelope, workflow: "none.yml", log }),
  ).toMatchObject({ kind: "refused", why: "no_workflow" });
});
