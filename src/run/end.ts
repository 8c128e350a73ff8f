import { ConfigError, describeError, SandboxError } from "../domain/errors.ts";
import type { ContextEndKind } from "../domain/event.ts";
import type { StopReason } from "../domain/stop-reason.ts";

/** How a run ends: the one stop reason and a text for people. */
export interface RunEnd {
  stop: StopReason;
  text: string;
}

const ceilings: ReadonlySet<string> = new Set(["max_turns", "max_budget", "timeout"] satisfies StopReason[]);

/** What a context's end means for its run: an end, or null when the run goes on with another context. */
export function endOfContext(end: ContextEndKind, reason: string): RunEnd | null {
  switch (end) {
    case "finished":
    case "contract":
    case "judgement":
    case "handoff":
    case "reset":
      return null;
    case "ceiling":
      return { stop: ceilings.has(reason) ? (reason as StopReason) : "max_budget", text: reason };
    case "stopped":
      return { stop: "cancelled", text: reason || "A person asked for the end with `/stop`." };
    default:
      return { stop: end, text: reason };
  }
}

/** The end of a run that was told to stop from outside (SIGINT, SIGTERM); null while nobody has. */
export function endOfSignal(signal: AbortSignal): RunEnd | null {
  return signal.aborted ? { stop: "cancelled", text: "The run was cancelled from outside." } : null;
}

/** The end that a thrown error means. A cancelled run is cancelled, whatever its abort made fail. */
export function endOfError(error: unknown, signal: AbortSignal): RunEnd {
  const cancelled = endOfSignal(signal);
  if (cancelled) return cancelled;
  if (error instanceof ConfigError) return { stop: "config_error", text: describeError(error) };
  if (error instanceof SandboxError) return { stop: "sandbox_error", text: describeError(error) };
  return { stop: "api_error", text: `Something outside failed: ${describeError(error)}` };
}
