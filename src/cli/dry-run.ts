import { renderUsd } from "../domain/limits.ts";
import { findPrice } from "../loop/prices.ts";
import { guessSetup } from "../policy/guess-setup.ts";
import type { RunResult } from "../run/finish.ts";
import { summarise } from "../run/summary.ts";
import type { RunWorld } from "../run/world.ts";
import { readGit, type WorkPlace } from "./local-place.ts";

/** What a dry run found, for people and for machines: with what a run would work. It leaves no file, so none is named. */
export async function describeDryRun(
  result: RunResult,
  world: RunWorld,
  place: WorkPlace,
): Promise<{ text: string; summary: Record<string, unknown> }> {
  const { policy, limits, models } = world;
  const unpriced = [...new Set(Object.values(models))].filter(
    (model) => findPrice(model, world.now(), policy.prices).unknown,
  );
  const rows: [string, string][] = [
    ["Base", `${place.branch} at ${place.head.slice(0, 12)}`],
    ["Policy", world.policySource],
    ["Set-up", await describeSetup(world, place)],
    ["Oracles", policy.oracles.join("; ") || "those of the contract alone; the policy names none"],
    [
      "Models",
      Object.entries(models)
        .map(([role, model]) => `${role}: ${model}`)
        .join(", "),
    ],
    ["Caps", `${limits.turns} turns, ${renderUsd(limits.usd_micro)}, ${Math.round(limits.ms / 600) / 100} minutes`],
    ...unpriced.map((model): [string, string] => ["Note", `no price of ${model} is known: the dearest one is counted`]),
  ];
  const isFine = result.stop === "skipped";
  const head = isFine
    ? "dry run: nothing stands in the way; nothing was asked, started or written."
    : `dry run: a run would end as ${result.stop}.\n  ${result.text}`;
  const text = ["", head, ...rows.map(([name, value]) => `${`${name}:`.padEnd(9)}${value}`), ""].join("\n");
  return { text, summary: { ...summarise(result), dry_run: Object.fromEntries(rows) } };
}

async function describeSetup({ policy }: RunWorld, place: WorkPlace): Promise<string> {
  if (policy.setup) return policy.setup.join("; ") || "nothing to do, as the policy says";
  const names = await readGit(place.root, "ls-tree", "-z", "--name-only", "HEAD");
  const { commands, because } = guessSetup(names.split("\0"));
  return commands.length > 0 ? `${commands.join("; ")} (guessed from ${because.join(", ")})` : "nothing to do";
}
