import { commandKeyOf } from "../domain/command.ts";
import type { Decision } from "../domain/decision.ts";
import type { Envelope } from "../domain/envelope.ts";
import type { GitHub } from "../github/client.ts";
import { dispatchRun, isDispatched } from "../github/dispatch.ts";
import type { IntentLog } from "../github/ensure-once.ts";
import { cancelRun, isRunAlive } from "../github/runs.ts";
import { addReaction, type ReactionPlace, removeReaction } from "../github/small-writes.ts";
import { ensureAnswer, ensureStatusComment } from "../github/status-comment.ts";
import { numberOf } from "../triggers/make-envelope.ts";
import type { RepositoryFacts } from "../triggers/reading.ts";
import { renderQueued, renderRefused, renderStatus } from "./answers.ts";
import type { PersonTrigger } from "./fetch-world.ts";
import type { BatonIdentity, IntakeHands } from "./intake-hands.ts";
import type { SessionFacts } from "./session-facts.ts";

/** How long `/stop` may take by itself before the run is cancelled through the API, in ms. */
export const stopPatienceMs = 120_000;

/** How long a replica that came second to a trigger waits for the first to ring, in ms. */
const otherReplicaWaitsMs: readonly number[] = [500, 2_000];

export interface Errand {
  hands: IntakeHands;
  github: GitHub;
  repository: RepositoryFacts;
  identity: BatonIdentity;
  trigger: PersonTrigger;
  session: SessionFacts;
  aliveRunId: string | null;
}

/** Does what was decided, each part found again by its key, so that doing it twice changes nothing. */
export async function carryOut(decision: Decision, errand: Errand): Promise<void> {
  const { hands, repository, trigger } = errand;
  hands.log(
    { decision: decision.kind, repo: `${repository.owner}/${repository.repo}`, number: trigger.number },
    decision.reason,
  );
  switch (decision.kind) {
    case "ignore":
      return;
    case "answer":
      await answer(errand, `refused-${trigger.actor.id}-${shortKey(decision.reason)}`, decision.text);
      return;
    case "status":
      await react(errand);
      await answer(errand, `status-${keyOf(trigger)}`, renderStatus(errand.session, errand.aliveRunId !== null));
      return;
    case "accept":
      await react(errand);
      return;
    case "stop":
      await react(errand);
      cancelLater(errand);
      return;
    case "dispatch":
      await ring(decision.envelope, errand);
  }
}

async function ring(envelope: Envelope, errand: Errand): Promise<void> {
  const { github, repository, identity, trigger } = errand;
  // Rung before: whatever became of that run, its own words stand.
  if (await isDispatched(github, { repository, defaultBranch: repository.defaultBranch, envelope })) {
    await react(errand);
    return;
  }
  const status = {
    repository,
    number: numberOf(envelope.session) ?? trigger.number,
    session: envelope.session,
    authors: identity.logins,
    knownId: envelope.status_comment_id,
    log: intentsOf(errand),
  };
  const comment = await ensureStatusComment(github, { ...status, body: renderQueued(null) });
  const seen = await react(errand);
  if (!seen.isNew && (await isRungMeanwhile(errand, envelope))) return;
  const outcome = await dispatchRun(github, {
    repository,
    defaultBranch: repository.defaultBranch,
    envelope: { ...envelope, status_comment_id: comment.id },
    log: intentsOf(errand),
  });
  if (outcome.kind === "refused") {
    await ensureStatusComment(github, { ...status, knownId: comment.id, body: renderRefused(outcome.text) });
    if (trigger.kind === "command") await react(errand, "confused");
    if (seen.isNew) await removeReaction(github, repository, placeOf(errand), seen.id);
    return;
  }
  errand.hands.log(
    { session: envelope.session, event: envelope.trigger.event_id, run: outcome.runId, fresh: outcome.fresh },
    "dispatched",
  );
}

/**
 * GitHub keeps one reaction per person and kind, so of two replicas that come with the same trigger at the same time one
 * made it and rings. The other waits a little for that; where nothing rings (the first was killed), it rings itself.
 */
async function isRungMeanwhile({ github, repository }: Errand, envelope: Envelope): Promise<boolean> {
  for (const wait of otherReplicaWaitsMs) {
    await github.sleep(wait);
    if (await isDispatched(github, { repository, defaultBranch: repository.defaultBranch, envelope })) return true;
  }
  return false;
}

// The run reads `/stop` between two turns; one that does not is cancelled. The sweep does the same after a crash.
function cancelLater(errand: Errand): void {
  const { hands, github, repository, aliveRunId } = errand;
  if (!aliveRunId) return;
  hands.later(stopPatienceMs, async () => {
    if (await isRunAlive(github, repository, aliveRunId, Number.MAX_SAFE_INTEGER))
      await cancelRun(github, repository, aliveRunId);
  });
}

function react(errand: Errand, how: "eyes" | "confused" = "eyes"): ReturnType<typeof addReaction> {
  return addReaction(errand.github, errand.repository, placeOf(errand), how);
}

function placeOf({ trigger }: Errand): ReactionPlace {
  if (trigger.kind !== "command") return { kind: "issue", number: trigger.number };
  return { kind: trigger.place === "comment" ? "issue_comment" : trigger.place, id: trigger.commentId };
}

async function answer(errand: Errand, key: string, body: string): Promise<void> {
  const { github, repository, identity, trigger } = errand;
  await ensureAnswer(github, {
    repository,
    number: trigger.number,
    key,
    body,
    authors: identity.logins,
    log: intentsOf(errand),
  });
}

function intentsOf({ hands, repository, trigger }: Errand): IntentLog {
  return hands.intents(`${repository.owner}/${repository.repo}#${trigger.number}`);
}

function keyOf(trigger: PersonTrigger): string {
  if (trigger.kind === "command") return commandKeyOf(trigger.place, trigger.commentId);
  return trigger.kind === "review" ? commandKeyOf("review", trigger.reviewId) : `label-${trigger.number}`;
}

function shortKey(reason: string): string {
  return reason.replace(/[^a-z]+/gi, "-").slice(0, 40);
}
