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

const Job = z.object({ name: z.string(), status: z.string(), conclusion: z.string().nullish() });
const Jobs = z.object({ jobs: z.array(Job) });

async function fetchWorkJob(
  github: GitHub,
  repository: RepositoryName,
  runId: string,
): Promise<z.infer<typeof Job> | null> {
  const found = Jobs.safeParse(
    await github.find<unknown>("/repos/{owner}/{repo}/actions/runs/{run_id}/jobs", { ...repository, run_id: runId }),
  );
  return (found.success ? found.data.jobs.find(({ name }) => name === workJob) : null) ?? null;
}

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
  const job = await fetchWorkJob(github, repository, runId);
  return job?.status !== "completed";
}

/** Runs of today that count against limits: per requester and per session, from GitHub's own list. */
export interface RunCounts {
  person: number;
  session: number;
  alive: WorkflowRun[];
}

/** Who is asked about, and the limits: only where one seems reached are single runs looked at. */
export interface CountSpec {
  actorId: number | null;
  session: string;
  limits?: { person: number; session: number };
}

/** Counts runs since midnight UTC of GitHub's clock; throws when the list cannot be read, so that callers fail closed. */
export async function fetchRunCounts(
  github: GitHub,
  repository: RepositoryName,
  workflow: string,
  who: CountSpec,
): Promise<RunCounts> {
  const now = github.serverTime() ?? Date.now();
  // A run of yesterday may still be alive (a job lives six hours at most, row 25).
  const runs = await listRuns(github, repository, workflow, new Date(now - 24 * 3_600_000).toISOString().slice(0, 19));
  const day = new Date(now).toISOString().slice(0, 10);
  const most = countRuns(runs, day, who);
  const { limits } = who;
  if (!limits || (most.person < limits.person && most.session < limits.session)) return most;
  const idle = new Set<number>();
  for (const run of runs) {
    if (run.event === "workflow_dispatch" || run.created_at.slice(0, 10) !== day) continue;
    if (run.actor?.id !== who.actorId && run.display_title !== who.session) continue;
    if (!(await hasWorked(github, repository, run))) idle.add(run.id);
  }
  return countRuns(
    runs.filter(({ id }) => !idle.has(id)),
    day,
    who,
  );
}

// A run of an event whose gate let nothing through, or has not decided yet, has cost nobody anything.
async function hasWorked(github: GitHub, repository: RepositoryName, run: WorkflowRun): Promise<boolean> {
  const job = await fetchWorkJob(github, repository, String(run.id));
  return job !== null && job.conclusion !== "skipped";
}

/**
 * The counting rule alone. A dispatch counts for the person and session in its name, another event for its actor. With
 * the App, one command starts a dispatch and a run of its own event: of the two kinds the larger number counts, and
 * continuations, which no event starts, come on top.
 */
export function countRuns(
  runs: readonly WorkflowRun[],
  day: string,
  who: { actorId: number | null; session: string },
): RunCounts {
  const alive: WorkflowRun[] = [];
  const person = new Tally();
  const session = new Tally();
  for (const run of runs) {
    if (run.conclusion === "skipped") continue;
    const name = readRunName(run.display_title);
    const key = name?.session ?? run.display_title;
    const isDispatch = run.event === "workflow_dispatch";
    if (key === who.session && isDispatch && run.status !== "completed") alive.push(run);
    if (run.created_at.slice(0, 10) !== day) continue;
    const kind = !isDispatch ? "event" : name?.eventId.startsWith("hop-") ? "hop" : "dispatch";
    const actor = isDispatch ? name?.actorId : run.actor?.id;
    if (who.actorId !== null && actor === who.actorId) person.add(key, kind);
    if (key === who.session) session.add(key, kind);
  }
  return { person: person.total(), session: session.total(), alive };
}

type RunKind = "event" | "dispatch" | "hop";

/** Runs per session and kind. */
class Tally {
  readonly #sessions = new Map<string, Record<RunKind, number>>();

  add(session: string, kind: RunKind): void {
    const counts = this.#sessions.get(session) ?? { event: 0, dispatch: 0, hop: 0 };
    counts[kind] += 1;
    this.#sessions.set(session, counts);
  }

  total(): number {
    let sum = 0;
    for (const { event, dispatch, hop } of this.#sessions.values()) sum += Math.max(event, dispatch) + hop;
    return sum;
  }
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
