/** What a run of a workflow is doing, in GitHub's words (`pending` = held back by its concurrency group). */
export type RunStatus = "queued" | "in_progress" | "completed" | "waiting" | "requested" | "pending";

/** How a run, a job or a step ended, in GitHub's words. */
export type RunConclusion =
  | "success"
  | "failure"
  | "neutral"
  | "cancelled"
  | "skipped"
  | "timed_out"
  | "action_required"
  | "startup_failure"
  | "stale";

/** One step of a job, as `GET …/jobs` shows it; times in ms since the epoch. */
export interface JobStep {
  number: number;
  name: string;
  status: RunStatus;
  conclusion: RunConclusion | null;
  started_at: number | null;
  completed_at: number | null;
}

/** One job of one attempt of a run; its id is also the id of its check run. */
export interface WorkflowJob {
  kind: "workflow_job";
  id: number;
  run_id: number;
  run_attempt: number;
  /** The key under `jobs:` in the workflow file. */
  key: string;
  name: string;
  status: RunStatus;
  conclusion: RunConclusion | null;
  created_at: number;
  started_at: number | null;
  completed_at: number | null;
  steps: JobStep[];
  runner_name: string | null;
  /** Plain text that the runner collected. */
  log: string;
  /** Markdown of the job summary (all steps). */
  summary: string;
  annotations: { level: "notice" | "warning" | "failure"; message: string }[];
}

/** Who made the event. */
export interface RunActor {
  id: number;
  login: string;
  type: "User" | "Bot" | "Organization";
}

/** One run of a workflow over all its attempts; times in ms since the epoch of the world's clock. */
export interface WorkflowRun {
  kind: "workflow_run";
  id: number;
  run_number: number;
  run_attempt: number;
  repo_id: number;
  /** `owner/name`. */
  repository: string;
  repository_owner: string;
  default_branch: string;
  workflow_id: number;
  /** `.github/workflows/baton.yml`. */
  workflow_path: string;
  workflow_name: string;
  /** The YAML text the run is made of (from the default branch, or the head for push and pull_request). */
  workflow_text: string;
  event: string;
  /** The webhook payload: what `GITHUB_EVENT_PATH` holds. */
  event_payload: Record<string, unknown>;
  /** Dispatch inputs as strings, with the declared defaults filled in; empty for other events. */
  inputs: Record<string, string>;
  /** GITHUB_REF, e.g. `refs/heads/main` or `refs/pull/5/merge`. */
  ref: string;
  head_branch: string;
  /** GITHUB_SHA. */
  head_sha: string;
  /** What the list of runs shows: `run-name` evaluated, else the default title. */
  display_title: string;
  actor: RunActor;
  triggering_actor: RunActor;
  status: RunStatus;
  conclusion: RunConclusion | null;
  created_at: number;
  run_started_at: number;
  updated_at: number;
  /** All jobs of all attempts, oldest first. */
  jobs: WorkflowJob[];
  /** Set by the runner once it has evaluated `concurrency:`. */
  concurrency: { group: string; cancel_in_progress: boolean } | null;
  /** Set by `POST …/cancel` (or by `requestCancel`): the runner must carry it out. */
  cancel_requested: null | "cancel" | "force_cancel";
  /** True once a runner took this attempt. */
  claimed: boolean;
}

/** What a run may still change about itself. */
export type RunPatch = Partial<
  Pick<WorkflowRun, "status" | "conclusion" | "display_title" | "concurrency" | "cancel_requested">
>;

/** What a runner may change about a job. */
export type JobPatch = Partial<
  Pick<WorkflowJob, "name" | "status" | "conclusion" | "steps" | "runner_name" | "log" | "summary" | "annotations">
>;

/** `none` must be left out of the map. */
export type JobPermissions = Record<string, "read" | "write">;

/** What the host tells: a new attempt is queued, a cancel was asked for, anything about a run changed. */
export type ActionsEvent = "run_requested" | "cancel_requested" | "run_changed";

/**
 * The server side of Actions: it makes runs out of events and shows them over REST;
 * a runner takes them from here, carries them out and writes back what happened.
 */
export interface ActionsHost {
  /** All runs, oldest first. */
  readonly runs: readonly WorkflowRun[];
  run(id: number): WorkflowRun | undefined;
  /** The oldest queued run that nobody has claimed. */
  nextQueued(): WorkflowRun | undefined;
  /** Takes a run; false if somebody else was faster or it is no longer queued. */
  claim(runId: number): boolean;
  /** Calls `listener` synchronously; the answer unsubscribes. */
  on(event: ActionsEvent, listener: (run: WorkflowRun) => void): () => void;
  /** Evaluates `run-name:` when a run is made, before the dispatch is answered; set by the runner, which owns the expression evaluator. Undefined keeps GitHub's default title. */
  nameRun: ((run: WorkflowRun, runName: string) => string | undefined) | null;
  /** Changes the run; stamps the times, sends `workflow_run` webhooks on in_progress and completed. */
  setRun(runId: number, patch: RunPatch): WorkflowRun;
  /** Adds a job to the current attempt (and its check run by the app github-actions). */
  createJob(runId: number, job: { key: string; name: string; status?: RunStatus }): WorkflowJob;
  /** Changes a job; `completed` revokes the tokens minted for it. */
  setJob(jobId: number, patch: JobPatch): WorkflowJob;
  /** A GITHUB_TOKEN: no `workflows` right ever, its events start no runs but dispatches, dies with the job and at the latest after 24 h. */
  mintJobToken(runId: number, options: { permissions: JobPermissions; jobId?: number }): string;
  revokeJobToken(token: string): void;
  /** What the cancel button does, also used by concurrency groups. */
  requestCancel(runId: number, how?: "cancel" | "force_cancel"): void;
  /** The repository's Actions secrets and variables for `${{ secrets.X }}` and `${{ vars.X }}`. */
  secrets(runId: number): Record<string, string>;
  variables(runId: number): Record<string, string>;
  /** A file of the run's repository at the run's commit (for local actions); undefined when absent. */
  readFile(runId: number, path: string): Promise<string | undefined>;
  /** Fires `on: schedule` workflows of the default branch for this cron line (all lines when left out), as GitHub's clock would. */
  fireSchedule(repository: string, cron?: string): Promise<WorkflowRun[]>;
}
