import { execFileSync } from "node:child_process";
import type { Door } from "../../src/action/door.ts";
import { readInputs } from "../../src/action/inputs.ts";
import { type NightOutcome, runNight } from "../../src/action/night.ts";
import { Envelope } from "../../src/domain/envelope.ts";
import { noSpend } from "../../src/domain/limits.ts";
import { applyEvent } from "../../src/domain/replay.ts";
import { SessionKey, workBranchOf } from "../../src/domain/session-key.ts";
import type { RunRecord, State } from "../../src/domain/state.ts";
import { createGitHub } from "../../src/github/client.ts";
import { renderRunName } from "../../src/github/run-name.ts";
import type { Repo } from "../../src/local/github/records.ts";
import { type EmbeddedGitHub, startGitHub } from "../../src/local/github/start-github.ts";
import { renderStateFile } from "../../src/session/state-file.ts";
import { workflowText } from "./journey.ts";

/** A GitHub at a settable time, on which nights are played without a runner: dispatched runs stay queued. */
export interface NightWorld extends AsyncDisposable {
  github: EmbeddedGitHub;
  repo: Repo;
  /** Now, as GitHub's clock has it. */
  at(iso: string): void;
  night(options?: { dryRun?: boolean }): Promise<NightOutcome>;
  /** Titles of the runs that were dispatched, oldest first. */
  runs(): string[];
  /** Says how a dispatched run ended. */
  endRun(title: string): void;
  git(...args: string[]): string;
  refs(): string[];
  /** A session as its last run left it. */
  seed(key: string, change?: (state: State) => State): State;
  /** A branch and an open pull request of a session, put into its state. */
  openPull(key: string, change?: (state: State) => State): Promise<number>;
  /** Baton's own writes that had an effect. */
  effects(): number;
}

/** A playbook file with only what is needed. */
export function playbookText(name: string, head = "schedule: nightly"): string {
  return `---\nname: ${name}\ndescription: Tidies ${name} up.\n${head}\n---\nTidy the ${name} up and prove it.\n`;
}

export async function startNights(options: {
  policy?: string;
  playbooks?: Record<string, string>;
}): Promise<NightWorld> {
  let now = Date.parse("2026-11-20T02:23:00Z");
  const github = await startGitHub({ now: () => now });
  github.addOrganization("acme");
  const files = Object.entries(options.playbooks ?? { tidy: playbookText("tidy") });
  const names = files.map(([name]) => name).join(", ");
  const repo = await github.addRepo({
    fullName: "acme/app",
    files: {
      "a.txt": "a\n",
      ".github/baton.yml": options.policy ?? `maintenance: { playbooks: [${names}] }\n`,
      ".github/workflows/baton.yml": await workflowText("baton"),
      ...Object.fromEntries(files.map(([name, text]) => [`.github/baton/maintenance/${name}.md`, text])),
    },
    roles: { mona: "admin" },
  });
  const permissions = {
    metadata: "read",
    contents: "write",
    issues: "write",
    pull_requests: "write",
    actions: "write",
  };
  const app = github.addApp({ slug: "baton", owner: "acme", permissions } as Parameters<typeof github.addApp>[0]);
  const installation = github.install(app, "acme", { repositories: [repo] });
  github.actions.nameRun = (run) => (run.inputs.task ? renderRunName(Envelope.parse(JSON.parse(run.inputs.task))) : "");
  const git = (...args: string[]): string =>
    execFileSync("git", ["--git-dir", repo.gitDir, ...args], {
      encoding: "utf8",
      env: { ...process.env, ...gitIdentity },
    });
  const seed = (key: string, change: (state: State) => State = (state) => state): State => {
    const state = change(newState(SessionKey.parse(key), git("rev-parse", "main").trim(), now));
    const blob = execFileSync("git", ["--git-dir", repo.gitDir, "hash-object", "-w", "--stdin"], {
      input: renderStateFile(state),
      encoding: "utf8",
    }).trim();
    const mktree = (line: string): string =>
      execFileSync("git", ["--git-dir", repo.gitDir, "mktree"], { input: line, encoding: "utf8" }).trim();
    const tree = mktree(`040000 tree ${mktree(`100644 blob ${blob}\tstate.json\n`)}\tsession\n`);
    git("update-ref", `refs/baton/${key}`, git("commit-tree", tree, "-m", "checkpoint").trim());
    return state;
  };
  const bot = "baton[bot]";
  return {
    github,
    repo,
    git,
    seed,
    at: (iso) => {
      now = Date.parse(iso);
    },
    async night({ dryRun = false } = {}) {
      const token = async () => github.mintInstallationToken(installation);
      const value = await token();
      const client = createGitHub({ baseUrl: github.apiUrl, token: async () => value, sleep: async () => {} });
      const repository = { owner: "acme", repo: "app", id: repo.id, defaultBranch: "main" };
      const inputs = readInputs((name) => (name === "dry_run" ? String(dryRun) : name === "mode" ? "gate" : ""));
      const door = { inputs, repository, event: { name: "schedule", payload: {} }, workflowRef: "" } as unknown as Door;
      const identity = {
        ...{ github: client, token, appId: app.id, logins: [bot], ids: [], startsWorkflows: true },
        [Symbol.asyncDispose]: async () => {},
      };
      return await runNight(door, identity, () => {});
    },
    runs: () =>
      github.actions.runs.filter(({ event }) => event === "workflow_dispatch").map((run) => run.display_title),
    endRun: (title) => {
      const run = github.actions.runs.find((one) => one.display_title === title)!;
      github.actions.setRun(run.id, { status: "completed", conclusion: "success" });
    },
    refs: () => git("for-each-ref", "--format=%(refname)", "refs/baton").trim().split("\n").filter(Boolean),
    async openPull(key, change = (state) => state) {
      const branch = workBranchOf(SessionKey.parse(key), 1);
      git("branch", branch, "main");
      await github.commit(repo, { branch, files: { [`${key}.txt`]: "work\n" }, message: "work", as: bot });
      const { body } = await github.as("mona").request("POST", "/repos/acme/app/pulls", {
        ...{ head: branch, base: "main", title: `Tidy ${key}` },
      });
      const number = body.number as number;
      seed(key, (state) =>
        change({ ...state, work_head: git("rev-parse", branch).trim(), published: { pull_request: String(number) } }),
      );
      return number;
    },
    effects: () => github.requests.filter((request) => request.effective && request.method !== "GET").length,
    [Symbol.asyncDispose]: () => github.close(),
  };
}

const gitIdentity = {
  ...{ GIT_AUTHOR_NAME: "baton", GIT_AUTHOR_EMAIL: "b@x", GIT_COMMITTER_NAME: "baton", GIT_COMMITTER_EMAIL: "b@x" },
};

/** A session after one run that ended as `done`. */
function newState(session: SessionKey, baseSha: string, now: number): State {
  const at = new Date(now).toISOString();
  const state = applyEvent(null, {
    ...{ v: 1, seq: 1, at, epoch: 1, role: "harness", prev: "", type: "session_started" },
    data: {
      ...{ session, generation: 1, branch: workBranchOf(session, 1), base_ref: "main", base_sha: baseSha },
      request: { number: null, title: `Work of ${session}`, body: "b", sha256: "", url: null, hidden_removed: 0 },
      requester: { id: 0, login: "schedule" },
    },
  });
  return { ...state, runs: [runRecord(at, "done")] };
}

/** A run as the state remembers it; null is one that never said how it ended. */
export function runRecord(at: string, stop: RunRecord["stop_reason"], id = "999999"): RunRecord {
  return {
    ...{ epoch: 1, run_id: id, run_attempt: 1, run_url: null, trigger: "schedule", event_id: "", actor: null },
    ...{ started_at: at, ended_at: stop === null ? null : at, stop_reason: stop, end_text: "" },
    spend: { ...noSpend, turns: 3, usd_micro: 400_000 },
    limits: { turns: 10, usd_micro: 5_000_000, ms: 1_000_000 },
  };
}
