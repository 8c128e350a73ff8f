import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { SandboxError } from "../domain/errors.ts";
import { placeFirstProcess, planWallOptions, renderWallArgs, type WallOption } from "./bubblewrap.ts";
import { createCgroup } from "./cgroup.ts";
import { type ExecHost, type ExecOptions, type ExecResult, runCommand } from "./exec.ts";
import { createFileDoor, type FileDoor } from "./file-door.ts";
import { createGrowthWatch } from "./growth.ts";
import { findProgram } from "./host.ts";
import { filterFd, type Launched, launch } from "./launch.ts";
import { defaultLimits, type SandboxLimits } from "./limits.ts";
import { commandEnv, describeParts } from "./parts.ts";
import { places, proxyPort } from "./places.ts";
import { createRaiser, waitingShell } from "./raise.ts";
import { isReachable } from "./reach.ts";
import { removeTree } from "./remove-tree.ts";
import { makeScratch } from "./scratch.ts";
import { renderCallFilter } from "./system-calls.ts";
import { renderUnshareScript } from "./unshare.ts";
import { countTasks, type Walls } from "./walls.ts";

/** What a sandbox is made of; directories are the host's and exist already. */
export interface SandboxSpec {
  walls: Walls;
  workDir: string;
  homeDir: string;
  outputsDir: string;
  /** Work tree and HOME belong to the inside user already, as `openWorkspace` leaves them. */
  isGiven?: boolean;
  /** Socket of a proxy that is the only way out, or null for no network at all. */
  network: null | { socketPath: string };
  limits?: Partial<SandboxLimits>;
  /** Besides the allow-list; only for Baton's own set-up and oracles. */
  env?: Readonly<Record<string, string>>;
  /** The host's PATH: its folders outside /usr and /opt are shown read-only. */
  path?: string;
  /** Host directories that must not be visible even where a system folder holds them, such as RUNNER_TEMP. */
  mask?: readonly string[];
  /** Certificate bundle that the host's clients trust beside the system's; shown only where there is a network. */
  caFile?: string;
  /** For proofs only: sees and changes the options of every start. */
  filterOptions?: (options: WallOption[]) => WallOption[];
}

/** Walls around one work tree: commands and file tools run inside, and nothing survives `close`. */
export interface Sandbox extends AsyncDisposable {
  exec(command: string, options: ExecOptions): Promise<ExecResult>;
  /** Raises the walls for the next command ahead of time, each command still in its own: a call does not wait for them. */
  warm(): void;
  readonly files: FileDoor;
  /** Host directory behind `/outputs`. */
  readonly outputsDir: string;
  /** Gives the work tree's files to the inside user again after Baton wrote into it. */
  adopt(): Promise<void>;
  close(): Promise<void>;
}

/** Where the sandbox's own files go: the inside user must be able to come there, also when TMPDIR is a closed directory. */
function scratchBase(): string {
  return isReachable(join(tmpdir(), "any")) ? tmpdir() : "/tmp";
}

/** Raises the walls around a work tree. Throws SandboxError when they do not stand. */
export async function createSandbox(spec: SandboxSpec): Promise<Sandbox> {
  const id = randomBytes(6).toString("hex");
  const scratchDir = makeScratch("baton-walls-", scratchBase());
  chmodSync(scratchDir, 0o711);
  const { tools, first } = spec.walls;
  const rootDir = join(scratchDir, "root");
  if (tools) mkdirSync(rootDir);
  const ownTmp = join(scratchDir, "tmp");
  mkdirSync(ownTmp);
  if (spec.walls.uid !== null) chownSync(ownTmp, spec.walls.uid, spec.walls.uid);
  chmodSync(spec.outputsDir, 0o755);
  const limits = { ...defaultLimits, ...spec.limits };
  const cgroup = spec.walls.cgroups ? createCgroup(spec.walls.cgroups, id, limits) : null;
  const dirs = [spec.workDir, spec.homeDir, ownTmp];
  const adopt = (): Promise<void> => giveTo(spec.walls.uid, dirs);
  const [parts] = await Promise.all([describeParts(spec, scratchDir, ownTmp), spec.isGiven ? null : adopt()]);
  const uid = spec.walls.uid ?? process.getuid?.() ?? 0;
  const callFilter = renderCallFilter(process.arch);
  const filterFile = join(scratchDir, "system-calls");
  writeFileSync(filterFile, callFilter ?? "", { mode: 0o644 });
  const tasksBefore = countTasks(uid);
  const start = (request: {
    name: string;
    program: readonly string[];
    commandFile: string | null;
    cwd: string;
    env: Readonly<Record<string, string>>;
    stdio: Parameters<typeof launch>[0]["stdio"];
  }): Launched => {
    const planned = planWallOptions({
      mounts: parts.mounts,
      env: request.env,
      cwd: request.cwd,
      commandFile: request.commandFile,
      commandPlace: places.command,
      isFirstOwn: first !== null,
      filterFd: callFilter ? filterFd : null,
    });
    const usable = planned.filter(({ flag }) => !spec.walls.unsupported.includes(flag));
    const options = spec.filterOptions ? spec.filterOptions(usable) : usable;
    const placed = tools ? { options, program: [] } : placeFirstProcess(options, first);
    return launch({
      prefix: parts.prefix,
      plan: tools ? renderUnshareScript(options, rootDir, tools) : renderWallArgs(placed.options),
      filterFile,
      limits,
      tasksBefore,
      joinFiles: cgroup?.joinFiles ?? [],
      program: [...placed.program, ...request.program],
      scratchDir,
      name: request.name,
      stdio: request.stdio,
    });
  };
  let runs = 0;
  const open = new Set<Launched>();
  const files = createFileDoor(() => {
    runs += 1;
    return start({
      name: `files-${runs}`,
      program: [
        `${places.helper}/node`,
        "--disable-warning=ExperimentalWarning",
        parts.helperEntry,
        "serve",
        parts.roots,
      ],
      commandFile: null,
      cwd: "/",
      env: {},
      stdio: ["pipe", "pipe", "pipe"],
    });
  });
  const forwarder = [
    `${places.helper}/node`,
    "--disable-warning=ExperimentalWarning",
    parts.helperEntry,
    "forward",
    `${places.proxy}/${parts.socketName}`,
    String(proxyPort),
  ];
  const raiser = createRaiser({
    scratchDir,
    start(request) {
      const launched = start({
        name: request.name,
        program: [...waitingShell, ...(spec.network ? forwarder : [])],
        commandFile: request.commandFile,
        cwd: places.workspace,
        env: { ...commandEnv(parts.path, spec.network !== null), ...parts.env, ...spec.env, ...request.env },
        stdio: ["pipe", request.output, request.output],
      });
      open.add(launched);
      void launched.dead.catch(() => {}).then(() => open.delete(launched));
      return launched;
    },
  });
  const host: ExecHost = {
    outputCap: limits.outputBytes,
    memoryKills: () => cgroup?.memoryKills() ?? 0,
    watch: createGrowthWatch(dirs, limits),
  };
  const sandbox: Sandbox = {
    files,
    outputsDir: spec.outputsDir,
    adopt,
    exec: async (command, options) => await runCommand(host, await raiser.raise(options.env), command, options),
    warm: raiser.warm,
    async close() {
      await raiser.stop();
      for (const launched of open) launched.kill();
      await Promise.allSettled([files.close(), ...[...open].map((launched) => launched.dead)]);
      for (let tries = 0; cgroup && !cgroup.remove() && tries < 100; tries += 1)
        await new Promise((resolve) => setTimeout(resolve, 20));
      parts.close();
      await removeTree(scratchDir);
    },
    [Symbol.asyncDispose]: () => sandbox.close(),
  };
  return sandbox;
}

/** Hands directories to the user outside under whom the model runs; nothing to do when that is Baton's own. */
export async function giveTo(uid: number | null, dirs: readonly string[]): Promise<void> {
  if (uid === null) return;
  await new Promise<void>((resolve, reject) => {
    const child = spawn(findProgram("chown") ?? "chown", ["-hR", `${uid}:${uid}`, "--", ...dirs], {
      env: {},
      stdio: "ignore",
    });
    const fail = (cause: unknown): void =>
      reject(
        new SandboxError("the work tree could not be given to the inside user", {
          hint: "Is it on a file system with owners?",
          cause,
        }),
      );
    child.once("error", fail);
    child.once("exit", (code) => (code === 0 ? resolve() : fail(`chown: exit ${code}`)));
  });
}
