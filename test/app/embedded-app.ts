import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { AppOrder } from "../../bench/app/app-process.ts";
import { openStage, type StageOptions, stageSecret, stageWorkflow } from "../../bench/app/stage.ts";
import { type AppServer, type ServeOptions, serveApp } from "../../src/app/serve.ts";
import type { State } from "../../src/domain/state.ts";
import { readRunName } from "../../src/github/run-name.ts";
import type { EmbeddedGitHub } from "../../src/local/github/start-github.ts";
import { readStateFile, renderStateFile } from "../../src/session/state-file.ts";

/** The embedded GitHub with a repository, three people and the App installed on it. */
export interface AppWorld extends AsyncDisposable {
  github: EmbeddedGitHub;
  server: AppServer;
  repo: Awaited<ReturnType<EmbeddedGitHub["addRepo"]>>;
  lines: { [name: string]: unknown }[];
  /** Everything delivered, handled and answered. */
  settled(): Promise<void>;
  dispatches(): string[];
  comments(number: number): Promise<{ body: string; user: { login: string } }[]>;
  restart(): Promise<void>;
  /** One more App beside the first, with nothing in common but GitHub; its caller closes it. */
  startReplica(options?: Partial<ServeOptions>): Promise<AppServer>;
  /** What a process of its own needs to be one. */
  order: AppOrder;
  /** Lays down the checkpoint of a session on an issue, with its branch and Baton's own pull request; gives that one's number. */
  putSession(number: number, part?: Partial<State>): Promise<number>;
  readSession(number: number): State;
}

/** A run of a state that ended well, or with `stop_reason: null` one that never said how. */
export function runOf(part: Partial<State["runs"][number]> = {}): State["runs"][number] {
  const spend = golden().spend.total;
  return {
    epoch: 1,
    run_id: "101",
    run_attempt: 1,
    run_url: null,
    trigger: "label",
    event_id: "label-1",
    actor: "wendy",
    started_at: new Date(Date.now() - 60_000).toISOString(),
    ended_at: null,
    stop_reason: "max_turns",
    end_text: "",
    closed: true,
    spend,
    limits: { turns: 10, usd_micro: 5_000_000, ms: 60_000 },
    ...part,
  };
}

const golden = (): State => readStateFile(readFileSync("test/fixtures/state-v1.json", "utf8"));

export async function startAppWorld(options: StageOptions = {}): Promise<AppWorld> {
  const { github, repo, app, pointAt } = await openStage(options);
  const lines: { [name: string]: unknown }[] = [];
  const order = {
    ...{ kind: "app" as const, appId: String(app.id), privateKey: app.privateKey, webhookSecret: stageSecret },
    ...{ baseUrl: github.apiUrl, port: 0, workflow: stageWorkflow },
  };
  const start = (more: Partial<ServeOptions> = {}) =>
    serveApp({
      ...order,
      ...more,
      sweepEveryMs: null,
      log: (fields, text) => void lines.push({ ...fields, text }),
    });
  const world: AppWorld = {
    github,
    server: await start(),
    repo,
    lines,
    settled: async () => {
      for (let round = 0; round < 3; round++) {
        await github.settled();
        await world.server.idle();
      }
    },
    dispatches: () =>
      github.actions.runs
        .filter((run) => run.event === "workflow_dispatch")
        .map((run) => readRunName(run.display_title)?.eventId ?? run.display_title),
    comments: async (number) =>
      (await github.as("wendy").request("GET", `/repos/acme/shop/issues/${number}/comments?per_page=100`)).body,
    order,
    startReplica: start,
    restart: async () => {
      await world.server.close();
      world.server = await start();
      point();
    },
    putSession: async (number, part = {}) => {
      const session = `issue-${number}` as const;
      const git = (args: string[], input = "") =>
        execFileSync("git", ["--git-dir", repo.gitDir, "-c", "user.name=b", "-c", "user.email=b@b", ...args], { input })
          .toString()
          .trim();
      const existing = github.store.issues;
      let pull = [...existing.values()].find((issue) => issue.pull?.headRef === `baton/${session}`)?.number;
      if (!pull) {
        const files = { "work.txt": "work\n" };
        const { object } = (await github.as("wendy").request("GET", "/repos/acme/shop/git/ref/heads/main")).body;
        await github
          .as("wendy")
          .request("POST", "/repos/acme/shop/git/refs", { ref: `refs/heads/baton/${session}`, sha: object.sha });
        await github.commit(repo, { branch: `baton/${session}`, files, message: "work", as: "wendy" });
        const answer = await fetch(`${github.apiUrl}/repos/acme/shop/pulls`, {
          method: "POST",
          headers: { authorization: `Bearer ${github.mintInstallationToken(installation)}` },
          body: JSON.stringify({ title: "T", head: `baton/${session}`, base: "main", body: "" }),
        });
        pull = ((await answer.json()) as { number: number }).number;
      }
      const wendy = github.addUser("wendy");
      const state: State = {
        ...golden(),
        session,
        branch: `baton/${session}`,
        request: { ...golden().request, number },
        requester: { id: wendy.id, login: "wendy" },
        runs: [runOf()],
        published: { pull_request: String(pull) },
        ...part,
      };
      const blob = git(["hash-object", "-w", "--stdin"], renderStateFile(state));
      const inner = git(["mktree"], `100644 blob ${blob}\tstate.json\n`);
      const tree = git(["mktree"], `040000 tree ${inner}\tsession\n`);
      git(["update-ref", `refs/baton/${session}`, git(["commit-tree", tree, "-m", "checkpoint"])]);
      return pull;
    },
    readSession: (number) =>
      readStateFile(
        execFileSync("git", [
          "--git-dir",
          repo.gitDir,
          "show",
          `refs/baton/issue-${number}:session/state.json`,
        ]).toString(),
      ),
    [Symbol.asyncDispose]: async () => {
      await world.server.close();
      await github.close();
    },
  };
  const point = () => pointAt(world.server.url);
  point();
  const installation = github.install(app, "acme", { repositories: [repo] });
  await world.settled();
  return world;
}
