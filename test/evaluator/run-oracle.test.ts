import { expect, test } from "vitest";
import type { EvaluatorWorld, RoomExec } from "../../src/evaluator/room.ts";
import { type MachineOracle, runOracle } from "../../src/evaluator/run-oracle.ts";

const oracle: MachineOracle = { type: "command", run: "check", expect: { exit: 0 }, timeout_s: 10 };
const failed = (output: string): Partial<RoomExec> => ({ exit: 1, whole: output });
const passed: Partial<RoomExec> = { exit: 0, whole: "ok" };

/** A world whose rooms answer one after the other, the last for ever. */
function worldOf(...answers: readonly Partial<RoomExec>[]): EvaluatorWorld {
  let at = 0;
  const exec = async (): Promise<RoomExec> => ({
    ...{ exit: 0, signal: null, timedOut: false, durationMs: 1, whole: "", head: "", tail: "" },
    ...answers[Math.min(at++, answers.length - 1)],
  });
  const room = { workDir: "/work", sandbox: { exec }, close: async () => {} };
  return { openRoom: async () => room, redact: (text: string) => text } as unknown as EvaluatorWorld;
}

test.each<[string, readonly Partial<RoomExec>[], string, (number | null)[]]>([
  ["a pass is not repeated", [passed], "pass", [0]],
  ["two failures that say the same are enough", [failed("1 of 2 failed")], "fail", [1, 1]],
  ["counts and times may differ", [failed("in 12 ms"), failed("in 7 ms")], "fail", [1, 1]],
  [
    "failures that differ are looked at a third time",
    [failed("red"), failed("blue"), failed("green")],
    "fail",
    [1, 1, 1],
  ],
  ["another exit code is another failure", [failed("red"), { exit: 2, whole: "red" }, passed], "flaky", [1, 2, 0]],
  ["a failure and a pass are flaky", [failed("red"), passed], "flaky", [1, 0]],
  ["a missing program will not be there the second time", [{ exit: 127 }], "error", [127]],
  ["a timeout is not waited for again", [{ exit: null, timedOut: true }], "fail", [null]],
])("%s", async (_, answers, outcome, attempts) => {
  expect(await runOracle(worldOf(...answers), oracle, "tree")).toMatchObject({ outcome, attempts });
});

test("where it is asked for, a failure is repeated that often whatever it says", async () => {
  expect(await runOracle(worldOf(failed("red")), oracle, "tree", 3)).toMatchObject({ attempts: [1, 1, 1] });
});
