import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { launch } from "../../src/sandbox/launch.ts";
import { defaultLimits } from "../../src/sandbox/limits.ts";
import { isRunning } from "./outlive.ts";

const start = (scratchDir: string, script: string) =>
  launch({
    prefix: ["/bin/bash", "--noprofile", "--norc", "-c", script],
    plan: "",
    filterFile: "/dev/null",
    limits: defaultLimits,
    tasksBefore: 10_000,
    joinFiles: [],
    program: [],
    scratchDir,
    name: "one",
    stdio: ["ignore", "pipe", "pipe"],
  });

test("an exit code that is read long after the exit is read all the same", async () => {
  const scratchDir = mkdtempSync(join(tmpdir(), "baton-launch-"));
  const started = start(scratchDir, `( sleep 0.6; echo '{"exit-code": 3}' >&3 ) & exit 3`);
  await started.dead;
  expect(started.exitCode()).toBe(3);
  rmSync(scratchDir, { recursive: true, force: true });
});

test("walls that are killed before they have said who is first inside leave nobody waiting", async () => {
  const scratchDir = mkdtempSync(join(tmpdir(), "baton-launch-"));
  const mark = `baton-mark-${randomBytes(6).toString("hex")}`;
  const slow = `( exec -a ${mark} sleep 60 ) & sleep 1; echo '{"child-pid": '$!'}' >&3; wait`;
  const started = start(scratchDir, slow);
  while (!isRunning(mark)) await new Promise((resolve) => setTimeout(resolve, 20));
  started.kill();
  await started.dead;
  expect(started.exitCode()).toBeNull();
  expect(isRunning(mark)).toBe(false);
  rmSync(scratchDir, { recursive: true, force: true });
});
