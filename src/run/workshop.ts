import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, SandboxError } from "../domain/errors.ts";
import type { Room } from "../evaluator/room.ts";
import { ensureTemplate, seedModelRepository } from "../git/seed-model-repository.ts";
import type { GitStore } from "../git/store.ts";
import { openWorkspace } from "../sandbox/layer.ts";
import { probeWalls } from "../sandbox/probe.ts";
import { startProxy, type Proxy as WayOut } from "../sandbox/proxy.ts";
import { createSandbox, type Sandbox } from "../sandbox/sandbox.ts";
import type { Walls } from "../sandbox/walls.ts";
import { type Bench, encloseBench, type Lazy, lazily, type Place } from "./bench.ts";
import { createLayers } from "./layers.ts";
import { readCaFile } from "./registries.ts";
import { createRoomPlaces } from "./room-places.ts";
import type { RunWorld } from "./world.ts";

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
  /** Begins what a bench on this base will need and nothing else can change. */
  foresee(baseSha: string): void;
  /** Whether the base has commands of set-up, which may take long. */
  needsSetUp(baseSha: string): Promise<boolean>;
  /** Runs the set-up on the base; before it no bench can be opened. Throws SandboxError when the walls do not stand. */
  prepare(baseSha: string): Promise<SetUp>;
  /** What set-up left untracked, as ignore lines: never part of the work. */
  leftBySetUp(): readonly string[];
  /** A throw-away copy of a tree with the model's own repository in it. */
  openBench(tree: string, outputsDir: string): Bench;
  /** The worker's bench, kept from context to context; opened at this tree when there is none. */
  workBench(tree: string, outputsDir: string): Bench;
  /** New walls around the same work tree: a context starts without anything that the last one left running or in /tmp. */
  renewWork(outputsDir: string): Promise<void>;
  discardWork(): Promise<void>;
  /** Attempts of model and oracles to reach what `work_network` does not list, as far as there is a proxy at all. */
  refusedHosts(): string[];
  /** A clean checkout for one oracle. */
  openRoom(tree: string): Promise<Room>;
  close(): Promise<void>;
}

interface Parts {
  world: RunWorld;
  store: GitStore;
  /** Told whenever a changed manifest made another layer necessary. */
  renewed: (setUp: SetUp & { because: string }) => Promise<void>;
}

/** Probes the walls and makes the run's workshop; what does not stand is said by `prepare`. */
export async function createWorkshop(parts: Parts): Promise<Workshop> {
  const { world, store } = parts;
  const probed = await probeWalls({ allowDegraded: world.allowDegradedWalls }).catch((error: unknown) => error);
  const walls = isWalls(probed) ? probed : null;
  const layers = createLayers({ ...parts, walls: () => standing(walls, probed) });
  let base = "";
  let count = 0;
  let foreseen: Promise<unknown> = Promise.resolve();
  let kept: { made: Lazy<Place>; bench: Bench } | null = null;

  const place = async (tree: string): Promise<Place> => {
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
  const leftOver: (() => Promise<void>)[] = [];
  /** Closes walls and removes their files; once the run is cancelled, only when everything is saved and said. */
  const closer = (sandbox: Sandbox, leave: () => Promise<void>) => async (): Promise<void> => {
    const act = async (): Promise<void> => {
      await sandbox.close();
      await leave();
    };
    if (world.signal.aborted) leftOver.push(act);
    else await act();
  };
  const raise = async (
    made: { workDir: string; homeDir: string },
    outputsDir: string,
    isGiven = false,
  ): Promise<Sandbox> => {
    await mkdir(outputsDir, { recursive: true });
    return await createSandbox({
      walls: standing(walls, probed),
      ...{ workDir: made.workDir, homeDir: made.homeDir, outputsDir, isGiven },
      network: await wayOut.open(),
      path: world.hostEnv.PATH,
      mask: world.mask,
      caFile: readCaFile(world.hostEnv),
    });
  };
  const rooms = createRoomPlaces({
    store,
    uid: () => standing(walls, probed).uid,
    layerOf: layers.forTree,
    make: place,
  });
  const enclose = (made: Lazy<Place>, outputsDir: string): Bench =>
    encloseBench({ made, outputsDir, raise: (at) => raise(at, outputsDir), closer });
  const open = (tree: string, outputsDir: string) => {
    const make = async (): Promise<Place> => {
      const made = await place(tree);
      await seedModelRepository(made.workDir, { store, base });
      return made;
    };
    const made = lazily(make);
    return { made, bench: enclose(made, outputsDir) };
  };
  return {
    walls,
    wallsText: walls ? walls.description : "none",
    foresee(baseSha) {
      const all = [ensureTemplate(store, baseSha), store.treeOf(baseSha).then((tree) => store.listTree(tree))];
      foreseen = Promise.allSettled(all);
    },
    needsSetUp: (baseSha) => layers.needsSetUp(baseSha),
    async prepare(baseSha) {
      base = baseSha;
      return await layers.prepare(baseSha);
    },
    leftBySetUp: () => layers.left(),
    refusedHosts: () => wayOut.refused(),
    openBench: (tree, outputsDir) => open(tree, outputsDir).bench,
    workBench(tree, outputsDir) {
      kept ??= open(tree, outputsDir);
      return kept.bench;
    },
    async renewWork(outputsDir) {
      if (!kept) return;
      await kept.bench.sandbox.close();
      kept = { made: kept.made, bench: enclose(kept.made, outputsDir) };
    },
    async discardWork() {
      const last = kept;
      kept = null;
      await last?.bench.close();
    },
    async openRoom(tree) {
      const made = await rooms.take(tree);
      const sandbox = await raise(made, join(made.dir, "outputs"), true);
      return { workDir: made.workDir, sandbox, close: closer(sandbox, () => rooms.giveBack(made)) };
    },
    async close() {
      await kept?.bench.close();
      kept = null;
      await Promise.all(leftOver.splice(0).map((act) => act()));
      await rooms.close();
      await foreseen;
      await wayOut.close();
    },
  };
}

/** The proxy of the policy's `work_network`, the same for model and oracles, started with the first walls that need it; none by default. */
function createWayOut({ policy, registries }: RunWorld) {
  let proxy: Promise<WayOut> | null = null;
  let started: WayOut | null = null;
  return {
    refused: () => started?.blocked() ?? [],
    async open(): Promise<{ socketPath: string } | null> {
      if (policy.work_network.length === 0) return null;
      proxy ??= startProxy({ allow: policy.work_network, registries });
      started = await proxy;
      return { socketPath: started.socketPath };
    },
    async close(): Promise<void> {
      await (await proxy)?.close();
      proxy = null;
    },
  };
}

function isWalls(value: unknown): value is Walls {
  return typeof value === "object" && value !== null && "layers" in value;
}

function standing(walls: Walls | null, probed: unknown): Walls {
  if (walls) return walls;
  if (probed instanceof SandboxError || probed instanceof ConfigError) throw probed;
  throw new SandboxError("the walls could not be raised", { hint: "Run `baton doctor` to see why.", cause: probed });
}
