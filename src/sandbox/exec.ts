import { SandboxError } from "../domain/errors.ts";
import { Capture, type Captured } from "./capture.ts";
import type { GrowthWatch } from "./growth.ts";
import type { Launched } from "./launch.ts";
import { places } from "./places.ts";
import type { Raised } from "./raise.ts";

/** How one command is run. */
export interface ExecOptions {
  timeoutMs: number;
  /** Directory inside the walls; the work tree when absent. */
  cwd?: string;
  signal?: AbortSignal;
  /** File on the host that takes everything the command prints, up to the cap; it must not exist yet. */
  outputFile?: string;
  /** Besides the allow-list; only for Baton's own set-up and oracles. */
  env?: Readonly<Record<string, string>>;
}

/** Why a command did not end by itself. */
export type KillReason = "timeout" | "aborted" | "output" | "disk" | "memory";

/** What became of one command. A non-zero exit is data. */
export interface ExecResult {
  /** As a shell shows it (128 + signal included); null when the command was killed from outside. */
  exit: number | null;
  signal: string | null;
  timedOut: boolean;
  durationMs: number;
  outputBytes: number;
  outputLines: number;
  outputSha256: string;
  binary: boolean;
  head: string;
  tail: string;
  /** Everything printed, when it is at most 192 KiB. */
  whole: string | null;
  outputFile?: string;
  /** Output went over the cap and the command was killed for it. */
  capped: boolean;
  killedBecause?: KillReason;
}

/** What `runCommand` needs of its sandbox. */
export interface ExecHost {
  outputCap: number;
  memoryKills(): number;
  watch(onTooMuch: () => void): GrowthWatch;
}

/** Longest wait for the last bytes in the pipe after every process is dead, ms: nobody can hold it, but a busy Baton reads late. */
const drainMs = 5_000;

/** Runs one command in a namespace of its own and returns when every process of it is dead. */
export async function runCommand(
  host: ExecHost,
  raised: Raised,
  command: string,
  options: ExecOptions,
): Promise<ExecResult> {
  let drained = false;
  try {
    const ended = await runThrough(host, raised, command, options);
    drained = ended.drained;
    return ended.result;
  } finally {
    raised.release(drained);
  }
}

async function runThrough(
  host: ExecHost,
  raised: Raised,
  command: string,
  options: ExecOptions,
): Promise<{ result: ExecResult; drained: boolean }> {
  const { running } = raised;
  const capture = new Capture(host.outputCap, options.outputFile);
  const started = performance.now();
  const killsBefore = host.memoryKills();
  let killedBecause: KillReason | undefined;
  const kill = (reason: KillReason): void => {
    killedBecause ??= reason;
    running.kill();
  };
  raised.go(command, options.cwd ?? places.workspace, (chunk) => {
    if (!capture.feed(chunk)) kill("output");
  });
  const watch = host.watch(() => kill("disk"));
  const timer = setTimeout(() => kill("timeout"), Math.min(Math.max(options.timeoutMs, 1), 2 ** 31 - 1));
  const onAbort = (): void => kill("aborted");
  options.signal?.addEventListener("abort", onAbort);
  if (options.signal?.aborted) onAbort();
  try {
    await running.dead;
  } finally {
    clearTimeout(timer);
    watch.stop();
    options.signal?.removeEventListener("abort", onAbort);
  }
  const drained = await settles(raised.ended, drainMs);
  raised.destroy();
  if (host.memoryKills() > killsBefore) killedBecause ??= "memory";
  const captured = capture.finish();
  const exit = running.exitCode();
  if (exit === null && killedBecause === undefined) throw wallsFell(captured, running);
  return { result: describeEnd({ exit, killedBecause, captured, started, outputFile: options.outputFile }), drained };
}

function describeEnd(end: {
  exit: number | null;
  killedBecause: KillReason | undefined;
  captured: Captured;
  started: number;
  outputFile: string | undefined;
}): ExecResult {
  const { captured, killedBecause } = end;
  const byUs = killedBecause !== undefined && killedBecause !== "memory";
  return {
    exit: byUs ? null : end.exit,
    signal: byUs ? "SIGKILL" : null,
    timedOut: killedBecause === "timeout",
    durationMs: Math.round(performance.now() - end.started),
    outputBytes: captured.bytes,
    outputLines: captured.lines,
    outputSha256: captured.sha256,
    binary: captured.binary,
    head: captured.head,
    tail: captured.tail,
    whole: captured.whole,
    ...(end.outputFile === undefined ? {} : { outputFile: end.outputFile }),
    capped: killedBecause === "output",
    ...(killedBecause === undefined ? {} : { killedBecause }),
  };
}

function wallsFell(captured: Captured, running: Launched): SandboxError {
  const said = captured.head.trim().slice(0, 600) || `exit ${running.child.exitCode ?? running.child.signalCode}`;
  return new SandboxError(`the walls did not stand: ${said}`, {
    hint: "Nothing was run. Look at the message of bubblewrap; `baton doctor` probes the walls again.",
  });
}

function settles(promise: Promise<void>, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ms);
    void promise.then(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
