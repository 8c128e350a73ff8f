import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isReachable, Stage } from "../../src/sandbox/reach.ts";
import { openBox, skipWalls } from "./support.ts";

const skip = skipWalls || process.getuid?.() !== 0;

/** Mount namespaces that this process holds by a descriptor. */
const heldNamespaces = (): string[] =>
  readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.startsWith("mnt:") ? [target] : [];
    } catch {
      return [];
    }
  });

const mounts = (): string[] => readFileSync("/proc/self/mountinfo", "utf8").split("\n");

describe.skipIf(skip)("Baton as root below a folder that is closed to all others", () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "baton-reach-"));
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  test("shows its folders in one mount namespace for all commands, which ends with the sandbox", async () => {
    const held = heldNamespaces().length;
    const before = mounts();
    {
      await using box = await openBox();
      expect(isReachable(box.workDir)).toBe(false);
      expect(heldNamespaces()).toHaveLength(held + 1);
      expect(await box.sh("echo one > a; id -u; cat a")).toBe("65534\none\n");
      expect(await box.sh("cat a; ls -A")).toBe("one\na\n");
      // What Baton writes between two commands is there for the next.
      writeFileSync(join(box.workDir, "b"), "two\n");
      expect(await box.sh("cat b; ls /proc/self/fd | sort -n | tail -1")).toMatch(/^two\n[0-4]\n$/);
      expect(mounts().filter((line) => line.includes("/stage/"))).toEqual(before.filter((l) => l.includes("/stage/")));
    }
    expect(heldNamespaces()).toHaveLength(held);
  });

  test("says so when a folder cannot be shown, and starts nothing", async () => {
    const stage = new Stage(mkdtempSync(join(dir, "one-")));
    const closed = join(dir, "closed");
    mkdirSync(closed);
    chmodSync(closed, 0o700);
    expect(stage.at(join(closed, "..", "closed"))).toContain("/stage/0");
    rmSync(closed, { recursive: true });
    await expect(stage.open()).rejects.toMatchObject({ name: "SandboxError" });
    expect(stage.prefix()).toEqual([]);
  });

  test("needs no namespace for what everybody can come to", async () => {
    const stage = new Stage(mkdtempSync(join(dir, "two-")));
    expect(stage.at("/usr/bin")).toBe("/usr/bin");
    await stage.open();
    expect(stage.prefix()).toEqual([]);
  });
});
