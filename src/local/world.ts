import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Person } from "./github/person.ts";
import type { App, Installation, Permissions, Repo } from "./github/records.ts";
import type { EmbeddedGitHub } from "./github/start-github.ts";
import { startGitHub } from "./github/start-github.ts";
import type { Script } from "./model/script.ts";
import type { ScriptedModel, ScriptedModelOptions } from "./model/start-scripted-model.ts";
import { startScriptedModel } from "./model/start-scripted-model.ts";
import { readFolder } from "./read-folder.ts";
import type { Runner, RunnerOptions } from "./runner/start-runner.ts";
import { startRunner } from "./runner/start-runner.ts";
import type { WorldCounts } from "./world-counts.ts";
import { countWorld } from "./world-counts.ts";
import { untilIdle, waitFor } from "./world-wait.ts";

/** What makes a world; what is left out has a default that a journey can live with. */
export interface WorldOptions {
  /** What the model says; null leaves the scripted model out (then `apiKey` goes to the real one). */
  script: Script | null;
  /** The repository's first files; or a folder: a git repository is taken at its HEAD, else as it lies there. */
  files?: Record<string, string | Uint8Array>;
  folder?: string;
  /** Workflow files by name, e.g. `baton.yml`. */
  workflows: Record<string, string>;
  /** Folder with action.yml and dist/. */
  actionDir: string;
  /** Secrets and variables beside ANTHROPIC_API_KEY and ANTHROPIC_BASE_URL. */
  secrets?: Record<string, string>;
  variables?: Record<string, string>;
  apiKey?: string;
  private?: boolean;
  /** The Actions setting "Allow GitHub Actions to create and approve pull requests". Default true. */
  actionsMayCreatePullRequests?: boolean;
  app?: { slug?: string; permissions?: Permissions; events?: string[] };
  model?: Omit<ScriptedModelOptions, "script">;
  runner?: Omit<RunnerOptions, "github" | "workDir" | "actionDir">;
  now?: () => number;
  /** Parent of the world's folder; default the system's temporary folder. */
  parentDir?: string;
  keep?: boolean;
}

/** What a Probot App is started with. */
export interface AppCredentials {
  appId: number;
  privateKey: string;
  webhookSecret: string;
  slug: string;
  installationId: number;
}

/** GitHub, runner and model on 127.0.0.1, with owner `acme`, maintainer `mona` and one repository. */
export interface World extends AsyncDisposable {
  readonly dir: string;
  readonly github: EmbeddedGitHub;
  readonly runner: Runner;
  readonly model: ScriptedModel | null;
  readonly repo: Repo;
  /** `acme/app`. */
  readonly repository: string;
  /** The API key: it must turn up nowhere but in requests to the model. */
  readonly canary: string;
  readonly appCredentials: AppCredentials;
  /** Where the App listens; until it is said, nobody hears the webhooks. */
  webhookTarget(url: string): void;
  as(login: string): Person;
  openIssue(issue: { title: string; body?: string; labels?: string[]; as?: string }): Promise<number>;
  label(number: number, label: string, as?: string): Promise<void>;
  comment(number: number, body: string, as?: string): Promise<number>;
  fireSchedule(cron?: string): Promise<void>;
  /** Resolves when the predicate gives something; fails after `timeoutMs` (default 60 s) with the state of the runs. */
  waitFor<T>(predicate: () => T | Promise<T>, options?: { timeoutMs?: number; what?: string }): Promise<NonNullable<T>>;
  /** Resolves when no event, delivery or run is on its way. */
  idle(): Promise<void>;
  snapshotCounts(): Promise<WorldCounts>;
  close(): Promise<void>;
}

const rights: Permissions = {
  metadata: "read",
  contents: "write",
  issues: "write",
  pull_requests: "write",
  checks: "write",
  actions: "write",
};
const events = [
  "issues",
  "issue_comment",
  "pull_request",
  "pull_request_review",
  "pull_request_review_comment",
  "workflow_run",
  "push",
];

/** Starts the embedded world; nothing stays when it is closed, no process, no port, no folder (unless `keep`). */
export async function startWorld(options: WorldOptions): Promise<World> {
  const dir = await mkdtemp(join(options.parentDir ?? tmpdir(), "embedded-world-"));
  const now = options.now ? { now: options.now } : {};
  const model = options.script ? await startScriptedModel({ ...now, ...options.model, script: options.script }) : null;
  const github = await startGitHub({ ...now, dir: join(dir, "github") });
  const canary = model?.apiKey ?? options.apiKey ?? "";
  const baseUrl: Record<string, string> = model ? { ANTHROPIC_BASE_URL: model.url } : {};
  const repo = await createRepository(github, options, canary, baseUrl);
  const app = createApp(github, options);
  const installation = github.install(app.app, "acme", { repositories: [repo] });
  const runner = await startRunner({
    ...options.runner,
    github,
    workDir: join(dir, "runner"),
    actionDir: options.actionDir,
    hostEnv: { ...baseUrl, ...options.runner?.hostEnv },
    keep: options.keep ?? false,
  });
  const parts: Parts = { dir, github, runner, model, repo, canary, ...app, installation };
  const close = async (): Promise<void> => {
    await runner.close();
    await github.close();
    await model?.close();
    if (!options.keep) await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  };
  return { ...createDoor(parts), close, [Symbol.asyncDispose]: close };
}

interface Parts {
  dir: string;
  github: EmbeddedGitHub;
  runner: Runner;
  model: ScriptedModel | null;
  repo: Repo;
  canary: string;
  app: App;
  webhookSecret: string;
  installation: Installation;
}

const repository = "acme/app";

async function createRepository(
  github: EmbeddedGitHub,
  options: WorldOptions,
  canary: string,
  baseUrl: Record<string, string>,
): Promise<Repo> {
  github.addOrganization("acme");
  for (const login of ["mona", "wanda", "triager", "reader", "outsider"]) github.addUser(login);
  const folder = options.folder ? await readFolder(options.folder) : { files: {} };
  const workflows = Object.entries(options.workflows).map(([name, text]) => [`.github/workflows/${name}`, text]);
  return github.addRepo({
    fullName: repository,
    private: options.private ?? false,
    ...("importFrom" in folder ? { importFrom: folder.importFrom } : {}),
    files: { ...("files" in folder ? folder.files : {}), ...options.files, ...Object.fromEntries(workflows) },
    roles: { mona: "admin", wanda: "write", triager: "triage", reader: "read" },
    labels: ["baton"],
    secrets: { ANTHROPIC_API_KEY: canary, ...options.secrets },
    variables: { ...baseUrl, ...options.variables },
    actionsMayCreatePullRequests: options.actionsMayCreatePullRequests ?? true,
  });
}

function createApp(github: EmbeddedGitHub, options: WorldOptions): { app: App; webhookSecret: string } {
  const app = github.addApp({
    slug: options.app?.slug ?? "baton",
    owner: "acme",
    permissions: options.app?.permissions ?? rights,
    events: options.app?.events ?? events,
  });
  return { app, webhookSecret: randomBytes(20).toString("hex") };
}

function createDoor(parts: Parts): Omit<World, "close" | typeof Symbol.asyncDispose> {
  const { github, runner, repo, app } = parts;
  const as = (login = "mona"): Person => github.as(login);
  return {
    ...{ dir: parts.dir, github, runner, model: parts.model, repo, repository, canary: parts.canary, as },
    appCredentials: {
      ...{ appId: app.id, privateKey: app.privateKey, webhookSecret: parts.webhookSecret },
      ...{ slug: app.slug, installationId: parts.installation.id },
    },
    webhookTarget: (url) => {
      app.webhook = { url, secret: parts.webhookSecret };
    },
    openIssue: ({ as: login, ...issue }) => as(login).openIssue(repository, issue),
    label: (number, label, login) => as(login).label(repository, number, label),
    comment: (number, body, login) => as(login).comment(repository, number, body),
    fireSchedule: async (cron) => void (await github.actions.fireSchedule(repository, cron)),
    waitFor: (predicate, options) => waitFor(github, predicate, options),
    idle: () => untilIdle(github, runner),
    snapshotCounts: () => countWorld(github, repo),
  };
}
