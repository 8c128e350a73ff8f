import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { SandboxError } from "../domain/errors.ts";
import { planWallOptions, type WallOption } from "./bubblewrap.ts";
import { createCgroup } from "./cgroup.ts";
import { type ExecOptions, type ExecResult, runCommand } from "./exec.ts";
import { FifoPool } from "./fifo.ts";
import { createFileDoor, type FileDoor } from "./file-door.ts";
import { measureBytes, watchGrowth } from "./growth.ts";
import { findProgram, findToolDirs } from "./host.ts";
import { type Launched, launch } from "./launch.ts";
import { defaultLimits, type SandboxLimits } from "./limits.ts";
import { helperEntry, type Mount, planMounts } from "./mounts.ts";
import { places, proxyPort } from "./places.ts";
import { isReachable, Stage } from "./reach.ts";
import { removeTree } from "./remove-tree.ts";
import { countTasks, type Walls } from "./walls.ts";

/** What a sandbox is made of; directories are the host's and exist already. */
export interface SandboxSpec {
  walls: Walls;
  workDir: string;
  homeDir: string;
  outputsDir: string;
  /** One per context, shared by its sandboxes; a temporary one when absent. */
  tmpDir?: string;
  /** Socket of a proxy that is the only way out, or null for no network at all. */
  network: null | { socketPath: string };
  limits?: Partial<SandboxLimits>;
  /** Besides the allow-list; only for Baton's own set-up and oracles. */
  env?: Readonly<Record<string, string>>;
  /** The host's PATH: its folders outside /usr and /opt are shown read-only. */
  path?: string;
  /** Host directories that must not be visible even where a system folder holds them, such as RUNNER_TEMP. */
  mask?: readonly string[];
  /** For proofs only: sees and changes the options of every start. */
  filterOptions?: (options: WallOption[]) => WallOption[];
}

/** Walls around one work tree: commands and file tools run inside, and nothing survives `close`. */
export interface Sandbox extends AsyncDisposable {
  exec(command: string, options: ExecOptions): Promise<ExecResult>;
  readonly files: FileDoor;
  /** Host directory behind `/outputs`. */
  readonly outputsDir: string;
  /** Gives the work tree's files to the inside user again after Baton wrote into it. */
  adopt(): Promise<void>;
  close(): Promise<void>;
}

const systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The whole environment of a command: at most ten names, none of them the host's. */
export function commandEnv(path: string, hasNetwork: boolean): Record<string, string> {
  const proxy = `http://127.0.0.1:${proxyPort}`;
  return {
    PATH: path,
    HOME: places.home,
    LANG: "C.UTF-8",
    CI: "1",
    TERM: "dumb",
    PAGER: "cat",
    GIT_PAGER: "cat",
    GIT_TERMINAL_PROMPT: "0",
    ...(hasNetwork ? { http_proxy: proxy, https_proxy: proxy } : {}),
  };
}

/** The helper's code: its folder when run from source, one bundled file beside this one otherwise. */
function helperPath(): string {
  const here = fileURLToPath(import.meta.url);
  return here.endsWith(".ts") ? join(dirname(here), "inside") : join(dirname(here), "file-server.mjs");
}

const etcFiles: Readonly<Record<string, string>> = {
  passwd: "root:x:0:0:root:/root:/usr/sbin/nologin\nbaton:x:65534:65534:baton:/home/baton:/bin/bash\n",
  group: "root:x:0:\nbaton:x:65534:\n",
  hosts: "127.0.0.1 localhost baton\n::1 localhost\n",
  "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
  hostname: "baton\n",
};

function prepareEtc(scratchDir: string): string {
  const dir = join(scratchDir, "etc");
  mkdirSync(dir, { mode: 0o755 });
  for (const [name, text] of Object.entries(etcFiles)) writeFileSync(join(dir, name), text, { mode: 0o644 });
  return dir;
}

/** Raises the walls around a work tree. Throws SandboxError when they do not stand. */
export async function createSandbox(spec: SandboxSpec): Promise<Sandbox> {
  const id = randomBytes(6).toString("hex");
  const scratchDir = mkdtempSync(join(tmpdir(), "baton-walls-"));
  chmodSync(scratchDir, 0o711);
  const ownTmp = spec.tmpDir ?? join(scratchDir, "tmp");
  if (!spec.tmpDir) mkdirSync(ownTmp);
  chmodSync(spec.outputsDir, 0o755);
  const limits = { ...defaultLimits, ...spec.limits };
  const cgroup = spec.walls.cgroups ? createCgroup(spec.walls.cgroups, id, limits) : null;
  const parts = describeParts(spec, scratchDir, ownTmp);
  const uid = spec.walls.uid ?? process.getuid?.() ?? 0;
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
    });
    const usable = planned.filter(({ flag }) => !spec.walls.unsupported.includes(flag));
    return launch({
      prefix: parts.prefix,
      options: spec.filterOptions ? spec.filterOptions(usable) : usable,
      limits,
      tasksBefore,
      joinFiles: cgroup?.joinFiles ?? [],
      program: request.program,
      scratchDir,
      name: request.name,
      stdio: request.stdio,
    });
  };
  const dirs = [spec.workDir, spec.homeDir, ownTmp];
  const adopt = (): Promise<void> => giveTo(spec.walls.uid, dirs);
  await adopt();
  let baseline: Promise<number> | null = null;
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
  const fifos = new FifoPool(scratchDir);
  const forwarder = [
    `${places.helper}/node`,
    "--disable-warning=ExperimentalWarning",
    parts.helperEntry,
    "forward",
    `${places.proxy}/${parts.socketName}`,
    String(proxyPort),
    "--",
  ];
  const sandbox: Sandbox = {
    files,
    outputsDir: spec.outputsDir,
    adopt,
    exec(command, options) {
      runs += 1;
      const name = `run-${runs}`;
      return runCommand(
        {
          scratchDir,
          fifos,
          outputCap: limits.outputBytes,
          memoryKills: () => cgroup?.memoryKills() ?? 0,
          start(request) {
            const launched = start({
              name: request.name,
              program: [...(spec.network ? forwarder : []), ...shellIn(request.cwd)],
              commandFile: request.commandFile,
              cwd: places.workspace,
              env: { ...commandEnv(parts.path, spec.network !== null), ...spec.env, ...request.env },
              stdio: ["ignore", request.output, request.output],
            });
            open.add(launched);
            void launched.dead.catch(() => {}).then(() => open.delete(launched));
            return launched;
          },
          watch(onTooMuch) {
            baseline ??= measureBytes(dirs);
            const known = baseline;
            return watchGrowth(dirs, limits, () => known, onTooMuch);
          },
        },
        name,
        command,
        options,
      );
    },
    async close() {
      for (const launched of open) launched.kill();
      await Promise.allSettled([files.close(), ...[...open].map((launched) => launched.dead)]);
      for (let tries = 0; cgroup && !cgroup.remove() && tries < 100; tries += 1)
        await new Promise((resolve) => setTimeout(resolve, 20));
      await removeTree(scratchDir);
    },
    [Symbol.asyncDispose]: () => sandbox.close(),
  };
  return sandbox;
}

/** The shell that runs the command file; one that has to change its directory first says itself when that fails. */
function shellIn(cwd: string): string[] {
  const shell = ["/bin/bash", "--noprofile", "--norc"];
  if (cwd === places.workspace) return [...shell, places.command];
  return [...shell, "-c", `cd -- "$1" || exit 127; exec "$0" --noprofile --norc ${places.command}`, "/bin/bash", cwd];
}

function describeParts(
  spec: SandboxSpec,
  scratchDir: string,
  tmpDir: string,
): { mounts: Mount[]; helperEntry: string; prefix: string[]; roots: string; socketName: string; path: string } {
  const drops = spec.walls.uid !== null;
  const stage = drops ? new Stage(scratchDir) : null;
  const at = (path: string): string => stage?.at(path) ?? path;
  const source = helperPath();
  if (!existsSync(source)) throw new SandboxError(`the helper ${source} is missing`, { hint: "Run `npm run build`." });
  const toolDirs = findToolDirs(spec.path ?? "", homedir()).filter((dir) => !drops || isReachable(dir));
  const shownPath = [
    ...(spec.path ?? "").split(":").filter((entry) => isShown(entry, toolDirs)),
    ...systemPath.split(":"),
  ];
  const mounts = planMounts({
    host: spec.walls.host,
    toolDirs,
    mask: [homedir(), ...(spec.mask ?? [])],
    workDir: at(spec.workDir),
    homeDir: at(spec.homeDir),
    outputsDir: at(spec.outputsDir),
    tmpDir: at(tmpDir),
    etcDir: prepareEtc(scratchDir),
    etcFiles: Object.keys(etcFiles),
    node: at(process.execPath),
    helper: at(source),
    isBundled: source.endsWith(".mjs"),
    proxyDir: spec.network ? at(dirname(spec.network.socketPath)) : null,
  });
  const roots = { workspace: places.workspace, home: places.home, outputs: places.outputs, tmp: places.tmp };
  return {
    mounts,
    helperEntry: helperEntry(source.endsWith(".mjs")),
    prefix: [...(stage?.prefix() ?? []), ...spec.walls.prefix],
    roots: JSON.stringify(roots),
    socketName: spec.network ? spec.network.socketPath.slice(dirname(spec.network.socketPath).length + 1) : "",
    path: [...new Set(shownPath)].join(":"),
  };
}

function isShown(entry: string, toolDirs: readonly string[]): boolean {
  return (
    /^\/(usr|bin|sbin|opt)(\/|$)/.test(entry) || toolDirs.some((dir) => entry === dir || entry.startsWith(`${dir}/`))
  );
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
