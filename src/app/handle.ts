import { describeError } from "../domain/errors.ts";
import type { RepositoryName } from "../domain/trigger.ts";
import { renderVisibleText } from "../github/visible-text.ts";
import { carryOut } from "../intake/carry-out.ts";
import { answerWriter, decidePersonTrigger } from "../intake/decide.ts";
import type { PersonTrigger } from "../intake/fetch-world.ts";
import type { IntakeHands } from "../intake/intake-hands.ts";
import { reconcileSignal } from "../intake/reconcile.ts";
import { readDelivery } from "../triggers/read-delivery.ts";
import type { Reading } from "../triggers/reading.ts";
import type { AppHands } from "./app-hands.ts";
import { ensureOnboarding } from "./onboarding.ts";

/** One delivery: read → check → decide → dispatch or answer. */
export async function handleDelivery(event: string, payload: unknown, hands: AppHands): Promise<void> {
  const reading = readDelivery(event, payload, { renderVisible: (markdown) => renderVisibleText(markdown).text });
  switch (reading.kind) {
    case "ignored":
      hands.log({ event }, reading.reason);
      return;
    case "installed":
      await welcome(hands, reading);
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

// One repository that cannot be set up must not keep the others waiting.
async function welcome(hands: AppHands, reading: Extract<Reading, { kind: "installed" }>): Promise<void> {
  for (const repository of reading.repositories) {
    try {
      await ensureOnboarding(hands, reading.installationId, repository);
    } catch (error) {
      hands.log({ repo: `${repository.owner}/${repository.repo}`, error: describeError(error) }, "no onboarding now");
    }
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
  { repository, viaAppId }: Extract<Reading, { kind: "trigger" }>,
  trigger: PersonTrigger,
  installationId: number,
): Promise<void> {
  const github = hands.installation(installationId);
  const decided = await decidePersonTrigger({ hands, github, repository, trigger, viaAppId });
  if (decided.kind === "decided") await carryOut(decided.decision, decided.errand);
  else hands.log({ repo: `${repository.owner}/${repository.repo}`, number: trigger.number }, decided.reason);
}

async function answerMalformed(hands: IntakeHands, reading: Extract<Reading, { kind: "malformed" }>): Promise<void> {
  const { repository, installationId, commentId } = reading;
  if (installationId === null) return;
  const place = { hands, github: hands.installation(installationId), repository };
  await answerWriter(place, reading, `malformed-${commentId}`, `Baton cannot read this command: ${reading.reason}.`);
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
