import { type MicroUsd, type RunLimits, toMicroUsd } from "../domain/limits.ts";
import type { Policy } from "../domain/policy.ts";

/** What somebody asked for in an input, a flag or a command; null or absent means: as the policy says. */
export interface AskedLimits {
  from: string;
  turns?: number | null;
  usdMicro?: MicroUsd | null;
  ms?: number | null;
}

/** What is left of the caps that outlive a run; absent means not known here (the day's rest is then asked of its ledger). */
export interface Remainders {
  sessionUsdMicro?: MicroUsd;
  sessionRuns?: number;
  dayUsdMicro?: MicroUsd;
}

/** The limits of one run, or the cap that leaves nothing to run with. `notes` say in a sentence each what was lowered or refused. */
export type LoweredLimits =
  | { kind: "limits"; limits: RunLimits; notes: string[] }
  | { kind: "exhausted"; reason: string };

/** The smallest of what policy, wishes and remainders allow: a wish above the policy is not granted, and said. */
export function lowerLimits(policy: Policy, asked: readonly AskedLimits[], left: Remainders = {}): LoweredLimits {
  const { run, session, day } = policy.limits;
  if (left.sessionRuns !== undefined && left.sessionRuns <= 0) {
    return { kind: "exhausted", reason: `the session has used its ${session.runs} runs` };
  }
  const notes: string[] = [];
  const nothing = asked.map(findNothing).find((reason) => reason !== null);
  if (nothing) return { kind: "exhausted", reason: nothing };
  const turns = lowest(run.turns, "turns", String, asked, (wish) => wish.turns, notes);
  const ms = lowest(Math.floor(run.minutes * 60_000), "minutes", minutes, asked, (wish) => wish.ms, notes);
  const wished = lowest(toMicroUsd(run.usd), "of budget", dollars, asked, (wish) => wish.usdMicro, notes);
  const sessionLeft = left.sessionUsdMicro ?? toMicroUsd(session.usd);
  const dayLeft = left.dayUsdMicro ?? toMicroUsd(day.usd);
  if (sessionLeft <= 0)
    return { kind: "exhausted", reason: `the session has used its ${dollars(toMicroUsd(session.usd))}` };
  if (dayLeft <= 0)
    return { kind: "exhausted", reason: `today's ${dollars(toMicroUsd(day.usd))} of this repository are used up` };
  const usd = Math.min(wished, sessionLeft, dayLeft);
  if (usd === sessionLeft && usd < wished) notes.push(`The session has ${dollars(sessionLeft)} left.`);
  else if (usd === dayLeft && usd < wished) notes.push(`This repository has ${dollars(dayLeft)} left today.`);
  return { kind: "limits", limits: { turns, usd_micro: usd, ms }, notes };
}

/** A wish that is no whole number from one turn, millisecond or micro-USD on: to pass it over would grant all that the policy allows. */
function findNothing({ from, turns, usdMicro, ms }: AskedLimits): string | null {
  for (const [unit, wanted] of Object.entries({ turns, "USD of budget": usdMicro, minutes: ms }))
    if (typeof wanted === "number" && !(Number.isSafeInteger(wanted) && wanted >= 1))
      return `${from} asks for ${wanted} ${unit}, with which nothing can be done`;
  return null;
}

function lowest(
  cap: number,
  unit: string,
  show: (value: number) => string,
  asked: readonly AskedLimits[],
  pick: (wish: AskedLimits) => number | null | undefined,
  notes: string[],
): number {
  let value = cap;
  for (const wish of asked) {
    const wanted = pick(wish);
    if (wanted === null || wanted === undefined) continue;
    if (wanted > cap) notes.push(`${wish.from} asks for ${show(wanted)} ${unit}; the policy allows ${show(cap)}.`);
    else value = Math.min(value, wanted);
  }
  return value;
}

function minutes(ms: number): string {
  return String(Math.round(ms / 600) / 100);
}

function dollars(micro: number): string {
  return `${(micro / 1_000_000).toFixed(2)} USD`;
}
