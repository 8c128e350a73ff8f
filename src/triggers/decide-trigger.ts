import type { Decision } from "../domain/decision.ts";
import { mayWrite, type PermissionOutcome } from "../domain/permission.ts";
import type { Policy } from "../domain/policy.ts";
import type { SessionKey } from "../domain/session-key.ts";
import type { Actor, Trigger } from "../domain/trigger.ts";
import { type EnvelopeFacts, makeEnvelope } from "./make-envelope.ts";

/** Hops of one session in a row that are believed: a chain of our own doorbells always ends. */
export const maxHops = 50;

/** Everything the rule reads: one plain value, read from GitHub just now. */
export interface TriggerWorld {
  trigger: Trigger;
  /** Type of the acting account as GitHub's users API says it now; null when it could not be asked. Never the payload's word. */
  actorType: string | null;
  /** Right of the acting account; of the session's requester for continuations and dispatches of our own. */
  permission: PermissionOutcome;
  /** Account ids that are Baton itself (the App's bot, `github-actions[bot]`). */
  ownAccountIds: readonly number[];
  /** The text was written through our own App. */
  viaOwnApp: boolean;
  policy: Policy;
  subject: {
    open: boolean;
    /** Head and base in different repositories; null when that could not be learnt. */
    fork: boolean | null;
    /** Which texts were changed at or after the trigger; null when that could not be learnt. */
    edited: readonly string[] | null;
  };
  /** The session the trigger belongs to; whether one of its runs is queued or under way, and whether its pull request was merged or closed. */
  session: {
    key: SessionKey;
    exists: boolean;
    runAlive: boolean;
    over?: boolean;
    /** A run has read this trigger or carried it out: a late or doubled delivery changes nothing. */
    handled?: boolean;
  } | null;
  /** Runs started since midnight UTC, from GitHub's run list; null when it could not be read. */
  counts: { person: number; session: number } | null;
  /** Runs of the session so far, all days, from its state; 0 before the first. */
  sessionRuns: number;
  envelope: Omit<EnvelopeFacts, "session">;
}

/** Who may start what: fails closed on every question that has no answer, and says why. */
export function decideTrigger(world: TriggerWorld): Decision {
  return refuseActor(world) ?? refuseSubject(world) ?? decideCommand(world) ?? refuseAmount(world) ?? dispatch(world);
}

/** What the question "who" reads: the part of the world that can be asked before anything else. */
export type ActorWorld = Pick<
  TriggerWorld,
  "trigger" | "actorType" | "permission" | "ownAccountIds" | "viaOwnApp" | "policy"
>;

/** Why this account may not start or steer anything, or null: asked first, so that a stranger costs four requests and no parsing. */
export function refuseActor(world: ActorWorld): Decision | null {
  const { trigger, policy } = world;
  // The policy on the default branch is what allows a schedule; its "actor" is only the last editor of the cron line.
  if (trigger.kind === "schedule") return null;
  const isOwnDoorbell = trigger.kind === "continuation" || (trigger.kind === "dispatch" && isOwn(world, trigger.actor));
  if (isOwnDoorbell) return refusePermission(world, "the session's requester");
  const actor = actorOf(trigger);
  if (!actor) return ignore("the trigger names no actor");
  if (world.viaOwnApp || isOwn(world, actor)) return ignore("Baton does not answer itself");
  if (world.actorType === null) return ignore(`the account type of ${actor.login} could not be learnt`, true);
  const isPerson = world.actorType === "User" && actor.type === "User" && !actor.login.endsWith("[bot]");
  if (!isPerson && policy.allowed_bots.includes(actor.id)) return null;
  if (!isPerson)
    return ignore(`${actor.login} is not a person (${world.actorType}) and not among the policy's allowed_bots`);
  if (trigger.kind === "label" && trigger.label !== policy.label) return ignore(`the label is not \`${policy.label}\``);
  return refusePermission(world, actor.login);
}

function refusePermission(world: ActorWorld, who: string): Decision | null {
  const { permission } = world;
  if (mayWrite(permission)) return null;
  if (permission.kind === "unknown")
    return ignore(`the permission of ${who} could not be checked: ${permission.why}`, true);
  if (permission.kind === "absent") return ignore(`${who} is not a collaborator`);
  const reason = `${who} has ${permission.role || permission.permission} permission; write is needed`;
  // Triage is given to people by name: they get an answer. Readers of a public repository are everybody: silence.
  if (permission.role !== "triage") return ignore(reason);
  return answer(
    `Thank you, but only people with write permission on this repository can start or steer Baton.`,
    reason,
  );
}

function refuseSubject(world: TriggerWorld): Decision | null {
  const { trigger, subject, policy } = world;
  if (trigger.kind === "schedule" || trigger.kind === "dispatch") return null;
  if (trigger.kind === "label" && trigger.label !== policy.label) return ignore(`the label is not \`${policy.label}\``);
  if (subject.fork === null) return ignore("whether the head is a fork could not be learnt", true);
  if (subject.fork) {
    return answer(
      "Baton works on branches of this repository only; this pull request comes from a fork.",
      "the head is a fork",
    );
  }
  if (subject.edited === null) return ignore("whether the text was edited could not be learnt", true);
  if (subject.edited.length > 0) {
    const what = subject.edited.join(" and ");
    const again =
      trigger.kind === "label" ? "take the label off and put it on again" : "write the command in a new comment";
    return answer(
      `The ${what} changed after the trigger, so Baton did not start; please read it again and ${again}.`,
      `${what} edited`,
    );
  }
  return null;
}

function decideCommand(world: TriggerWorld): Decision | null {
  const { trigger, session, subject } = world;
  if (!session) return null;
  const name = trigger.kind === "command" ? trigger.command.name : null;
  if (name === "status")
    return { kind: "status", session: session.key, reason: "a writer asks where the session stands" };
  if (session.handled)
    return { kind: "accept", session: session.key, reason: "a run of the session has read this already" };
  if (name === "stop") {
    if (session.runAlive) return { kind: "stop", session: session.key, reason: "a writer asks for the end of the run" };
    return { kind: "status", session: session.key, reason: "a writer asks for the end, but no run is under way" };
  }
  if (!subject.open)
    return answer("This is closed; open it again if Baton should work on it.", "the subject is closed");
  if (session.runAlive) {
    return { kind: "accept", session: session.key, reason: "a run of the session is under way and reads its inbox" };
  }
  if (trigger.kind === "label" && session.exists && !session.over) {
    return {
      kind: "status",
      session: session.key,
      reason: "the label stands on an issue that has a session; `/continue` goes on",
    };
  }
  return null;
}

function refuseAmount(world: TriggerWorld): Decision | null {
  const { policy, counts, trigger, sessionRuns } = world;
  if (trigger.kind === "schedule") return null;
  if (counts === null) return ignore("today's runs could not be counted", true);
  const { day, session } = policy.limits;
  if (counts.person >= day.runs_per_person) {
    return answer(
      `Today's ${day.runs_per_person} runs for one person are used up; they start anew at midnight UTC.`,
      "the person's runs of the day are used up",
    );
  }
  // A person's own command opens the session's runs again up to the same number per day; our own doorbell never does.
  const used = isByPerson(trigger) ? counts.session : Math.max(counts.session, sessionRuns);
  if (used >= session.runs) {
    return answer(
      `This session has used its ${session.runs} runs; \`limits.session.runs\` in the policy sets them.`,
      "the session's runs are used up",
    );
  }
  if (world.envelope.hop > maxHops) return ignore(`the doorbell rang ${maxHops} times in a row`);
  return null;
}

function dispatch(world: TriggerWorld): Decision {
  if (!world.session) return ignore("the trigger belongs to no session");
  const envelope = makeEnvelope(world.trigger, { ...world.envelope, session: world.session.key });
  return { kind: "dispatch", envelope, reason: `${world.trigger.kind} by somebody with write permission` };
}

function actorOf(trigger: Trigger): Actor | null {
  return "actor" in trigger ? trigger.actor : null;
}

function isOwn(world: ActorWorld, actor: Actor): boolean {
  return world.ownAccountIds.includes(actor.id);
}

function isByPerson(trigger: Trigger): boolean {
  return trigger.kind === "command" || trigger.kind === "review" || trigger.kind === "label";
}

function ignore(reason: string, retryable = false): Decision {
  return { kind: "ignore", retryable, reason };
}

function answer(text: string, reason: string): Decision {
  return { kind: "answer", text, reason };
}
