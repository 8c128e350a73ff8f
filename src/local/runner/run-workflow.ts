import type { WorkflowJob, WorkflowRun } from "../github/actions.ts";
import type { ConcurrencyGroups, Place } from "./concurrency.ts";
import type { Scope, Value } from "./evaluate-expression.ts";
import type { RunContext, RunnerSettings } from "./job-context.ts";
import { baseContexts } from "./job-context.ts";
import { callsAny, parseExpression } from "./parse-expression.ts";
import type { ConcurrencySpec, JobSpec } from "./read-workflow.ts";
import { openContext } from "./run-context.ts";
import type { JobResult, RunningJob } from "./run-job.ts";
import { startJob } from "./run-job.ts";
import { evaluateCondition, renderTemplate } from "./template.ts";

/** A run that is being carried out. */
export interface RunningWorkflow {
  readonly runId: number;
  readonly done: Promise<void>;
  jobs(): readonly RunningJob[];
  cancel(how: "cancel" | "force_cancel"): void;
}

const canceledWords = "The run was canceled.";

/** Carries out a claimed run: concurrency, jobs as their needs end, and the run's conclusion. */
export function startWorkflow(settings: RunnerSettings, groups: ConcurrencyGroups, run: WorkflowRun): RunningWorkflow {
  const state = createState(settings, groups, run);
  const done = carryOut(state).catch((error: unknown) => {
    // A file that cannot be read starts nothing and says so.
    const job = settings.host.createJob(run.id, { key: "workflow", name: run.workflow_path });
    const message = error instanceof Error ? error.message : String(error);
    settings.host.setJob(job.id, {
      status: "completed",
      conclusion: "failure",
      annotations: [{ level: "failure", message }],
    });
    settings.host.setRun(run.id, { status: "completed", conclusion: "startup_failure" });
  });
  return { runId: run.id, done, jobs: () => [...state.running], cancel: (how) => cancelRun(state, how) };
}

interface RunState {
  settings: RunnerSettings;
  groups: ConcurrencyGroups;
  run: WorkflowRun;
  context: RunContext | null;
  cancelled: boolean;
  place: Place | null;
  /** Places of jobs that wait for their group. */
  waiting: Map<string, Place>;
  running: Set<RunningJob>;
  results: Map<string, JobResult>;
  /** Jobs that were begun, each once. */
  settling: Map<string, Promise<JobResult>>;
}

function createState(settings: RunnerSettings, groups: ConcurrencyGroups, run: WorkflowRun): RunState {
  return {
    settings,
    groups,
    run,
    context: null,
    cancelled: false,
    place: null,
    waiting: new Map(),
    running: new Set(),
    results: new Map(),
    settling: new Map(),
  };
}

function cancelRun(state: RunState, how: "cancel" | "force_cancel"): void {
  state.cancelled = true;
  if (state.place?.waiting()) state.place.leave();
  for (const place of state.waiting.values()) place.leave();
  for (const job of state.running) {
    const spec = state.context?.workflow.jobs.find((one) => one.key === job.key);
    if (how === "force_cancel") void job.vanish(canceledWords, "cancelled");
    // Conditions are evaluated again: a job that holds also when cancelled goes on.
    else if (!spec || !holdsWhenCancelled(spec.if)) job.cancel(canceledWords);
  }
}

function holdsWhenCancelled(condition: unknown): boolean {
  if (condition === undefined || condition === null) return false;
  const text = String(condition)
    .trim()
    .replace(/^\$\{\{([\s\S]*)\}\}$/, "$1");
  return callsAny(parseExpression(text), ["always", "cancelled"]);
}

async function carryOut(state: RunState): Promise<void> {
  const { settings, run } = state;
  const context = openContext(settings, run, () => state.cancelled);
  state.context = context;
  const scope = { contexts: baseContexts(context) };
  state.place = enterGroup(state, context.workflow.concurrency, scope, () => settings.host.requestCancel(run.id));
  if (state.place) {
    if (state.place.waiting()) settings.host.setRun(run.id, { status: "pending" });
    if ((await state.place.turn) === "replaced") {
      settings.host.setRun(run.id, { status: "completed", conclusion: "cancelled" });
      return;
    }
  }
  settings.host.setRun(run.id, { status: "in_progress" });
  try {
    await Promise.all(context.workflow.jobs.map((spec) => settleJob(state, context, spec)));
  } finally {
    state.place?.leave();
  }
  settings.host.setRun(run.id, { status: "completed", conclusion: conclusionOf(state) });
}

function enterGroup(state: RunState, spec: ConcurrencySpec | null, scope: Scope, cancel: () => void): Place | null {
  if (!spec) return null;
  const group = renderTemplate(spec.group, scope);
  if (group === "") return null;
  const cancelInProgress = renderTemplate(spec.cancelInProgress, scope) === "true";
  state.settings.host.setRun(state.run.id, { concurrency: { group, cancel_in_progress: cancelInProgress } });
  return state.groups.enter(`${state.run.repo_id} ${group}`, { cancelInProgress, queueMax: spec.queueMax, cancel });
}

function conclusionOf(state: RunState): "success" | "failure" | "cancelled" | "skipped" {
  const results = [...state.results].map(([key, result]) => ({ key, ...result }));
  const forgiven = (key: string): boolean =>
    state.context?.workflow.jobs.find((job) => job.key === key)?.continueOnError === true;
  if (state.cancelled) return "cancelled";
  if (results.some((job) => job.result === "failure" && !forgiven(job.key))) return "failure";
  if (results.some((job) => job.result === "cancelled")) return "cancelled";
  return results.every((job) => job.result === "skipped") ? "skipped" : "success";
}

/** Waits for a job's needs and carries it out; each job once, whoever asks. */
function settleJob(state: RunState, context: RunContext, spec: JobSpec): Promise<JobResult> {
  const before = state.settling.get(spec.key);
  if (before) return before;
  const work = (async (): Promise<JobResult> => {
    for (const need of spec.needs) {
      const needed = context.workflow.jobs.find((job) => job.key === need);
      if (needed) await settleJob(state, context, needed);
    }
    const result = await decideAndRun(state, context, spec);
    state.results.set(spec.key, result);
    return result;
  })();
  state.settling.set(spec.key, work);
  return work;
}

/** Every job that this one waits for, over all generations. */
function ancestors(context: RunContext, spec: JobSpec): string[] {
  const found = new Set<string>();
  const visit = (key: string): void => {
    if (found.has(key)) return;
    found.add(key);
    for (const need of context.workflow.jobs.find((job) => job.key === key)?.needs ?? []) visit(need);
  };
  for (const need of spec.needs) visit(need);
  return [...found];
}

async function decideAndRun(state: RunState, context: RunContext, spec: JobSpec): Promise<JobResult> {
  const { host } = state.settings;
  const needs = Object.fromEntries(
    spec.needs.map((key) => [key, { ...(state.results.get(key) ?? { result: "skipped", outputs: {} }) }]),
  );
  const before = ancestors(context, spec).map((key) => state.results.get(key)?.result);
  const scope: Scope = {
    contexts: { ...baseContexts(context), needs },
    status: {
      success: () => !state.cancelled && before.every((result) => result === "success"),
      failure: () => !state.cancelled && before.includes("failure"),
      cancelled: () => state.cancelled,
    },
  };
  const job = host.createJob(state.run.id, { key: spec.key, name: spec.key });
  try {
    if (spec.name !== null) host.setJob(job.id, { name: renderTemplate(spec.name, scope) });
    if (!evaluateCondition(spec.if, scope)) {
      const never = state.cancelled && spec.if === undefined ? "cancelled" : "skipped";
      host.setJob(job.id, { status: "completed", conclusion: never });
      return { result: never, outputs: {} };
    }
    return await inItsGroup(state, context, { spec, job, needs, scope });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    host.setJob(job.id, { status: "completed", conclusion: "failure", annotations: [{ level: "failure", message }] });
    return { result: "failure", outputs: {} };
  }
}

interface ReadyJob {
  spec: JobSpec;
  job: WorkflowJob;
  needs: Record<string, Value>;
  scope: Scope;
}

async function inItsGroup(
  state: RunState,
  context: RunContext,
  { spec, job, needs, scope }: ReadyJob,
): Promise<JobResult> {
  const { host } = state.settings;
  let running: RunningJob | null = null;
  const group = spec.concurrency ? renderTemplate(spec.concurrency.group, scope) : "";
  const higher = `Canceling since a higher priority waiting request for '${group}' exists`;
  const place = enterGroup(state, spec.concurrency, scope, () => running?.cancel(higher));
  if (place) {
    if (place.waiting()) host.setJob(job.id, { status: "pending" });
    state.waiting.set(spec.key, place);
    const turn = await place.turn;
    state.waiting.delete(spec.key);
    if (turn === "replaced" || (state.cancelled && !holdsWhenCancelled(spec.if))) {
      place.leave();
      host.setJob(job.id, {
        status: "completed",
        conclusion: "cancelled",
        annotations: [{ level: "failure", message: state.cancelled ? canceledWords : higher }],
      });
      return { result: "cancelled", outputs: {} };
    }
  }
  running = startJob(context, spec, job, needs);
  state.running.add(running);
  try {
    return await running.result;
  } finally {
    state.running.delete(running);
    place?.leave();
  }
}
