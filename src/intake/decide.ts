import type { Decision } from "../domain/decision.ts";
import { mayWrite } from "../domain/permission.ts";
import type { Policy } from "../domain/policy.ts";
import type { GitHub } from "../github/client.ts";
import { fetchPermission } from "../github/permission.ts";
import { ensureAnswer } from "../github/status-comment.ts";
import { decideTrigger } from "../triggers/decide-trigger.ts";
import type { RepositoryFacts } from "../triggers/reading.ts";
import type { Errand } from "./carry-out.ts";
import { fetchPolicy } from "./fetch-policy.ts";
import { fetchWorld, type PersonTrigger } from "./fetch-world.ts";
import type { IntakeHands } from "./intake-hands.ts";

export interface Occasion {
  hands: IntakeHands;
  github: GitHub;
  repository: RepositoryFacts;
  trigger: PersonTrigger;
  viaAppId: number | null;
  /** Path of the policy, and the label of a workflow that names its own. */
  policyFile?: string;
  label?: string | null;
}

/** What is to be done about a person's trigger, and everything that is needed to do it; `nothing` names why. */
export type Decided = { kind: "decided"; decision: Decision; errand: Errand } | { kind: "nothing"; reason: string };

/** Reads policy and world and decides: one story for the App and for the gate of the workflow. */
export async function decidePersonTrigger(occasion: Occasion): Promise<Decided> {
  const { hands, github, repository, trigger, viaAppId } = occasion;
  const identity = await hands.identity();
  // Our own comments, labels and reviews come back as deliveries: dropped before anything is asked.
  if (identity.ids.includes(trigger.actor.id) || (viaAppId !== null && viaAppId === identity.appId))
    return { kind: "nothing", reason: "Baton does not answer itself" };
  const found = await fetchPolicy(github, repository, repository.defaultBranch, occasion.policyFile);
  if (found.kind === "mistaken") {
    const mayMean = trigger.kind !== "label" || [occasion.label, "baton"].includes(trigger.label);
    // Which label is meant stands in the file that cannot be read.
    if (mayMean || found.source.includes(trigger.label))
      await answerWriter(occasion, trigger, `policy-${found.sha}`, `Baton cannot read its policy. ${found.text}`);
    return { kind: "nothing", reason: found.text };
  }
  const policy: Policy = occasion.label ? { ...found.policy, label: occasion.label } : found.policy;
  if (trigger.kind === "label" && trigger.label !== policy.label)
    return { kind: "nothing", reason: `the label is not \`${policy.label}\`` };
  const outcome = await fetchWorld({ github, repository, trigger, viaAppId, policy, identity });
  if (outcome.kind === "gone") return { kind: "nothing", reason: outcome.why };
  const isKnown = outcome.kind === "world";
  const session = isKnown ? outcome.session : { exists: false, state: null };
  const aliveRunId = isKnown ? outcome.aliveRunId : null;
  const decision = isKnown ? decideTrigger(outcome.world) : outcome.decision;
  return {
    kind: "decided",
    decision,
    errand: { hands, github, repository, identity, trigger, session, aliveRunId },
  };
}

/** Says something once to a person who may write here; to everybody else nothing. */
export async function answerWriter(
  { hands, github, repository }: Pick<Occasion, "hands" | "github" | "repository">,
  to: { number: number; actor: { id: number; login: string } },
  key: string,
  body: string,
): Promise<void> {
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
