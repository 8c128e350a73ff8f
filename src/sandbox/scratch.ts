import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const made = new Set<string>();

/**
 * A new folder for what a run needs only while it lasts. Whoever asks for it removes it; when this process ends before that,
 * as after a second Ctrl-C, it goes with it.
 */
export function makeScratch(prefix: string, base: string = tmpdir()): string {
  const dir = mkdtempSync(join(base, prefix));
  if (made.size === 0) process.once("exit", removeMade);
  made.add(dir);
  return dir;
}

function removeMade(): void {
  for (const dir of made) {
    try {
      // What still runs inside dies with this process, and may write until then.
      rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    } catch {
      // what cannot be removed stays
    }
  }
}
