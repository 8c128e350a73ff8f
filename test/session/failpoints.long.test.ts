import { expect, test } from "vitest";
import { listFailpoints } from "../../src/session/failpoints.ts";
import { createRemote, temporaryDir } from "../git/helpers.ts";
import { countFailpoints, killAt, playReference, type ReferenceWorld } from "./reference-session.ts";

const createWorld = (): ReferenceWorld => ({ remote: createRemote(), billed: 0, dir: temporaryDir });

/** At which of its occurrences a point kills: every one, or with BATON_FULL=1 the first, one between and the last, or one. */
function occurrencesOf(count: number): number[] {
  const between = 1 + ((count * 7) >> 4);
  if (process.env.BATON_ALL_FAILPOINTS) return Array.from({ length: count }, (_, at) => at + 1);
  return process.env.BATON_FULL === "1" ? [...new Set([1, between, count])] : [between];
}

test("every failpoint is hit by the reference session, and the list is generated from the doors", async () => {
  const hit = new Set<string>();
  const world = createWorld();
  for (const epoch of [1, 2]) await playReference(world, epoch, (name) => void hit.add(name));
  const points = listFailpoints();
  expect(points.length).toBeGreaterThan(25);
  expect([...hit].filter((name) => !points.includes(name))).toEqual([]);
  // Truncating belongs to a torn tail, which the simulation makes.
  const missed = points.filter((name) => !hit.has(name) && !name.startsWith("files.truncate."));
  expect(missed).toEqual([]);
});

test("a run killed at a failpoint is finished by the next: same tree, one branch, nothing billed that is not counted", async () => {
  const whole = await countFailpoints(createWorld());
  const chosen = [...whole.counts].flatMap(([name, count]) => occurrencesOf(count).map((at) => ({ name, at })));
  for (const kill of chosen) expect(await killAt(createWorld(), kill, whole)).toEqual([]);
}, 1_200_000);
