import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { createGrowthWatch } from "../../src/sandbox/growth.ts";
import { defaultLimits } from "../../src/sandbox/limits.ts";

test("a folder that could not be asked at first is watched all the same", async () => {
  const parent = mkdtempSync(join(tmpdir(), "growth-"));
  const dir = join(parent, "late");
  const tooMuch = Promise.withResolvers<string>();
  const limits = { ...defaultLimits, growthBytes: 8 * 1024 ** 2, freeBytes: 0 };
  const watch = createGrowthWatch([dir], limits)(() => tooMuch.resolve("too much"));
  try {
    await sleep(300);
    mkdirSync(dir);
    await sleep(500);
    const grow = async (): Promise<string> => {
      for (let mb = 0; mb < 200; mb += 1) {
        appendFileSync(join(dir, "file"), Buffer.alloc(1024 ** 2, mb));
        await sleep(50);
      }
      return "never noticed";
    };
    expect(await Promise.race([tooMuch.promise, grow()])).toBe("too much");
  } finally {
    watch.stop();
    rmSync(parent, { recursive: true, force: true });
  }
});
