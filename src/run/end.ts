import type { ContextEndKind } from "../domain/event.ts";
import type { StopReason } from "../domain/stop-reason.ts";

/** How a run ends: the one stop reason and a text for people. */
export interface RunEnd {
  stop: StopReason;
  text: string;
}

/** The stop reason that a context's end means for its run, or null when the run goes on with another context. */
export function stopOfContext(end: ContextEndKind, reason: string): StopReason | null {
  switch (end) {
    case "finished":
    case "contract":
    case "judgement":
    case "handoff":
    case "reset":
      return null;
    case "ceiling":
      return reason === "max_turns" || reason === "max_budget" || reason === "timeout" ? reason : "max_budget";
    case "stopped":
      return "cancelled";
    default:
      return end;
  }
}
