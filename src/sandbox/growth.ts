import { spawn } from "node:child_process";
import { statfs } from "node:fs/promises";
import { findProgram } from "./host.ts";
import type { SandboxLimits } from "./limits.ts";

/** Bytes that directories take on disk together; symbolic links are not followed, other file systems not entered. */
export function measureBytes(dirs: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(findProgram("du") ?? "du", ["-skxP", "--", ...dirs], {
      env: {},
      stdio: ["ignore", "pipe", "ignore"],
    });
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    child.once("error", () => resolve(0));
    child.once("close", () =>
      resolve([...text.matchAll(/^(\d+)\t/gm)].reduce((sum, found) => sum + Number(found[1]) * 1024, 0)),
    );
  });
}

/** Watches the disk while a command runs. */
export interface GrowthWatch {
  stop(): void;
}

const everyMs = 200;
/** A command may take this part of the free inodes. */
const inodeShare = 0.5;

/**
 * Calls `onTooMuch` when the watched directories have grown by more than allowed, or the disk runs short. Free space is
 * asked often, because that is cheap; the directories are measured only when it has shrunk enough to matter.
 */
export function watchGrowth(
  dirs: readonly string[],
  limits: SandboxLimits,
  baseline: () => Promise<number>,
  onTooMuch: () => void,
): GrowthWatch {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const first = Promise.all(dirs.map((dir) => statfs(dir)));
  const look = async (): Promise<void> => {
    void baseline();
    const [before, now] = await Promise.all([first, Promise.all(dirs.map((dir) => statfs(dir)))]);
    if (stopped) return;
    const shrunk = now.some((stat, index) => (before[index]!.bavail - stat.bavail) * stat.bsize > limits.growthBytes);
    const short = now.some((stat, index) => {
      const was = before[index]!;
      return stat.bavail * stat.bsize < limits.freeBytes && stat.bavail < was.bavail;
    });
    const inodes = now.some(
      (stat, index) => before[index]!.ffree > 0 && stat.ffree < before[index]!.ffree * inodeShare,
    );
    if (short || inodes) return onTooMuch();
    if (shrunk && (await measureBytes(dirs)) - (await baseline()) > limits.growthBytes && !stopped) return onTooMuch();
    timer = setTimeout(tick, everyMs);
  };
  const tick = (): void => {
    look().catch(() => {
      if (!stopped) timer = setTimeout(tick, everyMs);
    });
  };
  timer = setTimeout(tick, everyMs);
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
