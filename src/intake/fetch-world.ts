import type { Decision } from "../domain/decision.ts";
import { Envelope } from "../domain/envelope.ts";
import type { Policy } from "../domain/policy.ts";
import type { Trigger } from "../domain/trigger.ts";
import type { GitHub } from "../github/client.ts";
import { workflowFile } from "../github/dispatch.ts";
import { fetchLabelEvent, fetchTrigger } from "../github/fetch-trigger.ts";
import { messageOf } from "../github/outcome.ts";
import { fetchActorType, fetchPermission } from "../github/permission.ts";
import { fetchPullRequest } from "../github/pull-request.ts";
import { type CountSpec, fetchRunCounts, type RunCounts } from "../github/runs.ts";
import { type FrozenSubject, fetchSubject } from "../github/subject.ts";
import { refuseActor, type TriggerWorld } from "../triggers/decide-trigger.ts";
import { eventIdOf, makeEnvelope } from "../triggers/make-envelope.ts";
import type { RepositoryFacts } from "../triggers/reading.ts";
import { sessionOfTrigger } from "../triggers/session-of-trigger.ts";
import type { BatonIdentity } from "./intake-hands.ts";
import { fetchRunCondition, loadSessionFacts, type SessionFacts } from "./session-facts.ts";

/** The triggers with a person and a subject behind them: what a delivery can bring. */
export type PersonTrigger = Extract<Trigger, { kind: "label" | "command" | "review" }>;

export interface WorldSpec {
  github: GitHub;
  repository: RepositoryFacts;
  trigger: PersonTrigger;
  viaAppId: number | null;
  policy: Policy;
  identity: BatonIdentity;
}

/** The world of a trigger, read from GitHub now; `gone` when what triggered is no longer there, `refused` when its actor may not. */
export type WorldOutcome =
  | {
      kind: "world";
      world: TriggerWorld;
      session: SessionFacts;
      subject: FrozenSubject | null;
      aliveRunId: string | null;
    }
  | { kind: "refused"; decision: Decision }
  | { kind: "gone"; why: string };

/** Reads everything the rule needs; actor, time and text are taken from GitHub by id, not from the delivery. */
export async function fetchWorld(spec: WorldSpec): Promise<WorldOutcome> {
  const { github, repository, trigger, policy, identity } = spec;
  const happened = await fetchHappening(spec);
  if (happened.kind === "gone") return happened;
  const { actor, at, labelEventId } = happened;
  const who = {
    trigger: { ...trigger, actor },
    actorType: await fetchActorType(github, actor),
    permission: await fetchPermission(github, repository, actor),
    ownAccountIds: identity.ids,
    viaOwnApp: spec.viaAppId !== null && spec.viaAppId === identity.appId,
    policy,
  };
  const decision = refuseActor(who);
  if (decision) return { kind: "refused", decision };
  const subject = await fetchSubject(github, repository, trigger.number, at);
  if (subject.kind === "gone") return { kind: "gone", why: subject.why };
  const asked = subject.kind === "frozen" ? subject : await fetchSubject(github, repository, trigger.number, null);
  const frozen = asked.kind === "frozen" ? asked : null;
  const ours = frozen?.authorId !== null && frozen?.authorId !== undefined && identity.ids.includes(frozen.authorId);
  const head = frozen?.head ? { headRef: frozen.head.ref, fork: frozen.head.fork, ours } : null;
  const key = sessionOfTrigger(trigger, head);
  if (!key) return { kind: "gone", why: "the trigger belongs to no session" };
  const session = await loadSessionFacts(github, repository, key);
  const { day, session: perSession } = policy.limits;
  const limits = { person: day.runs_per_person, session: perSession.runs };
  const counts = await countOrNull(github, repository, { actorId: actor.id, session: key, limits });
  const condition = await fetchRunCondition(github, repository, session.state);
  const last = session.state?.runs.at(-1)?.run_id ?? null;
  // A run that has ended, or died, reads nothing more, although its workflow may still be under way.
  const queued = counts?.alive.map(({ id }) => String(id)).find((id) => id !== last) ?? null;
  const aliveRunId = condition === "alive" ? last : queued;
  const over = await isOver(github, repository, session);
  // A session that goes on works on the text it froze; what its pull request says by now is Baton's own writing.
  const goesOn = session.exists && !over;
  const editedTexts = subject.kind === "edited" && !goesOn ? subject.what : [];
  return {
    kind: "world",
    session,
    subject: frozen,
    aliveRunId,
    world: {
      ...who,
      subject: { open: frozen?.open ?? false, fork: forkOf(frozen), edited: [...happened.edited, ...editedTexts] },
      session: {
        key,
        exists: session.exists,
        runAlive: aliveRunId !== null,
        over,
        handled: isHandled(session, trigger, eventIdOf(trigger, { session: key, labelEventId, at, hop: 0 })),
      },
      counts: counts && { person: counts.person, session: counts.session },
      sessionRuns: session.state?.runs.length ?? 0,
      envelope: {
        labelEventId,
        at,
        subjectSha256: frozen?.sha256 ?? "",
        statusCommentId: statusIdOf(session),
        requesterId: null,
        hop: 0,
      },
    },
  };
}

type Happening =
  | {
      kind: "happened";
      actor: { id: number; login: string; type: string };
      at: string;
      labelEventId: string | null;
      edited: string[];
    }
  | { kind: "gone"; why: string };

async function fetchHappening({ github, repository, trigger }: WorldSpec): Promise<Happening> {
  if (trigger.kind === "label") {
    const event = await fetchLabelEvent(github, repository, trigger.number, trigger.label);
    if (!event) return { kind: "gone", why: "the label event cannot be found" };
    return { kind: "happened", actor: event.actor, at: event.at, labelEventId: String(event.eventId), edited: [] };
  }
  const session =
    trigger.kind === "review" || trigger.onPullRequest
      ? (`pr-${trigger.number}` as const)
      : (`issue-${trigger.number}` as const);
  const facts = {
    session,
    labelEventId: null,
    at: trigger.at,
    subjectSha256: "",
    statusCommentId: null,
    requesterId: null,
    hop: 0,
  };
  const found = await fetchTrigger(github, repository, Envelope.parse(makeEnvelope(trigger, facts)));
  if (found.kind === "gone") return found;
  if (found.kind === "edited")
    return { kind: "happened", actor: trigger.actor, at: trigger.at, labelEventId: null, edited: ["comment"] };
  if (found.number !== trigger.number) return { kind: "gone", why: "the comment belongs to another issue" };
  return { kind: "happened", actor: found.actor, at: found.at, labelEventId: null, edited: [] };
}

function isHandled({ state }: SessionFacts, trigger: PersonTrigger, eventId: string): boolean {
  if (!state) return false;
  if (state.runs.some((run) => run.event_id === eventId) || state.reviews_read.includes(eventId)) return true;
  return trigger.kind === "command" && trigger.place === "comment" && trigger.commentId <= state.comment_cursor;
}

async function countOrNull(github: GitHub, repository: RepositoryFacts, who: CountSpec): Promise<RunCounts | null> {
  try {
    return await fetchRunCounts(github, repository, workflowFile, who);
  } catch (error) {
    // No such workflow: nothing ran, and the dispatch will explain what is missing.
    return /not found/i.test(messageOf(error)) ? { person: 0, session: 0, alive: [] } : null;
  }
}

function forkOf(subject: FrozenSubject | null): boolean | null {
  if (!subject) return null;
  return subject.head?.fork ?? false;
}

async function isOver(github: GitHub, repository: RepositoryFacts, session: SessionFacts): Promise<boolean> {
  const number = Number(session.state?.published.pull_request);
  if (!Number.isSafeInteger(number) || number <= 0) return false;
  const found = await fetchPullRequest(github, repository, number);
  return found !== null && found.state !== "open";
}

function statusIdOf(session: SessionFacts): number | null {
  const id = Number(session.state?.published.status_comment);
  return Number.isSafeInteger(id) && id > 0 ? id : null;
}
