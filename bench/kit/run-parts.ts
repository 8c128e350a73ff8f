import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Found, Machine, Part, PartOptions, PartResult } from "./figure.ts";
import type { Listed } from "./parts.ts";
import { runStep, type Step, type StepEnd, type StepName } from "./run-step.ts";

/** Steps that are played side by side; each waits for processes and disks much of its time. */
const lanes = 2;
/** Seconds after which a step is ended, at least: a busy machine is no reason, a hang is. */
const leastPatience = 3_600;
/** And at so many times the budget of its part. */
const patience = 4;
const usualBudget = 120;

/** Budget of a part, seconds on two quiet cores. */
export const budgetOf = ({ budget = usualBudget }: Part): number => budget;

/**
 * Runs parts, each step as a process of its own: first what is played, two at a time, then what is timed, alone. A part that
 * breaks off says why, and the others go on.
 */
export async function runParts(
  parts: readonly Listed[],
  options: Omit<PartOptions, "say"> & { machine: Machine; say: (line: string) => void; stop: AbortSignal },
  ended: (result: PartResult) => void,
): Promise<PartResult[]> {
  const { machine, ...given } = options;
  const dir = await mkdtemp(join(tmpdir(), "bench-"));
  const ends = new Map<string, StepEnd[]>(parts.map(({ name }) => [name, []]));
  const results = new Map<string, PartResult>();
  const settle = (listed: Listed): void => {
    const result = resultOf(listed, ends.get(listed.name) ?? [], machine);
    results.set(listed.name, result);
    ended(result);
  };
  const play = async ({ name: part }: Listed, name: StepName, limit: number): Promise<void> => {
    const step: Step = { part, name, limit };
    given.say(`${part} begins${name === "run" ? " to measure" : ""}`);
    ends.get(part)?.push(await runStep(step, { ...given, dir }));
  };
  try {
    const waiting = parts.filter((one) => stepsOf(one).includes("play"));
    const lane = async (): Promise<void> => {
      for (let next = waiting.shift(); next && !given.stop.aborted; next = waiting.shift()) {
        await play(next, "play", limitOf(next));
        if (!stepsOf(next).includes("run")) settle(next);
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    for (const one of parts.filter(({ name }) => !results.has(name))) {
      if (given.stop.aborted) break;
      if (stepsOf(one).includes("run")) await play(one, "run", limitOf(one));
      settle(one);
    }
    return parts.flatMap(({ name }) => results.get(name) ?? []);
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 5 }).catch(() => {});
  }
}

function stepsOf(listed: Listed): StepName[] {
  if ("broken" in listed) return [];
  return (["play", "run"] as const).filter((step) => listed.part[step]);
}

function limitOf(listed: Listed): number {
  return "broken" in listed ? 0 : Math.max(leastPatience, patience * budgetOf(listed.part));
}

/** One part's steps as one result. */
function resultOf(listed: Listed, ends: readonly StepEnd[], machine: Machine): PartResult {
  const broken = "broken" in listed ? listed.broken : ends.flatMap((end) => end.broken ?? []).join("\n") || null;
  const all = <K extends keyof Found>(key: K): NonNullable<Found[K]>[number][] =>
    ends.flatMap(({ found }) => (found?.[key] ?? []) as NonNullable<Found[K]>[number][]);
  return {
    ...{ bench: listed.name, machine, figures: all("figures"), notes: all("notes"), charts: all("charts") },
    seconds: Math.round(ends.reduce((sum, { seconds }) => sum + seconds, 0)),
    budget: "broken" in listed ? 0 : budgetOf(listed.part),
    broken,
  };
}
