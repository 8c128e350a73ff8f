import { join } from "node:path";
import { ConfigError } from "../domain/errors.ts";
import type { GitStore } from "../git/store.ts";
import { guessSetup } from "../policy/guess-setup.ts";
import { isEcosystem } from "../sandbox/allow-list.ts";
import { type Layer, type PreparedLayer, prepareLayer, type SetupCommand } from "../sandbox/layer.ts";
import { listLeft } from "../sandbox/layer-files.ts";
import { decideLayerFit, planRenewal } from "../sandbox/manifests.ts";
import type { Walls } from "../sandbox/walls.ts";
import { readCaFile } from "./registries.ts";
import { startPath } from "./start-in.ts";
import type { SetUp } from "./workshop.ts";
import type { RunWorld } from "./world.ts";

interface LayerParts {
  world: RunWorld;
  store: GitStore;
  walls: () => Walls;
  /** Told whenever a changed manifest made another layer necessary. */
  renewed: (setUp: SetUp & { because: string }) => Promise<void>;
}

/** The pristine layers of a run: the base's, and one for each set of changed manifests. */
export function createLayers({ world, store, walls, renewed: tell }: LayerParts) {
  const made = new Map<string, Promise<PreparedLayer>>();
  const left = new Set<string>();
  let count = 0;
  let base: { tree: string; layer: Layer; commands: readonly string[]; network: readonly string[] } | null = null;
  const run = async (
    tree: string,
    commands: Parameters<typeof prepareLayer>[0]["commands"],
    network: readonly string[],
    from?: Layer,
  ) => {
    const files = await store.listTree(tree);
    const prepared = await prepareLayer({
      walls: walls(),
      dir: join(world.dir, "layers", String(++count)),
      checkout: (dir) => store.checkout(tree, dir),
      commands,
      network,
      registries: world.registries,
      caFile: readCaFile(world.hostEnv),
      mask: world.mask,
      tracked: new Set(files.map(({ path }) => path)),
      cwd: startPath(world.workingDirectory ?? ""),
      from,
      path: world.hostEnv.PATH,
      signal: world.signal,
    });
    // A command that our own cancel cut short says nothing about the tree.
    world.signal.throwIfAborted();
    for (const line of listLeft(prepared.layer.filesDir)) left.add(line);
    return prepared;
  };
  /** A playbook's own commands come on top of the set-up; of its network only package registries are theirs. */
  const prepareChore = async (tree: string, first: PreparedLayer, network: readonly string[]) => {
    const commands = world.chore?.prepare ?? [];
    if (commands.length === 0) return first;
    const second = await run(tree, commands, network.filter(isEcosystem), first.layer);
    return {
      ...second,
      commands: [...first.commands, ...second.commands],
      blockedHosts: [...first.blockedHosts, ...second.blockedHosts],
    };
  };
  const withManifests = async (baseTree: string, tree: string, paths: readonly string[]): Promise<string> => {
    const files = new Map((await store.listTree(tree)).map((file) => [file.path, file]));
    const changes = paths.map((path) => ({ path, sha: files.get(path)?.sha ?? null, mode: files.get(path)?.mode }));
    return await store.graft(baseTree, changes);
  };
  /** One layer for one tree, however many rooms ask for it at the same time. */
  const renew = (tree: string, because: string): Promise<PreparedLayer> => {
    const make = async (): Promise<PreparedLayer> => {
      const from = base!;
      const prepared = await run(tree, planRenewal(from.commands), from.network, from.layer);
      await tell({ ...describeSetUp(prepared), guessed: false, because });
      return prepared;
    };
    const known = made.get(tree) ?? make();
    made.set(tree, known);
    known.catch(() => made.delete(tree));
    return known;
  };
  return {
    left: () => [...left],
    async needsSetUp(baseSha: string): Promise<boolean> {
      const plan = await planSetUp(world, store, await store.treeOf(baseSha));
      return plan.commands.length > 0 || (world.chore?.prepare ?? []).length > 0;
    },
    async prepare(baseSha: string): Promise<SetUp> {
      const tree = await store.treeOf(baseSha);
      const plan = await planSetUp(world, store, tree);
      const first = await run(tree, plan.commands, plan.network);
      const prepared = first.ok ? await prepareChore(tree, first, plan.network) : first;
      base = { tree, layer: prepared.layer, commands: plan.commands, network: plan.network };
      return { ...describeSetUp(prepared), guessed: plan.guessed };
    },
    /** The base's layer while manifests are the base's; else one made from it by fetching (network, no scripts), then building. */
    async forTree(tree: string): Promise<Layer> {
      if (!base) throw new Error("no bench before the set-up");
      const fit = decideLayerFit(await store.listTree(base.tree), await store.listTree(tree));
      if (fit.kind === "fits" || base.commands.length === 0) return base.layer;
      // From the base and the changed manifests alone: nothing else of the work can shape what its own checks run on.
      const partly = await renew(await withManifests(base.tree, tree, fit.paths), fit.reason);
      if (partly.ok) return partly.layer;
      return (await renew(tree, `${fit.reason}, and the base with them alone could not be set up`)).layer;
    },
  };
}

async function planSetUp(world: RunWorld, store: GitStore, tree: string) {
  const { setup, network } = world.policy;
  const folder = world.workingDirectory ?? "";
  const paths = (await store.listTree(tree)).map(({ path }) => path);
  if (folder !== "" && !paths.some((path) => path.startsWith(`${folder}/`))) {
    throw new ConfigError(`\`working_directory\` is \`${folder}\`, which is no folder of the base.`, {
      hint: "Name a folder of the repository in the workflow, then trigger again.",
    });
  }
  if (setup !== null) return { commands: setup, network, guessed: false };
  const guess = guessSetup(paths, folder);
  return {
    commands: guess.commands,
    network: [...new Set([...network, ...guess.network])],
    guessed: guess.commands.length > 0,
  };
}

function describeSetUp({ ok, commands, blockedHosts }: PreparedLayer): Omit<SetUp, "guessed"> {
  return { ok, blockedHosts, commands: commands.map(readSetupCommand) };
}

function readSetupCommand({ command, exit, durationMs, tail }: SetupCommand): SetUp["commands"][number] {
  return { command, exit, duration_ms: Math.round(durationMs), tail };
}
