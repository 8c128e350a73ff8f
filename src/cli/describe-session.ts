import { renderUsd } from "../domain/limits.ts";
import { describeNext, isLocalSession } from "../domain/next-step.ts";
import { committedUsd } from "../domain/replay.ts";
import type { State } from "../domain/state.ts";
import { stopReasons } from "../domain/stop-reason.ts";
import { isLocalRunAlive } from "../run/local-forge.ts";
import type { SavedSession } from "./session-shelf.ts";

/** Where a session stands, in words and figures; what `baton status` prints. */
export interface SessionStanding {
  session: string;
  /** One word or two: the last stop reason, `working`, `lost` or `changed since`. */
  condition: string;
  request: string;
  branch: string;
  /** Counts of criteria by status; `of` is 0 before there is a contract. */
  criteria: { verified: number; claimed: number; of: number };
  runs: number;
  turns: number;
  usd: string;
  /** How the last run ended, in a sentence. */
  reason: string;
  next: string;
}

/** Computes the standing of a session from its state and the branch as it is now. */
export function describeSession({ state, head }: SavedSession): SessionStanding {
  const count = (status: string): number => state.criteria.filter((one) => one.status === status).length;
  return {
    session: state.session,
    request: state.request.title,
    branch: state.branch,
    criteria: { verified: count("pass"), claimed: count("claimed"), of: state.criteria.length },
    runs: state.runs.length,
    turns: state.spend.total.turns,
    usd: renderUsd(committedUsd(state)),
    ...describeCondition(state, head),
  };
}

function describeCondition(
  state: State,
  head: SavedSession["head"],
): Pick<SessionStanding, "condition" | "reason" | "next"> {
  const run = state.runs.at(-1);
  const stop = run?.stop_reason ?? null;
  const goOn = `baton continue ${state.session}`;
  if (!run) return { condition: "not started", reason: "No run has begun.", next: goOn };
  if (stop === null) {
    if (!isLocalSession(state))
      return { condition: "working or lost", reason: "Its last run has not ended here.", next: `see ${run.run_url}` };
    if (isLocalRunAlive(run.run_id))
      return { condition: "working", reason: "A run is at work.", next: "wait, or end it with Ctrl-C where it runs" };
    return { condition: "lost", reason: "Its last run died; nothing acknowledged is lost.", next: goOn };
  }
  const isStale = state.verdict !== null && head !== null && head.tree !== state.verdict.tree;
  const reason = `Run ${state.runs.length} ended: ${stopReasons[stop].sentence}`;
  if (stop === "done" && isStale) {
    return {
      condition: "changed since",
      reason: `${reason} ${state.branch} has changed since the verdict.`,
      next: `have it verified again: ${goOn} --say "verify the work as it is now"`,
    };
  }
  return { condition: stop, reason, next: describeNext(state, stop) };
}
