import { commandKeyOf } from "../domain/command.ts";
import { Envelope } from "../domain/envelope.ts";
import type { SessionKey } from "../domain/session-key.ts";
import type { State } from "../domain/state.ts";
import type { Trigger } from "../domain/trigger.ts";

/** What an envelope carries besides the trigger itself. */
export interface EnvelopeFacts {
  session: SessionKey;
  /** Id of the timeline event of a label; other triggers have their own id. */
  labelEventId: string | null;
  /** GitHub's time of the trigger, ISO 8601. */
  at: string;
  subjectSha256: string;
  statusCommentId: number | null;
  /** Actor of a schedule, continuation or dispatch that has a person behind it: the session's requester. */
  requesterId: number | null;
  hop: number;
}

/** The semantic key of a trigger: equal for every delivery, replay and sweep of the same happening. */
export function eventIdOf(
  trigger: Trigger,
  facts: Pick<EnvelopeFacts, "session" | "labelEventId" | "at" | "hop">,
): string {
  switch (trigger.kind) {
    case "label":
      return `label-${facts.labelEventId ?? `${trigger.number}-${compact(facts.at)}`}`;
    case "command":
      return commandKeyOf(trigger.place, trigger.commentId);
    case "review":
      return commandKeyOf("review", trigger.reviewId);
    case "schedule":
      return `schedule-${compact(facts.at)}`;
    case "dispatch":
      return `dispatch-${trigger.actor.id}-${compact(facts.at)}`;
    case "continuation":
      return `hop-${facts.session}-${facts.hop}-${compact(facts.at)}`;
  }
}

/** The envelope of a trigger: ids, never instructions. */
export function makeEnvelope(trigger: Trigger, facts: EnvelopeFacts): Envelope {
  const number = "number" in trigger ? trigger.number : numberOf(facts.session);
  const actor = "actor" in trigger ? trigger.actor.id : facts.requesterId;
  return Envelope.parse({
    v: 1,
    session: facts.session,
    trigger: {
      kind: trigger.kind,
      event_id: eventIdOf(trigger, facts),
      comment_id: trigger.kind === "command" && trigger.place === "comment" ? trigger.commentId : null,
      actor_id: actor,
      at: new Date(facts.at).toISOString(),
    },
    subject: { number, sha256: facts.subjectSha256 },
    status_comment_id: facts.statusCommentId,
    hop: facts.hop,
  });
}

/**
 * The envelope of the run that follows by itself. Its key comes from the last run alone: that run, the job that finds it
 * dead and the App's sweep all ring with the same one, so that only one run starts.
 */
export function makeContinuation(state: State): Envelope {
  const hop = state.runs.length;
  const trigger = { kind: "continuation", session: state.session, hop } as const;
  return makeEnvelope(trigger, {
    session: state.session,
    labelEventId: null,
    at: state.runs.at(-1)?.started_at ?? new Date(0).toISOString(),
    subjectSha256: state.request.sha256,
    statusCommentId: Number(state.published.status_comment) || null,
    requesterId: state.requester.id || null,
    hop,
  });
}

/** Number of the issue or pull request a session is about, or null. */
export function numberOf(session: SessionKey): number | null {
  const match = /^(?:issue|pr)-(\d+)$/.exec(session);
  return match ? Number(match[1]) : null;
}

function compact(at: string): string {
  return new Date(at).toISOString().replace(/[-:.]/g, "");
}
