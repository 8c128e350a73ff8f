import { ConfigError, describeError } from "../domain/errors.ts";
import type { GitHub } from "../github/client.ts";
import { fetchPolicy } from "../intake/fetch-policy.ts";
import { type NightPlan, planNight } from "../maintenance/plan-night.ts";
import { carryOutNight, type NightDeed } from "./carry-out-night.ts";
import { ensureDigest } from "./digest.ts";
import type { Door } from "./door.ts";
import { fetchNight, type Night } from "./fetch-night.ts";
import { createGateHands } from "./gate.ts";
import type { Identity } from "./identity.ts";
import { pruneLedgers } from "./prune-ledgers.ts";

/** What the night did and left, for the job summary; `problems` want a person's eye but stop nothing. */
export interface NightOutcome {
  deeds: readonly NightDeed[];
  plan: NightPlan;
  summary: string;
  problems: string[];
}

/** Whether this job is the night: a schedule, or the nightly workflow started by hand. */
export function isNight({ event, workflowRef, inputs }: Pick<Door, "event" | "workflowRef" | "inputs">): boolean {
  if (event.name === "schedule") return true;
  return event.name === "workflow_dispatch" && !inputs.task && /nightly\.ya?ml(?:@|$)/.test(workflowRef);
}

/** The story of a night: read everything, decide, carry it out, and say so in the job summary. Works on nothing itself. */
export async function runNight(door: Door, identity: Identity, say: (line: string) => void): Promise<NightOutcome> {
  const { github } = identity;
  const { repository, inputs } = door;
  const policy = await fetchPolicy(github, repository, repository.defaultBranch, inputs.config_file);
  if (policy.kind === "mistaken") throw new ConfigError(policy.text, { hint: "Nothing was started tonight." });
  const hands = createGateHands(identity, say);
  const night = await fetchNight(hands, github, repository, policy.policy);
  const plan = planNight(night.world);
  const deeds = inputs.dry_run ? [] : await carryOutNight(night, plan, { hands, github, repository });
  const problems = [
    ...night.found.broken.map(({ error }) => describeError(error)),
    ...night.unreadable.map((name) => `The state of refs/baton/${name} cannot be read; the ref is left alone.`),
    ...deeds.flatMap(({ kind, operation, text }) => (kind === "failed" ? [`${operation.key}: ${text}`] : [])),
  ];
  const ledgers = inputs.dry_run ? [] : await tryPruneLedgers(night, github, door, problems);
  const digest = inputs.dry_run ? null : await tryDigest(night, identity, door, problems);
  const summary = renderNight({ night, plan, deeds, ledgers, digest, problems, dryRun: inputs.dry_run });
  for (const line of summary.split("\n").filter(Boolean)) say(line);
  return { deeds, plan, summary, problems };
}

async function tryPruneLedgers(night: Night, github: GitHub, door: Door, problems: string[]): Promise<string[]> {
  try {
    return await pruneLedgers(night, github, door.repository);
  } catch (error) {
    problems.push(`Old day ledgers could not be pruned: ${describeError(error)}`);
    return [];
  }
}

async function tryDigest(night: Night, identity: Identity, door: Door, problems: string[]): Promise<string | null> {
  try {
    return await ensureDigest(night, identity.github, door.repository, identity.logins);
  } catch (error) {
    problems.push(`The weekly digest could not be written: ${describeError(error)}`);
    return null;
  }
}

/** The job summary of a night: one line when there was nothing to do, then why what was left was left. Pure. */
export function renderNight(told: {
  night: Pick<Night, "world">;
  plan: NightPlan;
  deeds: readonly NightDeed[];
  /** Days whose ledgers were pruned. */
  ledgers?: readonly string[];
  digest: string | null;
  problems: readonly string[];
  dryRun: boolean;
}): string {
  const { plan, deeds, problems } = told;
  const rows = told.dryRun
    ? plan.operations.map(({ kind, key, reason }) => `would ${kind.replace("_", " ")}: ${key} (${reason})`)
    : deeds
        .filter(({ kind }) => kind !== "failed")
        .map(({ operation, text }) => `${operation.key}: ${text} (${operation.reason})`);
  const [first] = told.ledgers ?? [];
  if (first) rows.push(`day ledgers pruned: ${told.ledgers?.length}, from ${first}`);
  if (told.digest) rows.push(told.digest);
  return [
    `### Baton, night of ${told.night.world.today}`,
    "",
    ...(rows.length === 0 ? ["Nothing to do."] : rows.map((row) => `- ${row}`)),
    ...list("Needs a person", problems),
    ...list(
      "Left",
      plan.left.map(({ what, reason }) => `${what}: ${reason}`),
    ),
    "",
  ].join("\n");
}

function list(title: string, rows: readonly string[]): string[] {
  return rows.length === 0 ? [] : ["", `**${title}**`, "", ...rows.map((row) => `- ${row.replaceAll("\n", " ")}`)];
}
