import { randomUUID } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { WorkflowJob } from "../github/actions.ts";
import type { Scope, Value } from "./evaluate-expression.ts";
import type { JobContext, JobPaths, RunContext } from "./job-context.ts";
import { stepScope } from "./job-context.ts";
import { jobPermissions } from "./job-permissions.ts";
import { createMasks } from "./masks.ts";
import { killJobProcesses } from "./processes.ts";
import type { JobSpec } from "./read-workflow.ts";
import { renderAll } from "./run-step.ts";
import { runSteps } from "./run-steps.ts";
import { showJob } from "./show-job.ts";
import { renderTemplate } from "./template.ts";

/** GitHub ends a cancelled job by force after so many minutes. */
const forceAfterMinutes = 5;
/** Default of `timeout-minutes`. */
const defaultTimeoutMinutes = 360;

/** Largest outputs of a job together, bytes of UTF-16 (docs: contexts, `jobs.<id>.outputs`). */
const maxOutputBytes = 1024 * 1024;

/** How a job ended, for those that need it. */
export interface JobResult {
  result: "success" | "failure" | "cancelled" | "skipped";
  outputs: Record<string, string>;
}

/** A job that is being carried out, as the runner steers it. */
export interface RunningJob {
  readonly key: string;
  readonly result: Promise<JobResult>;
  /** The cancel button: the running step is asked to end, always() steps still run. */
  cancel(why: string): void;
  /** The machine is gone: everything dies at once, nothing is cleaned up by the job. */
  vanish(why: string, conclusion: "failure" | "cancelled"): Promise<void>;
  freeze(signal: "SIGSTOP" | "SIGCONT"): Promise<void>;
}

/** Starts a job on a machine that is new; the folder goes when it ends. */
export function startJob(run: RunContext, spec: JobSpec, job: WorkflowJob, needs: Record<string, Value>): RunningJob {
  const context = createContext(run, spec, job, needs);
  let lost: "failure" | "cancelled" | null = null;
  let force: NodeJS.Timeout | undefined;
  const vanish = async (why: string, conclusion: "failure" | "cancelled"): Promise<void> => {
    lost = conclusion;
    context.annotations.push({ level: "failure", message: why });
    context.gone.abort();
    await context.process?.vanish();
  };
  const cancel = (why: string): void => {
    if (context.cancel.signal.aborted) return;
    context.status = "cancelled";
    context.annotations.push({ level: "failure", message: why });
    context.cancel.abort();
    force = setTimeout(
      () => void vanish("The job was ended by force.", "cancelled"),
      forceAfterMinutes * run.settings.minuteMs,
    );
  };
  const minutes = Number(renderTemplate(spec.timeoutMinutes, scopeBefore(context))) || defaultTimeoutMinutes;
  const timer = setTimeout(
    () => cancel(`The job has exceeded the maximum execution time of ${minutes}m0s`),
    Math.min(minutes * run.settings.minuteMs, 2_147_483_647),
  );
  const result = carryOut(context, () => lost).finally(() => {
    clearTimeout(timer);
    clearTimeout(force);
  });
  return { key: spec.key, result, cancel, vanish, freeze: async (signal) => context.process?.freeze(signal) };
}

function scopeBefore(context: JobContext): Scope {
  const { github, inputs, vars, needs } = stepScope(context, {}).contexts;
  return { contexts: { github: github ?? null, inputs: inputs ?? null, vars: vars ?? null, needs: needs ?? null } };
}

function createContext(run: RunContext, spec: JobSpec, job: WorkflowJob, needs: Record<string, Value>): JobContext {
  const { settings } = run;
  const root = join(
    settings.workDir,
    `run-${run.run.id}-${run.run.run_attempt}-${spec.key}-${randomUUID().slice(0, 8)}`,
  );
  const name = run.run.repository.split("/")[1] ?? "repository";
  const token = settings.host.mintJobToken(run.run.id, { permissions: jobPermissions(run, spec), jobId: job.id });
  const paths: JobPaths = {
    root,
    home: join(root, "home"),
    workspace: join(root, "_work", name, name),
    temp: join(root, "_work", "_temp"),
    tools: join(root, "_work", "_tool"),
    eventFile: join(root, "_work", "_temp", "_github_workflow", "event.json"),
  };
  return {
    ...run,
    ...{ spec, job, needs, token, paths },
    trackingId: `github_${randomUUID()}`,
    masks: createMasks([token, ...Object.values(run.secrets)]),
    cancel: new AbortController(),
    gone: new AbortController(),
    ...{
      status: "success",
      env: {},
      path: [],
      steps: {},
      shown: [],
      posts: [],
      summary: "",
      log: [],
      annotations: [],
      process: null,
    },
  };
}

async function carryOut(job: JobContext, lost: () => "failure" | "cancelled" | null): Promise<JobResult> {
  const { host } = job.settings;
  host.setJob(job.job.id, { status: "in_progress", runner_name: "embedded" });
  let outputs: Record<string, string> = {};
  try {
    await setUp(job);
    await runSteps(job);
    if (!job.gone.signal.aborted) outputs = jobOutputs(job);
  } catch (error) {
    job.status = "failure";
    job.annotations.push({
      level: "failure",
      message: job.masks.apply(error instanceof Error ? error.message : String(error)),
    });
  }
  await killJobProcesses(null, job.trackingId);
  if (!job.settings.keep) await rm(job.paths.root, { recursive: true, force: true, maxRetries: 5 });
  const result = lost() ?? job.status;
  host.setJob(job.job.id, { status: "completed", conclusion: result, ...showJob(job) });
  return { result, outputs };
}

async function setUp(job: JobContext): Promise<void> {
  const { paths } = job;
  for (const dir of [paths.home, paths.workspace, paths.temp, paths.tools, join(paths.eventFile, "..")])
    await mkdir(dir, { recursive: true });
  await writeFile(paths.eventFile, JSON.stringify(job.run.event_payload, null, 2));
  Object.assign(job.env, renderAll(job.workflow.env, job, {}));
  Object.assign(job.env, renderAll(job.spec.env, job, {}));
}

/** A job's outputs; one that holds a secret is left out, as the runner does it. */
function jobOutputs(job: JobContext): Record<string, string> {
  const outputs: Record<string, string> = {};
  for (const [name, value] of Object.entries(renderAll(job.spec.outputs, job, {}))) {
    if (!job.masks.hides(value)) outputs[name] = value;
    else job.annotations.push({ level: "warning", message: `Skip output '${name}' since it may contain secret.` });
  }
  const size = Object.values(outputs).reduce((sum, value) => sum + 2 * value.length, 0);
  if (size <= maxOutputBytes) return outputs;
  job.annotations.push({
    level: "failure",
    message: `The job's outputs are ${size} bytes, more than ${maxOutputBytes}.`,
  });
  return {};
}
