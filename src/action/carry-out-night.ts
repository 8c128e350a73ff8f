import { describeError } from "../domain/errors.ts";
import { fallbackSessionRefOf, sessionRefOf } from "../domain/session-key.ts";
import type { GitHub } from "../github/client.ts";
import { type DispatchOutcome, dispatchRun } from "../github/dispatch.ts";
import { noIntentLog } from "../github/ensure-once.ts";
import { removeRef } from "../github/small-writes.ts";
import type { IntakeHands } from "../intake/intake-hands.ts";
import { buryRun, ringAgain } from "../intake/reconcile.ts";
import type { NightOperation, NightPlan } from "../maintenance/plan-night.ts";
import { makeEnvelope } from "../triggers/make-envelope.ts";
import type { RepositoryFacts } from "../triggers/reading.ts";
import type { Night } from "./fetch-night.ts";

/** What came of one operation of the night. */
export interface NightDeed {
  operation: NightOperation;
  kind: "done" | "found" | "failed";
  text: string;
}

type Hands = { hands: IntakeHands; github: GitHub; repository: RepositoryFacts };

/** Does what the plan says, one after the other; each is found again by its key, and one that fails keeps nothing else from happening. */
export async function carryOutNight(night: Night, plan: NightPlan, at: Hands): Promise<NightDeed[]> {
  const deeds: NightDeed[] = [];
  const buried = new Set<string>();
  for (const operation of plan.operations) {
    // Whether the dead go on was decided, and rung, with their burial.
    if (operation.kind === "dispatch" && buried.has(operation.key)) continue;
    try {
      deeds.push({ operation, ...(await carryOut(operation, night, plan, at)) });
    } catch (error) {
      deeds.push({ operation, kind: "failed", text: describeError(error) });
    }
    if (operation.kind === "report_dead") buried.add(operation.key);
  }
  return deeds;
}

async function carryOut(
  operation: NightOperation,
  night: Night,
  plan: NightPlan,
  { hands, github, repository }: Hands,
): Promise<Omit<NightDeed, "operation">> {
  const state = night.states.get(operation.key);
  switch (operation.kind) {
    case "prune":
      for (const ref of [sessionRefOf(operation.key), fallbackSessionRefOf(operation.key)])
        await removeRef(github, repository, ref);
      return { kind: "done", text: "session ref pruned" };
    case "report_dead": {
      if (!state) throw new Error(`${operation.key} has no state`);
      const mayGoOn = plan.operations.some((other) => other.kind === "dispatch" && other.key === operation.key);
      const { goesOn } = await buryRun(hands, github, repository, state, { mayGoOn });
      return { kind: "done", text: goesOn ? "reported, and goes on from its last checkpoint" : "reported" };
    }
    case "dispatch": {
      const outcome =
        operation.trigger === "continuation" && state
          ? await ringAgain(hands, github, repository, state)
          : await ring(operation, night, github, repository);
      return describeRing(outcome);
    }
  }
}

/** The doorbell of a playbook: its key is session and day, so that the same night rings once. */
async function ring(
  { key }: NightOperation,
  night: Night,
  github: GitHub,
  repository: RepositoryFacts,
): Promise<DispatchOutcome> {
  const envelope = makeEnvelope(
    { kind: "schedule" },
    {
      session: key,
      labelEventId: null,
      at: `${night.world.today}T00:00:00.000Z`,
      subjectSha256: "",
      statusCommentId: null,
      requesterId: null,
      hop: 0,
    },
  );
  return await dispatchRun(github, {
    repository,
    defaultBranch: repository.defaultBranch,
    envelope,
    log: noIntentLog,
  });
}

function describeRing(outcome: DispatchOutcome | null): Omit<NightDeed, "operation"> {
  if (!outcome) return { kind: "failed", text: "there is no run to go on from" };
  if (outcome.kind === "refused") return { kind: "failed", text: outcome.text };
  const run = outcome.runUrl ? `[run](${outcome.runUrl})` : "run";
  return outcome.fresh
    ? { kind: "done", text: `${run} started` }
    : { kind: "found", text: `${run} was started already` };
}
