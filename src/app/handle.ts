import { mayWrite } from "../domain/permission.ts";
import type { RepositoryName } from "../domain/trigger.ts";
import { fetchPermission } from "../github/permission.ts";
import { ensureAnswer } from "../github/status-comment.ts";
import { renderVisibleText } from "../github/visible-text.ts";
import { carryOut } from "../intake/carry-out.ts";
import { fetchPolicy } from "../intake/fetch-policy.ts";
import { fetchWorld, type PersonTrigger } from "../intake/fetch-world.ts";
import type { IntakeHands } from "../intake/intake-hands.ts";
import { reconcileSignal } from "../intake/reconcile.ts";
import { decideTrigger } from "../triggers/decide-trigger.ts";
import { readDelivery } from "../triggers/read-delivery.ts";
import type { Reading } from "../triggers/reading.ts";
import { ensureOnboarding } from "./onboarding.ts";

/** One delivery: read → check → decide → dispatch or answer. */
export async function handleDelivery(event: string, payload: unknown, hands: IntakeHands): Promise<void> {
  const reading = readDelivery(event, payload, { renderVisible: (markdown) => renderVisibleText(markdown).text });
  switch (reading.kind) {
    case "ignored":
      hands.log({ event }, reading.reason);
      return;
    case "installed":
      for (const repository of reading.repositories) await ensureOnboarding(hands, reading.installationId, repository);
      return;
    case "signal":
      if (await isTrueInstallation(hands, reading)) await reconcileSignal(hands, reading);
      return;
    case "malformed":
      if (await isTrueInstallation(hands, reading)) await answerMalformed(hands, reading);
      return;
    case "trigger":
      if (await isTrueInstallation(hands, reading)) await handleTrigger(hands, reading);
  }
}

/** A trigger of a person, from a delivery or found by the sweep. */
export async function handleTrigger(hands: IntakeHands, reading: Extract<Reading, { kind: "trigger" }>): Promise<void> {
  const { repository, trigger, installationId } = reading;
  if (installationId === null || !isOfPerson(trigger)) return;
  await hands.exclusive(`${repository.id}#${trigger.number}`, () =>
    decideAndCarryOut(hands, reading, trigger, installationId),
  );
}

async function decideAndCarryOut(
  hands: IntakeHands,
  reading: Extract<Reading, { kind: "trigger" }>,
  trigger: PersonTrigger,
  installationId: number,
): Promise<void> {
  const { repository } = reading;
  const github = hands.installation(installationId);
  const identity = await hands.identity();
  // Our own comments, labels and reviews come back as deliveries: dropped before anything is asked.
  if (identity.ids.includes(trigger.actor.id) || reading.viaAppId === identity.appId) {
    hands.log({ number: trigger.number }, "Baton does not answer itself");
    return;
  }
  const found = await fetchPolicy(github, repository, repository.defaultBranch);
  if (found.kind === "mistaken") {
    await answerMistake(hands, reading, trigger, found);
    return;
  }
  if (trigger.kind === "label" && trigger.label !== found.policy.label) return;
  const outcome = await fetchWorld({
    github,
    repository,
    trigger,
    viaAppId: reading.viaAppId,
    policy: found.policy,
    identity,
  });
  if (outcome.kind === "gone") {
    hands.log({ number: trigger.number }, outcome.why);
    return;
  }
  const decision = decideTrigger(outcome.world);
  const { session, aliveRunId } = outcome;
  await carryOut(decision, { hands, github, repository, identity, trigger, session, aliveRunId });
}

async function answerMistake(
  hands: IntakeHands,
  reading: Extract<Reading, { kind: "trigger" }>,
  trigger: PersonTrigger,
  mistake: { text: string; sha: string },
): Promise<void> {
  const { repository, installationId } = reading;
  if (installationId === null) return;
  await answerWriter(
    hands,
    installationId,
    repository,
    trigger,
    `policy-${mistake.sha}`,
    `Baton cannot read its policy. ${mistake.text}`,
  );
}

async function answerMalformed(hands: IntakeHands, reading: Extract<Reading, { kind: "malformed" }>): Promise<void> {
  const { repository, installationId, commentId } = reading;
  if (installationId === null) return;
  const text = `Baton cannot read this command: ${reading.reason}.`;
  await answerWriter(hands, installationId, repository, reading, `malformed-${commentId}`, text);
}

async function answerWriter(
  hands: IntakeHands,
  installationId: number,
  repository: RepositoryName,
  to: { number: number; actor: { id: number; login: string } },
  key: string,
  body: string,
): Promise<void> {
  const github = hands.installation(installationId);
  const identity = await hands.identity();
  if (identity.ids.includes(to.actor.id) || !mayWrite(await fetchPermission(github, repository, to.actor))) return;
  await ensureAnswer(github, {
    repository,
    number: to.number,
    key,
    body,
    authors: identity.logins,
    log: hands.intents(`${repository.owner}/${repository.repo}#${to.number}`),
  });
}

// A delivery that names another installation than GitHub does for the repository is not acted upon.
async function isTrueInstallation(
  hands: IntakeHands,
  reading: { repository: RepositoryName; installationId: number | null },
): Promise<boolean> {
  const { owner, repo } = reading.repository;
  const expected = await hands.installationOf({ owner, repo });
  if (expected !== null && expected === reading.installationId) return true;
  hands.log(
    { repo: `${owner}/${repo}`, installation: reading.installationId, expected },
    "the installation is not the repository's",
  );
  return false;
}

function isOfPerson(trigger: { kind: string }): trigger is PersonTrigger {
  return trigger.kind === "label" || trigger.kind === "command" || trigger.kind === "review";
}
