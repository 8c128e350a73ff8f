import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { openBox } from "../../test/sandbox/support.ts";

/** Milliseconds of the same command with and without walls, and of a call of a file tool. */
export interface Overhead {
  plain: number[];
  walls: number[];
  /** Walls that were raised while the model was thinking. */
  raisedAhead: number[];
  fileCall: number[];
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await act();
  return performance.now() - started;
}

const runPlain = (): Promise<unknown> =>
  new Promise((resolve) => {
    spawn("/bin/bash", ["--noprofile", "--norc", "-c", "true"], { stdio: "ignore" }).once("close", resolve);
  });

/** Measures in turns, so that a busy moment of the machine strikes all alike. */
export async function measureOverhead(samples: number): Promise<Overhead> {
  await using box = await openBox();
  const { sandbox } = box;
  const inside = (): Promise<unknown> => sandbox.exec("true", { timeoutMs: 60_000 });
  await sandbox.files.write({ path: "a.txt", content: "text\n" });
  await inside();
  const found: Overhead = { plain: [], walls: [], raisedAhead: [], fileCall: [] };
  for (let at = 0; at < samples; at += 1) {
    found.plain.push(await timed(runPlain));
    found.walls.push(await timed(inside));
    sandbox.warm();
    await sleep(60);
    found.raisedAhead.push(await timed(inside));
    found.fileCall.push(await timed(() => sandbox.files.read({ path: "a.txt" })));
  }
  return found;
}
