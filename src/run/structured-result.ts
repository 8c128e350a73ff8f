import type { z } from "zod";
import type { Event } from "../domain/event.ts";

/** The result that the worker gave beside its last claim, checked by Baton itself; null with the reason where there is none. */
export type StructuredResult = { value: unknown; error: null } | { value: null; error: string };

/** Reads it from the journal: what was said after the last run's end counts no more than what was said before. Pure. */
export function readStructuredResult(events: readonly Event[], schema: z.ZodType): StructuredResult {
  const accepted = new Set(
    events.flatMap((event) =>
      event.type === "tool_finished" && event.data.tool === "finish" && !event.data.is_error ? [event.data.call] : [],
    ),
  );
  const last = events.findLast((event) => event.type === "tool_started" && accepted.has(event.data.call));
  if (last?.type !== "tool_started")
    return { value: null, error: "The worker claimed nothing, so there is no result." };
  const { result } = last.data.input as { result?: unknown };
  const checked = schema.safeParse(result);
  if (checked.success) return { value: result, error: null };
  const [issue] = checked.error.issues;
  const at = issue?.path.map(String).join(".") || "the result";
  return { value: null, error: `The worker's last result does not fit the schema: ${at}: ${issue?.message}.` };
}
