import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { findProgram } from "./host.ts";

/** Removes a directory of the model's, also one whose modes it closed against its owner. Nothing is followed. */
export async function removeTree(dir: string): Promise<void> {
  try {
    await rm(dir, { recursive: true, force: true });
  } catch {
    await new Promise<void>((resolve) => {
      // -R neither follows links nor changes what they lead to
      const child = spawn(findProgram("chmod") ?? "chmod", ["-R", "u+rwX", "--", dir], { env: {}, stdio: "ignore" });
      child.once("error", () => resolve());
      child.once("exit", () => resolve());
    });
    await rm(dir, { recursive: true, force: true, maxRetries: 3 });
  }
}
