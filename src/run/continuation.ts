import type { Envelope } from "../domain/envelope.ts";
import { toMicroUsd } from "../domain/limits.ts";
import { committedUsd } from "../domain/replay.ts";
import type { StopReason } from "../domain/stop-reason.ts";
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
  const { policy, envelope, now } = run.world;
  const state = run.session.state();
  const { session } = policy.limits;
  const usdLeft = toMicroUsd(session.usd) - committedUsd(state);
  // A run that could not even begin a request would only start the same again.
  const hasWorked = (state.runs.at(-1)?.spend.turns ?? 0) > 0;
  if (!policy.auto_continue || !selfContinuing.has(stop) || !hasWorked) return null;
  if (state.runs.length >= session.runs || usdLeft <= 0) return null;
  return {
    v: 1,
    session: state.session,
    trigger: {
      kind: "continuation",
      event_id: `continuation-${run.world.run.id}`,
      comment_id: null,
      actor_id: null,
      at: now().toISOString(),
    },
    subject: { number: state.request.number, sha256: state.request.sha256 },
    status_comment_id: Number(state.published.status_comment) || null,
    hop: envelope.hop + 1,
  };
}
