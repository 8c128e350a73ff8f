import type { Envelope } from "../domain/envelope.ts";

/** What the name of a dispatched run says: whose, for which session, by which trigger. */
export interface RunName {
  session: string;
  eventId: string;
  actorId: number | null;
}

/** The name the workflow gives to the run of an envelope (`run-name:` of the template): the key of the dispatch. */
export function renderRunName(envelope: Envelope): string {
  return `${envelope.session} [${envelope.trigger.event_id}] by ${envelope.trigger.actor_id ?? "nobody"}`;
}

/** Reads a run's display title; null for titles of another form. */
export function readRunName(title: string): RunName | null {
  const match = /^(\S+) \[([^\]\s]+)\] by (\d+|nobody)?$/.exec(title);
  if (!match?.[1] || !match[2]) return null;
  return { session: match[1], eventId: match[2], actorId: match[3] && match[3] !== "nobody" ? Number(match[3]) : null };
}
