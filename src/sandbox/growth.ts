import { spawn } from "node:child_process";
import type { StatsFs } from "node:fs";
import { statfs } from "node:fs/promises";
import { findProgram } from "./host.ts";
import type { SandboxLimits } from "./limits.ts";

/** Bytes that directories take on disk together; symbolic links are not followed, other file systems not entered. */
function measureBytes(dirs: readonly string[]): Promise<number> {
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
/** The directories are measured for the first time when this part of what they may grow by is gone from the disk: most commands write next to nothing. */
const firstMeasureShare = 1 / 16;

/**
 * For the directories of one sandbox: a watch calls `onTooMuch` when they have grown by more than allowed, or the disk runs
 * short. Free space is asked often, because that is cheap; they are measured only when it has shrunk enough to matter.
 */
export function createGrowthWatch(
  dirs: readonly string[],
  limits: SandboxLimits,
): (onTooMuch: () => void) => GrowthWatch {
  const ask = (): Promise<StatsFs[]> => Promise.all(dirs.map((dir) => statfs(dir)));
  let atFirst: StatsFs[] | null = null;
  let baseline: Promise<number> | null = null;

  return (onTooMuch) => {
    let stopped = false;
    let timer: NodeJS.Timeout | undefined;
    let first: StatsFs[] | null = null;
    const remember = (stats: StatsFs[]): void => {
      first ??= stats;
      atFirst ??= stats;
    };
    // One that fails is made up for by the next.
    ask().then(remember, () => {});
    const look = async (): Promise<void> => {
      const now = await ask();
      if (stopped) return;
      remember(now);
      const [early, before] = [atFirst!, first!];
      if (shrunkBy(early, now) > limits.growthBytes * firstMeasureShare) baseline ??= measureBytes(dirs);
      const short = now.some(
        (stat, index) => stat.bavail * stat.bsize < limits.freeBytes && stat.bavail < before[index]!.bavail,
      );
      const inodes = now.some(
        (stat, index) => before[index]!.ffree > 0 && stat.ffree < before[index]!.ffree * inodeShare,
      );
      if (short || inodes) return onTooMuch();
      if (shrunkBy(before, now) > limits.growthBytes) {
        baseline ??= measureBytes(dirs);
        const was = await baseline;
        if ((await measureBytes(dirs)) - was > limits.growthBytes && !stopped) return onTooMuch();
      }
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
  };
}

/** Bytes that are gone from the file system that lost most. */
function shrunkBy(before: readonly StatsFs[], now: readonly StatsFs[]): number {
  return Math.max(...now.map((stat, index) => (before[index]!.bavail - stat.bavail) * stat.bsize));
}
