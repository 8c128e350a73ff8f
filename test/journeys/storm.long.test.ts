import { expect, test } from "vitest";
import { playStorm } from "../../bench/app/storm.ts";

test("forty shuffled deliveries of four commands, with the App killed amid them, start four runs", async () => {
  const { effective, lost, double, doubleComments } = await playStorm({
    commands: 4,
    deliveries: 40,
    kills: 1,
    seed: 7,
  });
  expect({ effective, lost, double, doubleComments }).toEqual({ effective: 4, lost: 0, double: 0, doubleComments: 0 });
});
