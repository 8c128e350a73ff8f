import { expect, test } from "vitest";
import { runSchedule } from "./simulation.ts";

const from = Number(process.env.BATON_SEED ?? 1);
const count = Number(process.env.BATON_SCHEDULES ?? (process.env.BATON_SEED ? 1 : 300));

test(`${count} seeded schedules of crashes, torn writes and crashes while recovering lose nothing that was acknowledged`, async () => {
  let crashes = 0;
  for (let seed = from; seed < from + count; seed += 1) crashes += await runSchedule(seed);
  expect(crashes).toBeGreaterThan(count === 1 ? -1 : count / 2);
}, 600_000);
