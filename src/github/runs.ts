import { z } from "zod";
import type { RepositoryName } from "../domain/trigger.ts";
import type { GitHub } from "./client.ts";
import { ensureSet } from "./ensure-once.ts";
import { statusOf } from "./outcome.ts";
import { readRunName } from "./run-name.ts";

const Run = z.object({
  id: z.int(),
  run_attempt: z.int().default(1),
  event: z.string(),
  status: z.string().nullable(),
  conclusion: z.string().nullable(),
  display_title: z.string(),
  html_url: z.string(),
  created_at: z.string(),
  path: z.string().default(""),
  head_branch: z.string().nullable().default(null),
  actor: z.object({ id: z.int(), login: z.string() }).nullish(),
});
export type WorkflowRun = z.infer<typeof Run>;

/** Runs of the workflow created on or after `since` (ISO), newest first. */
export async function listRuns(
  github: GitHub,
  repository: RepositoryName,
  workflow: string,
  since: string,
): Promise<WorkflowRun[]> {
  const raw = await github.list<unknown>(
    "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs",
    { ...repository, workflow_id: workflow, created: `>=${since}` },
    10,
  );
  return raw.flatMap((value) => {
    const run = Run.safeParse(value);
    return run.success ? [run.data] : [];
  });
}

/** One run, or null when it does not exist (any more). */
export async function fetchRun(github: GitHub, repository: RepositoryName, runId: string): Promise<WorkflowRun | null> {
  const found = Run.safeParse(
    await github.find<unknown>("/repos/{owner}/{repo}/actions/runs/{run_id}", { ...repository, run_id: runId }),
  );
  return found.success ? found.data : null;
}

/** Name of the job that works on a session, as the template has it. */
const workJob = "run";

const Jobs = z.object({ jobs: z.array(z.object({ name: z.string(), status: z.string() })) });

/**
 * Whether this attempt of the run is queued or under way, as GitHub says: never by a clock. A run whose working job is
 * over does not hold its session any more, although the job that closes it may still be under way.
 */
export async function isRunAlive(
  github: GitHub,
  repository: RepositoryName,
  runId: string,
  attempt: number,
): Promise<boolean> {
  const run = await fetchRun(github, repository, runId);
  if (run === null || run.status === "completed" || run.run_attempt > attempt) return false;
  const found = Jobs.safeParse(
    await github.find<unknown>("/repos/{owner}/{repo}/actions/runs/{run_id}/jobs", { ...repository, run_id: runId }),
  );
  const job = found.success ? found.data.jobs.find(({ name }) => name === workJob) : undefined;
  return job?.status !== "completed";
}

/** Runs of today that count against limits: per requester and per session, from GitHub's own list. */
export interface RunCounts {
  person: number;
  session: number;
  alive: WorkflowRun[];
}

/** Counts runs since midnight UTC of GitHub's clock; throws when the list cannot be read, so that callers fail closed. */
export async function fetchRunCounts(
  github: GitHub,
  repository: RepositoryName,
  workflow: string,
  who: { actorId: number | null; session: string },
): Promise<RunCounts> {
  const now = github.serverTime() ?? Date.now();
  // A run of yesterday may still be alive (a job lives six hours at most, row 25).
  const runs = await listRuns(github, repository, workflow, new Date(now - 24 * 3_600_000).toISOString().slice(0, 19));
  return countRuns(runs, new Date(now).toISOString().slice(0, 10), who);
}

/** The counting rule alone: a dispatch counts for the person and session in its name, another event for its actor. */
export function countRuns(
  runs: readonly WorkflowRun[],
  day: string,
  who: { actorId: number | null; session: string },
): RunCounts {
  const counts: RunCounts = { person: 0, session: 0, alive: [] };
  for (const run of runs) {
    if (run.conclusion === "skipped") continue;
    const name = readRunName(run.display_title);
    const session = name?.session ?? run.display_title;
    if (session === who.session && run.event === "workflow_dispatch" && run.status !== "completed")
      counts.alive.push(run);
    if (run.created_at.slice(0, 10) !== day) continue;
    const actor = run.event === "workflow_dispatch" ? name?.actorId : run.actor?.id;
    if (who.actorId !== null && actor === who.actorId) counts.person += 1;
    if (session === who.session) counts.session += 1;
  }
  return counts;
}

/** Asks for the end of a run; one that is over already (409, row 76) or gone is fine. */
export async function cancelRun(
  github: GitHub,
  repository: RepositoryName,
  runId: string,
): Promise<"cancelled" | "over"> {
  try {
    await ensureSet(github, async () => {
      try {
        await github.write("POST /repos/{owner}/{repo}/actions/runs/{run_id}/cancel", { ...repository, run_id: runId });
      } catch (error) {
        if (statusOf(error) === 409 || statusOf(error) === 404) throw new RunIsOver();
        throw error;
      }
    });
    return "cancelled";
  } catch (error) {
    if (error instanceof RunIsOver) return "over";
    throw error;
  }
}

class RunIsOver extends Error {
  override name = "RunIsOver";
}
