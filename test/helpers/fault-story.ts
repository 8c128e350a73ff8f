import { execFileSync } from "node:child_process";
import type { Answer } from "../../src/local/model/script.ts";
import type { Step } from "../../src/local/model/script-helpers.ts";
import type { Journey } from "./journey.ts";
import { collapseSpaces, finish, foldAccents } from "./slug-story.ts";

/** A step before whose answer something happens in the world, as it may at any moment of a run. */
export function during(act: (journey: Journey) => unknown, step: Answer, world: { journey?: Journey }): Step {
  return async () => {
    await act(world.journey!);
    return step;
  };
}

/** The honest worker, with something that happens amid its work on the second criterion. */
export function workerWith(act: (journey: Journey) => unknown, world: { journey?: Journey }): Step[] {
  const look = { toolCalls: [{ name: "bash", input: { command: "node test/slug.js" } }] };
  return [foldAccents, finish(["C1"]), during(act, look, world), collapseSpaces, finish(["C2"])];
}

/** Git in the bare repository of the world. */
export function gitIn({ world }: Journey, ...args: string[]): string {
  return execFileSync("git", ["--git-dir", world.repo.gitDir, ...args], { encoding: "utf8" });
}

/** Number of the run of the session that is under way. */
export function activeRun({ world }: Journey): number {
  return world.runner.active().at(-1)!;
}
