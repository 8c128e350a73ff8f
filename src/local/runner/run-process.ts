import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { killJobProcesses, signalAll, treeOf } from "./processes.ts";

/** How long GitHub's runner waits between the steps of a cancel, ms (runner: ProcessInvoker.cs). */
export interface CancelLadder {
  interruptMs: number;
  terminateMs: number;
}

export const githubCancelLadder: CancelLadder = { interruptMs: 7_500, terminateMs: 2_500 };

export interface ProcessSpec {
  command: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
  trackingId: string;
  /** SIGINT, then SIGTERM, then the whole tree is killed. */
  cancel: AbortSignal;
  ladder: CancelLadder;
  onLine: (line: string) => void;
}

/** A step's process while it runs. */
export interface RunningProcess {
  readonly pid: number | null;
  readonly ended: Promise<{ exit: number | null; signal: NodeJS.Signals | null }>;
  /** The machine is gone: the tree dies with SIGKILL, at once. */
  vanish(): Promise<void>;
  /** Stops and continues the whole tree. */
  freeze(signal: "SIGSTOP" | "SIGCONT"): Promise<void>;
}

/** How long output may still come after the process has ended, ms. */
const drainMs = 500;

/** Starts a step's process in a group of its own; its output goes line by line to `onLine`. */
export function startProcess(spec: ProcessSpec): RunningProcess {
  const child = spawn(spec.command, spec.args, {
    cwd: spec.cwd,
    env: spec.env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const pid = child.pid ?? null;
  const output = Promise.all([readLines(child.stdout, spec.onLine), readLines(child.stderr, spec.onLine)]);
  const timers: NodeJS.Timeout[] = [];
  const climb = (): void => {
    if (pid === null) return;
    // Only the entry process gets the signal.
    signalAll([pid], "SIGINT");
    timers.push(setTimeout(() => signalAll([pid], "SIGTERM"), spec.ladder.interruptMs));
    timers.push(
      setTimeout(() => void killJobProcesses(pid, spec.trackingId), spec.ladder.interruptMs + spec.ladder.terminateMs),
    );
  };
  if (spec.cancel.aborted) climb();
  else spec.cancel.addEventListener("abort", climb, { once: true });
  const ended = new Promise<{ exit: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once("error", (error) => {
      spec.onLine(`::error::${error.message}`);
      resolve({ exit: null, signal: null });
    });
    child.once("exit", (exit, signal) => {
      const drained = new Promise((done) => timers.push(setTimeout(done, drainMs)));
      void Promise.race([output, drained]).then(() => resolve({ exit, signal }));
    });
  }).finally(() => {
    spec.cancel.removeEventListener("abort", climb);
    for (const timer of timers) clearTimeout(timer);
    child.stdout.destroy();
    child.stderr.destroy();
  });
  return {
    pid,
    ended,
    vanish: () => killJobProcesses(pid, spec.trackingId),
    freeze: async (signal) => {
      if (pid !== null) signalAll(await treeOf(pid), signal);
    },
  };
}

function readLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  return new Promise((resolve) => {
    const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
    lines.on("line", onLine);
    lines.once("close", resolve);
    stream.once("error", () => lines.close());
  });
}
