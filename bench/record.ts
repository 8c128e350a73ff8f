import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isCaught, mutate, readAll, write } from "../test/session/mutations.ts";
import { countFailpoints, killAt, type ReferenceWorld } from "../test/session/reference-session.ts";
import { runSchedule } from "../test/session/simulation.ts";
import { createRandom } from "../test/session/torn-files.ts";
import { makeFigure, type Part } from "./kit/figure.ts";
import { createRemote } from "./session.ts";

/** The record of a session under kills, power losses and damage, without runner and model. */
export const part: Part = {
  name: "record",
  summary: "kills at every failpoint, seeded power losses, mutations of the journal (R1, R2, R10)",
  budget: 180,
  async play({ full, say }) {
    const root = mkdtempSync(join(tmpdir(), "baton-bench-"));
    try {
      const kills = await playKills(root, say);
      const schedules = await playSchedules(full ? 1_000_000 : 20_000, say);
      const mutations = await playMutations(root, full ? 132_000 : 100_000);
      const count = (id: string, value: number, n: number) =>
        makeFigure({ id, values: value, unit: "cases", goal: "=0", n });
      return {
        figures: [
          count("R1.kills_not_whole", kills.notes.length, kills.count),
          count("R2.violations", schedules.notes.length, schedules.count),
          count("R10.silent_mutations", mutations.notes.length, mutations.count),
        ],
        notes: [...kills.notes, ...schedules.notes, ...mutations.notes].slice(0, 20),
      };
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  },
};

interface Played {
  count: number;
  /** What did not hold, one line per case. */
  notes: string[];
}

/** The reference session, killed at each point and each time it is passed, and finished by a second runner. */
async function playKills(root: string, say: (line: string) => void): Promise<Played> {
  const createWorld = (): ReferenceWorld => {
    const dir = () => mkdtempSync(join(root, "world-"));
    return { remote: createRemote(dir(), 2), billed: 0, dir };
  };
  const whole = await countFailpoints(createWorld());
  const all = [...whole.counts].flatMap(([name, times]) =>
    Array.from({ length: times }, (_, at) => ({ name, at: at + 1 })),
  );
  const notes: string[] = [];
  for (const [at, kill] of all.entries()) {
    notes.push(...(await killAt(createWorld(), kill, whole)));
    if (at % 50 === 49) say(`record: ${at + 1} of ${all.length} kills at failpoints`);
  }
  return { count: all.length, notes };
}

async function playSchedules(count: number, say: (line: string) => void): Promise<Played> {
  const notes: string[] = [];
  for (let seed = 1; seed <= count; seed += 1) {
    await runSchedule(seed).catch((error: Error) => notes.push(`BATON_SEED=${seed}: ${error.message}`));
    if (seed % 5_000 === 0) say(`record: ${seed} of ${count} schedules`);
  }
  return { count, notes };
}

async function playMutations(root: string, count: number): Promise<Played> {
  const dir = mkdtempSync(join(root, "journal-"));
  await write(dir, 8);
  const bytes = await readFile(join(dir, "journal/000001.jsonl"));
  const truth = (await readAll(bytes)).text;
  const random = createRandom(7);
  const notes: string[] = [];
  for (let round = 0; round < count; round += 1) {
    const { mutated, what } = mutate(bytes, random);
    if (!(await isCaught(mutated, truth))) notes.push(what);
  }
  return { count, notes };
}
