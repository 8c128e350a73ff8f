import { expect, test } from "vitest";
import { playStorm } from "../../bench/app/storm.ts";

test("sixty shuffled deliveries of six commands, with the App killed twice, start six runs", async () => {
  const { effective, lost, double, doubleComments } = await playStorm({
    commands: 6,
    deliveries: 60,
    kills: 2,
    seed: 7,
  });
  expect({ effective, lost, double, doubleComments }).toEqual({ effective: 6, lost: 0, double: 0, doubleComments: 0 });
});
