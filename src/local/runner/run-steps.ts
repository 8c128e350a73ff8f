import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { JobStep } from "../github/actions.ts";
import type { JobContext, PostStep } from "./job-context.ts";
import { stepScope } from "./job-context.ts";
import { createLogReader } from "./log-commands.ts";
import type { StepSpec } from "./read-workflow.ts";
import type { StepRun } from "./run-step.ts";
import { renderAll, runStep } from "./run-step.ts";
import { showJob } from "./show-job.ts";
import { evaluateCondition, renderTemplate } from "./template.ts";

/** Runs a job's steps in order and the post steps in reverse; stops where it stands when the machine is gone. */
export async function runSteps(job: JobContext): Promise<void> {
  for (const [index, step] of job.spec.steps.entries()) {
    if (job.gone.signal.aborted) return;
    await oneStep(job, step, index + 1);
  }
  for (let post = job.posts.pop(); post && !job.gone.signal.aborted; post = job.posts.pop()) await onePost(job, post);
}

/** How far the log that REST shows may lag behind a running step, ms. */
const liveLogMs = 200;

interface OpenStep {
  entry: JobStep;
  log: (line: string) => void;
  /** Writes the step's log file and shows the step as ended. */
  close(conclusion: "success" | "failure" | "cancelled" | "skipped"): Promise<void>;
}

function openStep(job: JobContext, name: string): OpenStep {
  const { settings, run } = job;
  const entry: JobStep = {
    number: job.shown.length + 1,
    name,
    status: "in_progress",
    conclusion: null,
    started_at: Date.now(),
    completed_at: null,
  };
  job.shown.push(entry);
  settings.host.setJob(job.job.id, showJob(job));
  const reader = createLogReader(job.masks);
  const lines: string[] = [];
  let flush: NodeJS.Timeout | null = null;
  const log = (text: string): void => {
    const line = reader.line(text);
    if (line === null) return;
    lines.push(line);
    job.log.push(line);
    flush ??= setTimeout(() => {
      flush = null;
      settings.host.setJob(job.job.id, showJob(job));
    }, liveLogMs);
    settings.onLine({ runId: run.id, job: job.spec.key, step: name, text: line });
  };
  const close: OpenStep["close"] = async (conclusion) => {
    if (flush) clearTimeout(flush);
    Object.assign(entry, { status: "completed", conclusion, completed_at: Date.now() });
    job.annotations.push(...reader.annotations);
    const dir = join(settings.logsDir, `${run.id}-${run.run_attempt}`, job.spec.key);
    await mkdir(dir, { recursive: true });
    await writeFile(
      join(dir, `${entry.number}_${name.replace(/[^\w.-]+/g, "_").slice(0, 60)}.txt`),
      `${lines.join("\n")}\n`,
    );
    settings.host.setJob(job.job.id, showJob(job));
  };
  return { entry, log, close };
}

/** The name that the log shows for a step. */
function nameOf(job: JobContext, step: StepSpec): string {
  if (step.name !== null) return renderTemplate(step.name, stepScope(job, {}));
  return step.uses !== null ? `Run ${step.uses}` : `Run ${(step.run ?? "").split("\n")[0]}`;
}

async function oneStep(job: JobContext, step: StepSpec, number: number): Promise<void> {
  const open = openStep(job, nameOf(job, step));
  let outcome: "success" | "failure" | "cancelled" | "skipped" = "failure";
  let ran: StepRun = { ok: false, outputs: {} };
  let forgiven = false;
  try {
    const env = renderAll(step.env, job, {});
    if (!evaluateCondition(step.if, stepScope(job, env))) outcome = "skipped";
    else {
      const scope = stepScope(job, env);
      forgiven = renderTemplate(step.continueOnError, scope) === "true";
      const limit = Number(renderTemplate(step.timeoutMinutes, scope)) * job.settings.minuteMs;
      const stop = stopSignal(job, limit > 0 ? limit : null, open.log);
      ran = await runStep(job, step, { number, log: open.log, cancel: stop.signal }).finally(stop.forget);
      outcome = stop.cancelled() ? "cancelled" : ran.ok ? "success" : "failure";
    }
  } catch (error) {
    open.log(`::error::${error instanceof Error ? error.message : String(error)}`);
    outcome = job.cancel.signal.aborted ? "cancelled" : "failure";
  }
  const conclusion = outcome === "failure" && forgiven ? "success" : outcome;
  if (step.id !== null) job.steps[step.id] = { outputs: ran.outputs, outcome, conclusion };
  if (conclusion === "failure" && job.status === "success") job.status = "failure";
  await open.close(job.gone.signal.aborted && outcome === "failure" ? "cancelled" : conclusion);
}

/** A signal that aborts when the job is cancelled while the step runs, or when the step's own time is up. */
function stopSignal(
  job: JobContext,
  limitMs: number | null,
  log: (line: string) => void,
): { signal: AbortSignal; cancelled: () => boolean; forget: () => void } {
  const controller = new AbortController();
  let cancelled = false;
  const onCancel = (): void => {
    cancelled = true;
    log("::error::The operation was canceled.");
    controller.abort();
  };
  // A step that starts after the cancel, by always(), is left alone.
  if (!job.cancel.signal.aborted) job.cancel.signal.addEventListener("abort", onCancel, { once: true });
  const timer =
    limitMs === null
      ? undefined
      : setTimeout(() => {
          log("::error::The action has timed out.");
          controller.abort();
        }, limitMs);
  return {
    signal: controller.signal,
    cancelled: () => cancelled,
    forget: () => {
      clearTimeout(timer);
      job.cancel.signal.removeEventListener("abort", onCancel);
    },
  };
}

async function onePost(job: JobContext, post: PostStep): Promise<void> {
  const open = openStep(job, post.name);
  try {
    if (!evaluateCondition(post.condition, stepScope(job, {}))) return await open.close("skipped");
    const ok = await post.run(open.log);
    if (!ok && job.status === "success") job.status = "failure";
    await open.close(ok ? "success" : "failure");
  } catch (error) {
    open.log(`::error::${error instanceof Error ? error.message : String(error)}`);
    if (job.status === "success") job.status = "failure";
    await open.close("failure");
  }
}
