import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { findProgram } from "./host.ts";

/**
 * Removes a directory of the model's, also one whose modes it closed against its owner, or whose paths are longer than any
 * program may name. Nothing is followed. What cannot be removed stays: no run ends for it.
 */
export async function removeTree(dir: string): Promise<void> {
  try {
    await rm(dir, { recursive: true, force: true });
  } catch {
    // -R neither follows links nor changes what they lead to; both programs go down step by step, whatever the depth
    await run("chmod", ["-R", "u+rwX", "--", dir]);
    await run("rm", ["-rf", "--one-file-system", "--", dir]);
  }
}

function run(program: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn(findProgram(program) ?? program, args, { env: {}, stdio: "ignore" });
    child.once("error", () => resolve());
    child.once("exit", () => resolve());
  });
}
