import type { Envelope } from "../domain/envelope.ts";
import { toMicroUsd } from "../domain/limits.ts";
import { committedUsd } from "../domain/replay.ts";
import type { StopReason } from "../domain/stop-reason.ts";
import { makeContinuation } from "../triggers/make-envelope.ts";
import type { RunEnd } from "./end.ts";
import { findHumanCommits } from "./human-commits.ts";
import type { Run } from "./open-run.ts";

/** Endings after which the next run can go on without anybody's help. */
const selfContinuing: ReadonlySet<StopReason> = new Set([
  "max_turns",
  "max_budget",
  "timeout",
  "output_truncated",
  "stuck",
  "bad_tool_calls",
]);

/** The envelope of the run that follows by itself, or null: policy off, nothing to go on with, or the session's caps are reached. */
export function planContinuation(run: Run, stop: StopReason): Envelope | null {
  const { policy } = run.world;
  const state = run.session.state();
  const { session } = policy.limits;
  const usdLeft = toMicroUsd(session.usd) - committedUsd(state);
  // A run that could not even begin a request would only start the same again.
  const hasWorked = (state.runs.at(-1)?.spend.turns ?? 0) > 0;
  if (!policy.auto_continue || !selfContinuing.has(stop) || !hasWorked) return null;
  if (state.runs.length >= session.runs || usdLeft <= 0) return null;
  return makeContinuation(state);
}

/**
 * Commands that came after the last look of this run, which nobody would read: whoever saw them meanwhile saw a run at
 * work. Asked once the end of the run is on the remote, so that from then on others start a run by themselves.
 */
export async function planForLateCommands(run: Run): Promise<Envelope | null> {
  const state = run.session.state();
  const items = await run.world.forge.readInbox(state, { force: true });
  const last = items.filter(({ command }) => command.name !== "status").at(-1);
  return last && last.command.name !== "stop" ? makeContinuation(state) : null;
}

/**
 * A run that ended but died before people were told: this run, rung by whoever noticed, tells it, and works only where
 * the end would have been continued anyway.
 */
export async function takeUpUnclosedEnd(run: Run): Promise<RunEnd | null> {
  const before = run.session.state().runs.at(-2);
  if (run.world.envelope.trigger.kind !== "continuation" || !before?.stop_reason || before.closed !== false)
    return null;
  if (run.world.policy.auto_continue && selfContinuing.has(before.stop_reason)) return null;
  // What stands on the branch is needed for the last commit; a branch that people changed meanwhile tells its own end.
  const conflict = await findHumanCommits(run);
  if (conflict || before.stop_reason === "cancelled") return conflict ?? endAgain(run, before.stop_reason);
  if ((await run.world.forge.readInbox(run.session.state(), { force: true })).length > 0) return null;
  const asked = run.session.events().findLast((event) => event.type === "questions_asked");
  if (before.stop_reason === "blocked" && asked?.type === "questions_asked")
    await run.record("questions_asked", asked.data);
  return endAgain(run, before.stop_reason);
}

function endAgain(run: Run, stop: StopReason): RunEnd {
  const ended = run.session.events().findLast((event) => event.type === "run_ended");
  return { stop, text: ended?.type === "run_ended" ? ended.data.text : "" };
}
