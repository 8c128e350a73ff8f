import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { defaultPolicy } from "../../src/domain/policy.ts";
import { createLayers } from "../../src/run/layers.ts";
import type { SetUp } from "../../src/run/workshop.ts";
import type { RunWorld } from "../../src/run/world.ts";
import { readWalls } from "../../src/sandbox/walls.ts";
import { createRemote, createStore, temporaryDir } from "../git/helpers.ts";
import { skipWalls } from "../sandbox/support.ts";

/** Base whose set-up copies a tool of the repository into the layer, as a build step would. */
const files = { "package.json": '{"v":1}\n', "tool.js": "honest\n", ".gitignore": "built\n" };
const setUp = "if grep -q needs package.json; then cat extra.txt > built; else cat tool.js package.json > built; fi";

async function openLayers() {
  const remote = createRemote(files);
  const store = await createStore(remote);
  const told: (SetUp & { because: string })[] = [];
  const world = {
    ...{ dir: temporaryDir(), policy: { ...defaultPolicy, setup: [setUp], network: [] }, registries: {} },
    ...{ hostEnv: { PATH: process.env.PATH }, signal: new AbortController().signal },
  } as unknown as RunWorld;
  const layers = createLayers({ world, store, walls: () => readWalls()!, renewed: async (one) => void told.push(one) });
  await layers.prepare(remote.base);
  const base = await store.treeOf(remote.base);
  const change = async (changes: Record<string, string>): Promise<string> => {
    const blobs = Object.entries(changes).map(async ([path, text]) => ({ path, sha: await store.writeBlob(text) }));
    return await store.graft(base, await Promise.all(blobs));
  };
  const builtFor = async (tree: string): Promise<string> =>
    readFileSync(join((await layers.forTree(tree)).filesDir, "built"), "utf8");
  return { base, change, builtFor, told };
}

describe.skipIf(skipWalls)("the layer under a tree whose manifests the work changed", () => {
  test("is the base's own while manifests are the base's, whatever else the work changes", async () => {
    const { change, builtFor, told } = await openLayers();
    expect(await builtFor(await change({ "tool.js": "poisoned\n" }))).toBe('honest\n{"v":1}\n');
    expect(told).toEqual([]);
  });

  test("is made from the base and the changed manifests alone, once, and told with its reason", async () => {
    const { change, builtFor, told } = await openLayers();
    const poisoned = await change({ "package.json": '{"v":2}\n', "tool.js": "poisoned\n" });
    const honest = await change({ "package.json": '{"v":2}\n' });
    const built = await Promise.all([builtFor(poisoned), builtFor(honest), builtFor(poisoned)]);
    expect(new Set(built)).toEqual(new Set(['honest\n{"v":2}\n']));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ ok: true, because: "the work changes package.json", commands: [{ exit: 0 }] });
  });

  test("is made from the whole tree where the base with those manifests cannot be set up, and the failure is told too", async () => {
    const { change, builtFor, told } = await openLayers();
    const tree = await change({ "package.json": '{"v":3,"needs":"extra"}\n', "extra.txt": "extra\n" });
    expect(await builtFor(tree)).toBe("extra\n");
    expect(told.map(({ ok }) => ok)).toEqual([false, true]);
    expect(told[1]!.because).toContain("the base with them alone could not be set up");
  });
});
