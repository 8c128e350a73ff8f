import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";

import type { Registries } from "./allow-list.ts";
import type { ExecResult } from "./exec.ts";

import { copyInto, removeTracked } from "./layer-files.ts";
import type { RenewalStep } from "./manifests.ts";
import { proxyPort } from "./places.ts";
import { startProxy } from "./proxy.ts";
import { removeTree } from "./remove-tree.ts";
import { createSandbox, giveTo, type SandboxSpec } from "./sandbox.ts";
import { makeScratch } from "./scratch.ts";
import type { Walls } from "./walls.ts";

/** The result of set-up, out of reach of anything the model runs: only copies of it are ever shown inside. */
export interface Layer {
  /** Host directory with the untracked and ignored files that set-up left in the work tree. */
  filesDir: string;
  /** Host directory with the sandbox's own HOME after set-up. */
  homeDir: string;
}

/** What one set-up command came to. */
export interface SetupCommand {
  command: string;
  exit: number | null;
  durationMs: number;
  tail: string;
}

/** What set-up came to; `ok` false leaves a layer that holds what there was before the failing command. */
export interface PreparedLayer {
  ok: boolean;
  commands: SetupCommand[];
  blockedHosts: string[];
  layer: Layer;
}

/** Set-up on a checkout that is used up by it. */
export interface LayerRequest {
  walls: Walls;
  /** A directory for the layer; its parent is Baton's own. */
  dir: string;
  /** Puts the tracked files of the base into a directory. */
  checkout: (dir: string) => Promise<void>;
  /** The policy's commands, in order, or the two-step plan of `planRenewal`. */
  commands: readonly (string | RenewalStep)[];
  /** Folder inside the walls in which they start; the work tree's root when absent. */
  cwd?: string;
  /** Hosts and ecosystems of the policy's `network`. */
  network: readonly string[];
  registries?: Registries;
  /** Certificate bundle that the host's clients trust, when it is not the system's default. */
  caFile?: string;
  /** Paths that are tracked in the tree; all else that set-up leaves is the layer. */
  tracked: ReadonlySet<string>;
  /** A layer to start from, when this one renews it. */
  from?: Layer;
  path?: string;
  mask?: readonly string[];
  timeoutMs?: number;
  signal?: AbortSignal;
  filterOptions?: SandboxSpec["filterOptions"];
}

const tailChars = 2_000;
const defaultTimeoutMs = 20 * 60_000;

const javaProxy = ["http", "https"]
  .map((kind) => `-D${kind}.proxyHost=127.0.0.1 -D${kind}.proxyPort=${proxyPort}`)
  .join(" ");

/** Environment of set-up besides the allow-list: where the clients find packages, no credential. */
export function setupEnv(registries: Registries, hasNetwork: boolean): Record<string, string> {
  return {
    npm_config_yes: "true",
    npm_config_audit: "false",
    npm_config_fund: "false",
    npm_config_update_notifier: "false",
    PIP_PROGRESS_BAR: "off",
    ...(registries.npm ? { npm_config_registry: withoutCredentials(registries.npm) } : {}),
    ...(registries.pip ? { PIP_INDEX_URL: withoutCredentials(registries.pip) } : {}),
    // Maven and Gradle look at no variable for proxies.
    ...(hasNetwork ? { JAVA_TOOL_OPTIONS: javaProxy } : {}),
  };
}

function withoutCredentials(address: string): string {
  try {
    const url = new URL(address);
    url.username = "";
    url.password = "";
    return url.href;
  } catch {
    return address;
  }
}

/** Runs set-up inside the walls with network through the proxy and without secrets; its result is the pristine layer. */
export async function prepareLayer(request: LayerRequest): Promise<PreparedLayer> {
  const filesDir = join(request.dir, "files");
  const homeDir = join(request.dir, "home");
  mkdirSync(filesDir, { recursive: true });
  mkdirSync(homeDir, { recursive: true });
  if (request.from) {
    await copyInto(request.from.filesDir, filesDir);
    await copyInto(request.from.homeDir, homeDir);
  }
  // Nothing is run: nothing can be left beside the tracked files.
  if (request.commands.length === 0) return { ok: true, commands: [], blockedHosts: [], layer: { filesDir, homeDir } };
  await request.checkout(filesDir);
  await using proxy = await startProxy({
    allow: request.network,
    ...(request.registries ? { registries: request.registries } : {}),
  });
  const commands: SetupCommand[] = [];
  for (const step of request.commands) {
    const { command, hasNetwork } =
      typeof step === "string" ? { command: step, hasNetwork: request.network.length > 0 } : step;
    const result = await runStep(request, {
      filesDir,
      homeDir,
      command,
      socketPath: hasNetwork ? proxy.socketPath : null,
    });
    commands.push({
      command,
      exit: result.exit,
      durationMs: result.durationMs,
      tail: (result.whole ?? result.tail).slice(-tailChars),
    });
    if (result.exit !== 0) break;
  }
  await removeTracked(filesDir, request.tracked);
  const ok = commands.length === request.commands.length && commands.every(({ exit }) => exit === 0);
  return { ok, commands, blockedHosts: proxy.blocked(), layer: { filesDir, homeDir } };
}

async function runStep(
  request: LayerRequest,
  step: { filesDir: string; homeDir: string; command: string; socketPath: string | null },
): Promise<ExecResult> {
  const outputsDir = makeScratch("baton-setup-");
  try {
    await using sandbox = await createSandbox({
      walls: request.walls,
      workDir: step.filesDir,
      homeDir: step.homeDir,
      outputsDir,
      network: step.socketPath === null ? null : { socketPath: step.socketPath },
      env: setupEnv(request.registries ?? {}, step.socketPath !== null),
      ...(request.caFile === undefined ? {} : { caFile: request.caFile }),
      ...(request.path === undefined ? {} : { path: request.path }),
      ...(request.mask ? { mask: request.mask } : {}),
      ...(request.filterOptions ? { filterOptions: request.filterOptions } : {}),
      // installing dependencies is what set-up is for: twice what a single command of the model may add
      limits: { growthBytes: 4 * 1024 ** 3 },
    });
    const options = {
      timeoutMs: request.timeoutMs ?? defaultTimeoutMs,
      ...(request.signal ? { signal: request.signal } : {}),
      ...(request.cwd ? { cwd: request.cwd } : {}),
    };
    return await sandbox.exec(step.command, options);
  } finally {
    rmSync(outputsDir, { recursive: true, force: true });
  }
}

/** A work tree to start from: tracked files by checkout, untracked files and HOME copied from the layer. */
export interface WorkspaceRequest {
  walls: Walls;
  /** A new directory for this workspace. */
  dir: string;
  layer: Layer | null;
  checkout: (dir: string) => Promise<void>;
}

/** Makes a fresh workspace whose files share nothing writable with the layer. */
export async function openWorkspace(request: WorkspaceRequest): Promise<{ workDir: string; homeDir: string }> {
  const workDir = join(request.dir, "work");
  const homeDir = join(request.dir, "home");
  mkdirSync(workDir, { recursive: true });
  mkdirSync(homeDir, { recursive: true });
  chmodSync(workDir, 0o755);
  if (request.layer) {
    await copyInto(request.layer.filesDir, workDir);
    await copyInto(request.layer.homeDir, homeDir);
  }
  await request.checkout(workDir);
  await giveTo(request.walls.uid, [workDir, homeDir]);
  return { workDir, homeDir };
}

/** Ends a workspace: moved aside first, so that its name is free at once. */
export async function removeWorkspace(dir: string): Promise<void> {
  const aside = `${dir}.gone-${process.pid}-${Date.now()}`;
  try {
    await rename(dir, aside);
  } catch {
    return;
  }
  await removeTree(aside);
}
