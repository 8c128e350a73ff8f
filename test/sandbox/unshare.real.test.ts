import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commandEnv } from "../../src/sandbox/parts.ts";
import { probeWalls, runProbes } from "../../src/sandbox/probe.ts";
import { listWalls } from "../../src/sandbox/walls.ts";
import { forgery } from "./forge.ts";
import { outliveBaton, processesWith } from "./outlive.ts";
import { type Box, openBox } from "./support.ts";

const bubblewrap = listWalls().find(({ kind }) => kind === "bubblewrap");
const walls = listWalls().find(({ kind }) => kind === "unshare");
const broken = bubblewrap && { ...bubblewrap, prefix: ["/bin/false"] };

// The whole of this folder holds for these walls too: BATON_TEST_WALLS=unshare npx vitest run test/sandbox
describe.skipIf(!walls)("walls made by util-linux, where bubblewrap is missing", () => {
  let box: Box;
  beforeAll(async () => {
    box = await openBox({ walls: walls! });
  });
  afterAll(async () => {
    await box[Symbol.asyncDispose]();
  });

  test("every probe of bubblewrap's walls holds for them, and one that is taken away turns red", async () => {
    expect(await runProbes(walls!)).toEqual([]);
    expect(await runProbes(walls!, (options) => options.filter(({ flag }) => flag !== "--unshare-net"))).toEqual([
      "no network",
    ]);
  });

  test.skipIf(!broken)(
    "they are the second rung: taken when bubblewrap fails, and the report says which stand",
    async () => {
      expect(await probeWalls({ allowDegraded: false, ladder: [broken!, walls!] })).toMatchObject({
        kind: "unshare",
        description: expect.stringMatching(/^unshare/),
        weaker: expect.arrayContaining([expect.stringContaining("util-linux")]),
      });
      for (const allowDegraded of [false, true])
        await expect(
          probeWalls({ allowDegraded, ladder: [broken!, { ...walls!, prefix: ["/bin/false"] }] }),
        ).rejects.toThrow(
          /bubblewrap does not work here: the walls did not stand: .+; made by util-linux: the walls did not stand: /,
        );
      await expect(probeWalls({ allowDegraded: true, ladder: [] })).rejects.toThrow(/bubblewrap is not installed/);
    },
  );

  test("a command has the allow-list of names, its exit code and its signals as under bubblewrap", async () => {
    const names = (await box.sh("env | cut -d= -f1 | sort")).trim().split("\n");
    expect(names.filter((name) => !["PWD", "SHLVL", "_"].includes(name))).toEqual(
      Object.keys(commandEnv("", false)).sort(),
    );
    const run = async (command: string) => (await box.sandbox.exec(command, { timeoutMs: 60_000 })).exit;
    expect([await run("exit 7"), await run("kill -9 $$"), await run("trap 'exit 9' INT; kill -INT $$")]).toEqual([
      7, 137, 9,
    ]);
  });

  test("nobody inside can look into the first process or say another exit code in its name", async () => {
    const result = await box.sandbox.exec(`${forgery}; exit 5`, { timeoutMs: 60_000 });
    expect(result).toMatchObject({ whole: "", exit: 5 });
  });

  test("nothing survives a command, nor Baton", { timeout: 180_000 }, async () => {
    const mark = `baton-mark-${randomBytes(6).toString("hex")}`;
    await box.sandbox.exec(`( ( env -i setsid bash -c 'exec -a ${mark} sleep 600' & ) & ); sleep 0.2`, {
      timeoutMs: 60_000,
    });
    expect(processesWith(mark)).toEqual([]);
    process.env.BATON_TEST_WALLS = "unshare";
    try {
      expect(await outliveBaton(`baton-mark-${randomBytes(6).toString("hex")}`)).toEqual([]);
    } finally {
      delete process.env.BATON_TEST_WALLS;
    }
  });
});
