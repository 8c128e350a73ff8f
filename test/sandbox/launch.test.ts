import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { launch } from "../../src/sandbox/launch.ts";
import { defaultLimits } from "../../src/sandbox/limits.ts";
import { isRunning } from "./outlive.ts";

test("walls that are killed before they have said who is first inside leave nobody waiting", async () => {
  const scratchDir = mkdtempSync(join(tmpdir(), "baton-launch-"));
  const mark = `baton-mark-${randomBytes(6).toString("hex")}`;
  const slow = `( exec -a ${mark} sleep 60 ) & sleep 1; echo '{"child-pid": '$!'}' >&3; wait`;
  const started = launch({
    prefix: ["/bin/bash", "--noprofile", "--norc", "-c", slow],
    plan: "",
    filterFile: "/dev/null",
    limits: defaultLimits,
    tasksBefore: 10_000,
    joinFiles: [],
    program: [],
    scratchDir,
    name: "slow",
    stdio: ["ignore", "pipe", "pipe"],
  });
  while (!isRunning(mark)) await new Promise((resolve) => setTimeout(resolve, 20));
  started.kill();
  await started.dead;
  expect(started.exitCode()).toBeNull();
  expect(isRunning(mark)).toBe(false);
  rmSync(scratchDir, { recursive: true, force: true });
});
