import type { ActionsHost, JobStep, WorkflowJob, WorkflowRun } from "../github/actions.ts";
import type { Scope, Value } from "./evaluate-expression.ts";
import type { Masks } from "./masks.ts";
import type { JobSpec, WorkflowSpec } from "./read-workflow.ts";
import type { CancelLadder, RunningProcess } from "./run-process.ts";

/** Where the embedded GitHub answers. */
export interface GitHubUrls {
  server: string;
  api: string;
  graphql: string;
}

/** What a runner was told once, for all of its jobs. */
export interface RunnerSettings {
  host: ActionsHost;
  urls: GitHubUrls;
  workDir: string;
  logsDir: string;
  artifactsDir: string;
  /** Folder with action.yml and its bundle, for `uses: ./` without one in the workspace and for `uses: OWNER/baton@ref`. */
  actionDir: string | null;
  /** What the machine itself puts in every step's environment. */
  hostEnv: Record<string, string>;
  /** PATH of the machine. */
  hostPath: string;
  ladder: CancelLadder;
  /** Length of a minute of `timeout-minutes`, ms; a test makes it short. */
  minuteMs: number;
  keep: boolean;
  onLine: (line: LogLine) => void;
}

/** One line of a step's log as it appears, already masked. */
export interface LogLine {
  runId: number;
  job: string;
  step: string;
  text: string;
}

/** What the jobs of one run share. */
export interface RunContext {
  settings: RunnerSettings;
  run: WorkflowRun;
  workflow: WorkflowSpec;
  secrets: Record<string, string>;
  variables: Record<string, string>;
  inputs: Record<string, Value>;
  /** True for a pull request from a fork: no secrets, a token that only reads. */
  untrusted: boolean;
  isCancelled: () => boolean;
}

/** Folders of one job; all of them are new and go when it ends. */
export interface JobPaths {
  root: string;
  home: string;
  workspace: string;
  temp: string;
  tools: string;
  eventFile: string;
}

export interface StepOutcome {
  outputs: Record<string, string>;
  outcome: "success" | "failure" | "cancelled" | "skipped";
  conclusion: "success" | "failure" | "cancelled" | "skipped";
}

/** Runs after the steps, in reverse order. */
export interface PostStep {
  name: string;
  condition: unknown;
  run: (log: (line: string) => void) => Promise<boolean>;
}

/** Everything that changes while one job runs. */
export interface JobContext extends RunContext {
  spec: JobSpec;
  job: WorkflowJob;
  needs: Record<string, Value>;
  token: string;
  paths: JobPaths;
  trackingId: string;
  masks: Masks;
  /** Aborts when the job is cancelled or out of time. */
  cancel: AbortController;
  /** Aborts when the machine is gone. */
  gone: AbortController;
  status: "success" | "failure" | "cancelled";
  env: Record<string, string>;
  path: string[];
  steps: Record<string, StepOutcome>;
  shown: JobStep[];
  posts: PostStep[];
  summary: string;
  log: string[];
  annotations: WorkflowJob["annotations"];
  process: RunningProcess | null;
}

/** The contexts that a step's expressions see. */
export function stepScope(job: JobContext, env: Record<string, string>): Scope {
  return {
    contexts: {
      ...baseContexts(job, job.token),
      needs: job.needs,
      env: { ...job.env, ...env },
      secrets: { ...job.secrets, GITHUB_TOKEN: job.token },
      job: { status: job.status },
      runner: {
        os: "Linux",
        arch: "X64",
        name: "embedded",
        temp: job.paths.temp,
        tool_cache: job.paths.tools,
        environment: "self-hosted",
      },
      steps: Object.fromEntries(Object.entries(job.steps).map(([id, step]) => [id, { ...step }])),
      strategy: {},
      matrix: {},
    },
    status: {
      success: () => job.status === "success",
      failure: () => job.status === "failure",
      cancelled: () => job.status === "cancelled",
    },
  };
}

/** github, inputs and vars: what every expression of the run may see. */
export function baseContexts(run: RunContext, token = ""): Record<string, Value> {
  return { github: githubContext(run, token), inputs: run.inputs, vars: run.variables };
}

function githubContext({ run, settings, workflow }: RunContext, token: string): Value {
  const pull = (run.event_payload as { pull_request?: { head?: { ref?: string }; base?: { ref?: string } } })
    .pull_request;
  const isPull = run.event.startsWith("pull_request");
  return {
    token,
    event: run.event_payload as Value,
    event_name: run.event,
    ref: run.ref,
    ref_name: run.ref.replace(/^refs\/(heads|tags|pull)\//, ""),
    ref_type: run.ref.startsWith("refs/tags/") ? "tag" : "branch",
    ref_protected: false,
    sha: run.head_sha,
    head_ref: isPull ? (pull?.head?.ref ?? "") : "",
    base_ref: isPull ? (pull?.base?.ref ?? "") : "",
    repository: run.repository,
    repository_id: String(run.repo_id),
    repository_owner: run.repository_owner,
    actor: run.actor.login,
    actor_id: String(run.actor.id),
    triggering_actor: run.triggering_actor.login,
    workflow: workflow.name ?? run.workflow_path,
    workflow_ref: `${run.repository}/${run.workflow_path}@${run.ref}`,
    workflow_sha: run.head_sha,
    run_id: String(run.id),
    run_number: String(run.run_number),
    run_attempt: String(run.run_attempt),
    server_url: settings.urls.server,
    api_url: settings.urls.api,
    graphql_url: settings.urls.graphql,
  };
}
