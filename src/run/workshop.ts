import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, SandboxError } from "../domain/errors.ts";
import type { Room } from "../evaluator/room.ts";
import { seedModelRepository } from "../git/seed-model-repository.ts";
import type { GitStore } from "../git/store.ts";
import { guessSetup } from "../policy/guess-setup.ts";
import { isEcosystem } from "../sandbox/allow-list.ts";
import {
  type Layer,
  openWorkspace,
  type PreparedLayer,
  prepareLayer,
  removeWorkspace,
  type SetupCommand,
} from "../sandbox/layer.ts";
import { listLeft } from "../sandbox/layer-files.ts";
import { decideLayerFit, isManifest, planRenewal } from "../sandbox/manifests.ts";
import { probeWalls } from "../sandbox/probe.ts";
import { startProxy, type Proxy as WayOut } from "../sandbox/proxy.ts";
import { createSandbox, type Sandbox } from "../sandbox/sandbox.ts";
import type { Walls } from "../sandbox/walls.ts";
import { startPath } from "./start-in.ts";
import type { RunWorld } from "./world.ts";

/** A work tree inside walls: what one context works on. */
export interface Bench {
  workDir: string;
  sandbox: Sandbox;
  close(): Promise<void>;
}

export interface SetUp {
  ok: boolean;
  guessed: boolean;
  commands: { command: string; exit: number | null; duration_ms: number; tail: string }[];
  blockedHosts: string[];
}

/** Work trees and walls: the pristine layer of the set-up, and copies of it for worker, oracles and judge. */
export interface Workshop {
  /** What stands, or why nothing does. */
  readonly walls: Walls | null;
  readonly wallsText: string;
  /** Runs the set-up on the base; before it no bench can be opened. Throws SandboxError when the walls do not stand. */
  prepare(baseSha: string): Promise<SetUp>;
  /** What set-up left untracked, as ignore lines: never part of the work. */
  leftBySetUp(): readonly string[];
  /** A throw-away copy of a tree with the model's own repository in it. */
  openBench(tree: string, outputsDir: string): Promise<Bench>;
  /** The worker's bench, kept from context to context; opened at this tree when there is none. */
  workBench(tree: string, outputsDir: string): Promise<Bench>;
  /** New walls around the same work tree: a context starts without anything that the last one left running or in /tmp. */
  renewWork(outputsDir: string): Promise<void>;
  discardWork(): Promise<void>;
  /** A clean checkout for one oracle. */
  openRoom(tree: string): Promise<Room>;
  close(): Promise<void>;
}

interface Parts {
  world: RunWorld;
  store: GitStore;
}

/** Probes the walls and makes the run's workshop; what does not stand is said by `prepare`. */
export async function createWorkshop(parts: Parts): Promise<Workshop> {
  const { world, store } = parts;
  const probed = await probeWalls({ allowDegraded: world.allowDegradedWalls }).catch((error: unknown) => error);
  const walls = isWalls(probed) ? probed : null;
  const layers = createLayers(parts, () => standing(walls, probed));
  let base = "";
  let count = 0;
  let kept: { dir: string; workDir: string; homeDir: string; bench: Bench } | null = null;

  const place = async (tree: string): Promise<{ dir: string; workDir: string; homeDir: string }> => {
    count += 1;
    const dir = join(world.dir, "benches", String(count));
    await mkdir(dir, { recursive: true });
    const layer = await layers.forTree(tree);
    const made = await openWorkspace({
      walls: standing(walls, probed),
      dir,
      layer,
      checkout: (target) => store.checkout(tree, target),
    });
    return { dir, ...made };
  };
  const wayOut = createWayOut(world);
  const raise = async (made: { workDir: string; homeDir: string }, outputsDir: string): Promise<Sandbox> => {
    await mkdir(outputsDir, { recursive: true });
    return await createSandbox({
      walls: standing(walls, probed),
      ...made,
      outputsDir,
      network: await wayOut.open(),
      path: world.hostEnv.PATH,
    });
  };
  const open = async (tree: string, outputsDir: string) => {
    const made = await place(tree);
    await seedModelRepository(made.workDir, { store, base });
    const sandbox = await raise(made, outputsDir);
    const close = async (): Promise<void> => {
      await sandbox.close();
      await removeWorkspace(made.dir);
    };
    return { ...made, bench: { workDir: made.workDir, sandbox, close } satisfies Bench };
  };
  return {
    walls,
    wallsText: walls ? walls.description : "none",
    async prepare(baseSha) {
      base = baseSha;
      return await layers.prepare(baseSha);
    },
    leftBySetUp: () => layers.left(),
    openBench: async (tree, outputsDir) => (await open(tree, outputsDir)).bench,
    async workBench(tree, outputsDir) {
      kept ??= await open(tree, outputsDir);
      return kept.bench;
    },
    async renewWork(outputsDir) {
      if (!kept) return;
      await kept.bench.sandbox.close();
      const { dir, workDir, homeDir } = kept;
      const sandbox = await raise({ workDir, homeDir }, outputsDir);
      const close = async (): Promise<void> => {
        await sandbox.close();
        await removeWorkspace(dir);
      };
      kept = { dir, workDir, homeDir, bench: { workDir, sandbox, close } };
    },
    async discardWork() {
      const last = kept;
      kept = null;
      await last?.bench.close();
    },
    async openRoom(tree) {
      const made = await place(tree);
      const sandbox = await raise(made, join(made.dir, "outputs"));
      return {
        workDir: made.workDir,
        sandbox,
        close: async () => {
          await sandbox.close();
          await removeWorkspace(made.dir);
        },
      };
    },
    async close() {
      await kept?.bench.close();
      kept = null;
      await wayOut.close();
    },
  };
}

/** The proxy of the policy's `work_network`, the same for model and oracles, started with the first walls that need it; none by default. */
function createWayOut({ policy, registries }: RunWorld) {
  let proxy: Promise<WayOut> | null = null;
  return {
    async open(): Promise<{ socketPath: string } | null> {
      if (policy.work_network.length === 0) return null;
      proxy ??= startProxy({ allow: policy.work_network, registries });
      return { socketPath: (await proxy).socketPath };
    },
    async close(): Promise<void> {
      await (await proxy)?.close();
      proxy = null;
    },
  };
}

/** The pristine layers of a run: the base's, and one for each set of changed manifests. */
function createLayers({ world, store }: Parts, walls: () => Walls) {
  const made = new Map<string, Layer>();
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
      caFile: world.hostEnv.NODE_EXTRA_CA_CERTS,
      tracked: new Set(files.map(({ path }) => path)),
      cwd: startPath(world.workingDirectory ?? ""),
      from,
      path: world.hostEnv.PATH,
      signal: world.signal,
    });
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
  return {
    left: () => [...left],
    async prepare(baseSha: string): Promise<SetUp> {
      const tree = await store.treeOf(baseSha);
      const plan = await planSetUp(world, store, tree);
      const first = await run(tree, plan.commands, plan.network);
      const prepared = first.ok ? await prepareChore(tree, first, plan.network) : first;
      made.set(await manifestKey(store, tree), prepared.layer);
      base = { tree, layer: prepared.layer, commands: plan.commands, network: plan.network };
      return {
        ok: prepared.ok,
        guessed: plan.guessed,
        commands: prepared.commands.map(readSetupCommand),
        blockedHosts: prepared.blockedHosts,
      };
    },
    /** The base's layer while manifests are the base's; else one made from it by fetching (network, no scripts), then building. */
    async forTree(tree: string): Promise<Layer> {
      if (!base) throw new Error("no bench before the set-up");
      const fit = decideLayerFit(await store.listTree(base.tree), await store.listTree(tree));
      if (fit.kind === "fits" || base.commands.length === 0) return base.layer;
      const key = await manifestKey(store, tree);
      const known = made.get(key);
      if (known) return known;
      const renewed = await run(tree, planRenewal(base.commands), base.network, base.layer);
      made.set(key, renewed.layer);
      return renewed.layer;
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

async function manifestKey(store: GitStore, tree: string): Promise<string> {
  const files = (await store.listTree(tree)).filter(({ path }) => isManifest(path));
  return files.map(({ path, sha }) => `${path} ${sha}`).join("\n");
}

function readSetupCommand({ command, exit, durationMs, tail }: SetupCommand): SetUp["commands"][number] {
  return { command, exit, duration_ms: Math.round(durationMs), tail };
}

function isWalls(value: unknown): value is Walls {
  return typeof value === "object" && value !== null && "layers" in value;
}

function standing(walls: Walls | null, probed: unknown): Walls {
  if (walls) return walls;
  if (probed instanceof SandboxError || probed instanceof ConfigError) throw probed;
  throw new SandboxError("the walls could not be raised", { hint: "Run `baton doctor` to see why.", cause: probed });
}
