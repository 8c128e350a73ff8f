import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ActionsHost, WorkflowRun } from "../github/actions.ts";
import { createConcurrencyGroups } from "./concurrency.ts";
import type { GitHubUrls, LogLine, RunnerSettings } from "./job-context.ts";
import { nameOfRun } from "./run-context.ts";
import type { RunningJob } from "./run-job.ts";
import type { CancelLadder } from "./run-process.ts";
import { githubCancelLadder } from "./run-process.ts";
import type { RunningWorkflow } from "./run-workflow.ts";
import { startWorkflow } from "./run-workflow.ts";

const lostWords =
  "The hosted runner lost communication with the server. Anything in your workflow that terminates the runner process, starves it for CPU/Memory, or blocks its network access can cause this error.";

export interface RunnerOptions {
  /** The embedded GitHub, or anything else with its Actions and its URLs. */
  github: { actions: ActionsHost; url: string; apiUrl: string; graphqlUrl: string };
  /** A folder of the runner's own; goes away with it unless `keep`. */
  workDir: string;
  /** Folder with action.yml and dist/, for `uses: ./` without one in the workspace and for `uses: OWNER/baton@ref`. */
  actionDir?: string;
  /** Put into every step's environment, as a machine's own settings would be. */
  hostEnv?: Record<string, string>;
  hostPath?: string;
  ladder?: Partial<CancelLadder>;
  /** Length of a minute of `timeout-minutes`, ms. Default 60,000. */
  minuteMs?: number;
  keep?: boolean;
  onLine?: (line: LogLine) => void;
}

/** When to take a machine away by itself. */
export interface KillPlan {
  /** Key of the job; any when left out. */
  job?: string;
  /** Milliseconds after the job started. */
  afterMs?: number;
  /** Or as soon as a line of the log matches. */
  log?: RegExp;
}

/** Takes queued runs from the embedded GitHub and really carries them out. */
export interface Runner extends AsyncDisposable {
  readonly artifactsDir: string;
  readonly logsDir: string;
  /** Runs that are being carried out or wait for their group. */
  active(): number[];
  /** Resolves when nothing is queued or running. */
  idle(): Promise<void>;
  /** Leaves queued runs alone until `release`, as a busy fleet would. */
  hold(): void;
  release(): void;
  /** `kill -9` on the machines of a run's jobs (or of one job): no post step, disk gone; false when none runs. */
  killRun(runId: number, job?: string): Promise<boolean>;
  /** Arms one such kill for the next job that fits. */
  killNext(plan: KillPlan): void;
  /** SIGSTOP and SIGCONT on everything that the run's steps started. */
  pauseRun(runId: number): Promise<void>;
  resumeRun(runId: number): Promise<void>;
  close(): Promise<void>;
}

/** Starts the runner; close it, and no process or folder stays. */
export async function startRunner(options: RunnerOptions): Promise<Runner> {
  const { actions } = options.github;
  const urls: GitHubUrls = {
    server: options.github.url,
    api: options.github.apiUrl,
    graphql: options.github.graphqlUrl,
  };
  const plans: KillPlan[] = [];
  const active = new Map<number, RunningWorkflow>();
  const waiters = new Set<() => void>();
  let held = false;
  let closed = false;
  const settings: RunnerSettings = {
    ...{ host: actions, urls, workDir: join(options.workDir, "jobs") },
    logsDir: join(options.workDir, "logs"),
    artifactsDir: join(options.workDir, "artifacts"),
    actionDir: options.actionDir ?? null,
    hostEnv: options.hostEnv ?? {},
    hostPath: options.hostPath ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ladder: { ...githubCancelLadder, ...options.ladder },
    minuteMs: options.minuteMs ?? 60_000,
    keep: options.keep ?? false,
    onLine: (line) => {
      options.onLine?.(line);
      const plan = plans.find((one) => one.log?.test(line.text) && (one.job ?? line.job) === line.job);
      if (plan) {
        plans.splice(plans.indexOf(plan), 1);
        void killRun(line.runId, line.job);
      }
    },
  };
  for (const dir of [settings.workDir, settings.logsDir, settings.artifactsDir]) await mkdir(dir, { recursive: true });
  const groups = createConcurrencyGroups();

  const jobsOf = (runId: number, job?: string): RunningJob[] =>
    (active.get(runId)?.jobs() ?? []).filter((one) => (job ?? one.key) === one.key);
  const killRun = async (runId: number, job?: string): Promise<boolean> => {
    const jobs = jobsOf(runId, job);
    await Promise.all(jobs.map((one) => one.vanish(lostWords, "failure")));
    return jobs.length > 0;
  };
  const take = (): void => {
    for (let run = held || closed ? undefined : actions.nextQueued(); run; run = actions.nextQueued()) {
      if (!actions.claim(run.id)) break;
      const running = startWorkflow(settings, groups, run);
      active.set(run.id, running);
      watchForKills(running, plans, killRun);
      void running.done.finally(() => {
        active.delete(running.runId);
        take();
        if (active.size === 0) for (const waiter of [...waiters]) waiter();
      });
    }
  };
  const offs = [
    actions.on("run_requested", () => take()),
    actions.on("cancel_requested", (run: WorkflowRun) => active.get(run.id)?.cancel(run.cancel_requested ?? "cancel")),
  ];
  actions.nameRun = (run, runName) => nameOfRun(settings, run, runName);
  take();

  const idle = async (): Promise<void> => {
    while (active.size > 0 || (!held && actions.nextQueued())) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          waiters.delete(done);
          resolve();
        };
        waiters.add(done);
      });
    }
  };
  const close = async (): Promise<void> => {
    closed = true;
    for (const off of offs) off();
    for (const running of [...active.values()]) {
      running.cancel("force_cancel");
      for (const job of running.jobs()) await job.vanish("The runner was shut down.", "cancelled");
    }
    await Promise.all([...active.values()].map((running) => running.done));
    if (!settings.keep) await rm(options.workDir, { recursive: true, force: true, maxRetries: 5 });
  };
  return {
    artifactsDir: settings.artifactsDir,
    logsDir: settings.logsDir,
    active: () => [...active.keys()],
    idle,
    hold: () => {
      held = true;
    },
    release: () => {
      held = false;
      take();
    },
    killRun,
    killNext: (plan) => void plans.push(plan),
    pauseRun: async (runId) => void (await Promise.all(jobsOf(runId).map((job) => job.freeze("SIGSTOP")))),
    resumeRun: async (runId) => void (await Promise.all(jobsOf(runId).map((job) => job.freeze("SIGCONT")))),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Plans with a time fall due after the job has started: looked at twenty times a second while the run lasts. */
function watchForKills(
  running: RunningWorkflow,
  plans: KillPlan[],
  kill: (runId: number, job: string) => Promise<boolean>,
): void {
  const since = new Map<string, number>();
  const timer = setInterval(() => {
    for (const job of running.jobs()) {
      const started = since.get(job.key) ?? Date.now();
      since.set(job.key, started);
      const due = plans.find(
        (plan) =>
          plan.afterMs !== undefined && (plan.job ?? job.key) === job.key && Date.now() - started >= plan.afterMs,
      );
      if (!due) continue;
      plans.splice(plans.indexOf(due), 1);
      void kill(running.runId, job.key);
    }
  }, 50);
  void running.done.finally(() => clearInterval(timer));
}
