import type { Envelope } from "../domain/envelope.ts";
import { describeError } from "../domain/errors.ts";
import type { Event } from "../domain/event.ts";
import type { State } from "../domain/state.ts";
import { type StopReason, stopReasons } from "../domain/stop-reason.ts";
import { renderJobSummary } from "../evaluator/job-summary.ts";
import { renderReport } from "../evaluator/report.ts";
import { planContinuation, planForLateCommands } from "./continuation.ts";
import { returnDay } from "./day.ts";
import type { RunEnd } from "./end.ts";
import type { Run } from "./open-run.ts";
import { readDiffs } from "./read-diffs.ts";
import { saveNow, saveWork } from "./save.ts";
import { publishNow, showProgress, viewOf } from "./show.ts";

/** What a run came to, for the door: outputs, exit code and files are made from this. */
export interface RunResult {
  stop: StopReason;
  text: string;
  /** Null when the session was never claimed and nothing was known of it. */
  state: State | null;
  sessionRef: string;
  pullRequest: number | null;
  pullRequestUrl: string | null;
  report: string;
  /** Markdown for the job's summary page. */
  jobSummary: string;
  events: readonly Event[];
  /** What each checkpoint and commit of this run changed, for the trace; by hash. */
  diffs: ReadonlyMap<string, string>;
  /** Folder with journal, state and outputs on this runner. */
  sessionDir: string;
  continued: boolean;
  /** What could not be saved or shown to the end; not empty means that somebody else must take the end up. */
  unfinished: readonly string[];
}

/** Runs in a row without verified progress after which only a person starts the next one. */
const maxIdleRuns = 3;

/** Ends a run: records why, pushes work and session, publishes, gives back money, and rings for the next run where that is wanted. */
export async function finishRun(run: Run, end: RunEnd): Promise<RunResult> {
  await run.copying;
  if (run.superseded || end.stop === "superseded") return resultOf(run, { ...end, stop: "superseded" }, null, false);
  const final = judgeProgress(run, end);
  await run.record("run_ended", {
    stop_reason: final.stop,
    text: final.text.slice(0, 2_000),
    progress: hasProgress(run),
  });
  const problems = await attempt("save the work", () => saveFinal(run, final.stop));
  if (run.superseded) return resultOf(run, { stop: "superseded", text: run.superseded }, null, false);
  // Of a cancelled run little may be left: what people look at first is told before anything else.
  if (run.world.signal.aborted) await attempt("say so", () => showProgress(run, { force: true, stop: final.stop }));
  await attempt("look at the base", () => countBaseMoves(run));
  const published = await attemptOf("publish", () => publishNow(run, final.stop));
  problems.push(...published.problems, ...(published.value?.unfinished ?? []));
  const dayProblems = await attempt("give back the day's rest", () => returnDay(run));
  const next = await attemptOf("read what came late", () => planNext(run, final.stop));
  // Rung before the run is closed: who finds it unclosed rings with the same key, so the bell rings once.
  if (next.value) problems.push(...(await attempt("ring for the next run", () => ring(run, next.value))));
  for (const text of [...problems, ...dayProblems, ...next.problems]) await run.record("warned", { text });
  if (problems.length === 0) await run.record("run_closed", {});
  problems.push(...(await attempt("save the end", () => saveEnd(run))));
  return {
    ...resultOf(run, final, published.value?.pullRequest ?? null, next.value !== null),
    diffs: await loadDiffs(run),
    unfinished: problems,
  };
}

/** Everything is saved by now; a runner that is about to be taken away is not kept for them. */
async function loadDiffs(run: Run): Promise<ReadonlyMap<string, string>> {
  if (run.world.signal.aborted) return new Map();
  return await readDiffs(run.store, run.session.events()).catch(() => new Map());
}

async function planNext(run: Run, stop: StopReason): Promise<Envelope | null> {
  return planContinuation(run, stop) ?? (await planForLateCommands(run));
}

async function ring(run: Run, next: Envelope | null): Promise<void> {
  if (next) await run.world.forge.ringDoorbell(next);
}

/** Ends a run that never held the session: people are told why, unless there is nothing for them to do or know. */
export async function finishUnclaimed(run: Run, end: RunEnd, { tell }: { tell: boolean }): Promise<RunResult> {
  const problems = !tell ? [] : await attempt("explain", () => run.world.forge.explain(end.stop, end.text));
  return { ...resultOf(run, end, null, false), unfinished: problems };
}

async function saveEnd(run: Run): Promise<void> {
  const outcome = await saveNow(run);
  if (outcome.kind !== "pushed") throw new Error(outcome.detail);
}

/** The last commit: with a passed verdict its tree is exactly the verified one, so the state file goes (unless the policy keeps it). */
async function saveFinal(run: Run, stop: StopReason): Promise<void> {
  const { contract, verdict, session } = run.session.state();
  if (!contract) return await saveEnd(run);
  const isVerified = stop === "done" && verdict?.tree === run.workTree;
  const bare = isVerified && !run.world.policy.keep_state_file;
  const message = isVerified ? `baton: finish ${session}` : `baton: hand on ${session} (${stop})`;
  const outcome = await saveWork(run, message, { bare });
  if (outcome.kind !== "pushed") throw new Error(outcome.detail);
}

/** How far the base branch has moved since the session's base; the report says so. */
async function countBaseMoves(run: Run): Promise<void> {
  const { base } = run.session.state();
  const ref = `refs/heads/${base.ref}`;
  const head = (await run.store.lsRemote([ref])).get(ref);
  if (!head) return;
  if (head !== base.sha) await run.store.fetch([ref]);
  run.baseMoved = head === base.sha ? 0 : (await run.store.log(base.sha, head, 1_000)).length;
}

function hasProgress(run: Run): boolean {
  const state = run.session.state();
  const passed = state.criteria.filter(({ status }) => status === "pass").length;
  return (
    passed > run.passedBefore ||
    (state.contract !== null && run.startedWithoutContract) ||
    state.verdict?.outcome === "pass"
  );
}

function judgeProgress(run: Run, end: RunEnd): RunEnd {
  const { runs_without_progress: idle } = run.session.state();
  const isCap =
    stopReasons[end.stop].conclusion === "neutral" &&
    stopReasons[end.stop].resumable &&
    end.stop !== "blocked" &&
    end.stop !== "cancelled" &&
    end.stop !== "api_error";
  if (!isCap || hasProgress(run) || idle + 1 < maxIdleRuns) return end;
  return {
    stop: "no_progress",
    text: `${idle + 1} runs in a row brought no verified progress; the last one: ${end.text}`,
  };
}

function resultOf(run: Run, end: RunEnd, pullRequest: number | null, continued: boolean): RunResult {
  const state = run.session.hasState() ? run.session.state() : null;
  const view = state ? viewOf(run) : null;
  return {
    stop: end.stop,
    text: end.text,
    state,
    sessionRef: run.session.sessionRef(),
    pullRequest,
    pullRequestUrl: run.pullRequestUrl,
    report: view ? renderReport(view) : "",
    jobSummary: view && end.stop !== "skipped" ? renderJobSummary(view, run.session.events()) : `${end.text}\n`,
    events: run.session.events(),
    diffs: new Map(),
    sessionDir: run.sessionDir,
    continued,
    unfinished: [],
  };
}

async function attempt(what: string, act: () => Promise<unknown>): Promise<string[]> {
  return (await attemptOf(what, act)).problems;
}

/** What fails at the end must not keep the rest of the ending from happening. */
async function attemptOf<T>(what: string, act: () => Promise<T>): Promise<{ value: T | null; problems: string[] }> {
  try {
    return { value: await act(), problems: [] };
  } catch (error) {
    return { value: null, problems: [`It was not possible to ${what}: ${describeError(error).slice(0, 400)}`] };
  }
}
