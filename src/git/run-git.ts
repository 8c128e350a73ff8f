import { spawn } from "node:child_process";

export interface GitResult {
  /** Exit code; null when the process was ended by a signal, a timeout or the output cap. */
  code: number | null;
  stdout: Buffer;
  stderr: string;
  /** True when `maxBytes` was reached; stdout then holds the first part. */
  cut: boolean;
  timedOut: boolean;
}

export interface GitCall {
  args: readonly string[];
  env: Record<string, string>;
  cwd: string;
  input?: string | Uint8Array;
  /** Most bytes of stdout that are kept; the process is ended there. */
  maxBytes?: number;
  timeoutMs?: number;
  signal?: AbortSignal;
}

const maxStderrBytes = 256 * 1024;

/** A git call that came to an end nobody expected; the message has the end of stderr. */
export class GitError extends Error {
  override name = "GitError";
  readonly code: number | null;
  constructor(command: string, result: { code: number | null; stderr: string; timedOut: boolean }) {
    const why = result.timedOut ? "took too long" : `ended with ${result.code ?? "a signal"}`;
    super(`git ${command} ${why}: ${result.stderr.trim().slice(-2_000)}`);
    this.code = result.code;
  }
}

/** Runs git once with exactly this environment, and ends its whole process group on abort, timeout or too much output. */
export function runGit(call: GitCall): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    call.signal?.throwIfAborted();
    const child = spawn("git", [...call.args], {
      cwd: call.cwd,
      env: call.env,
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
    });
    const maxBytes = call.maxBytes ?? 512 * 1024 * 1024;
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    const state = { bytes: 0, errBytes: 0, cut: false, timedOut: false };
    const end = () => endGroup(child.pid);
    const timer = setTimeout(() => {
      state.timedOut = true;
      end();
    }, call.timeoutMs ?? 120_000);
    call.signal?.addEventListener("abort", end, { once: true });
    child.stdout.on("data", (chunk: Buffer) => {
      if (state.cut) return;
      out.push(state.bytes + chunk.length > maxBytes ? chunk.subarray(0, maxBytes - state.bytes) : chunk);
      state.bytes += chunk.length;
      if (state.bytes <= maxBytes) return;
      state.cut = true;
      end();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      if (state.errBytes < maxStderrBytes) err.push(chunk);
      state.errBytes += chunk.length;
    });
    // A child that ends early closes its stdin; its exit code tells the story.
    child.stdin.on("error", () => {});
    child.stdin.end(call.input ?? "");
    const settle = () => {
      clearTimeout(timer);
      call.signal?.removeEventListener("abort", end);
    };
    child.on("error", (error) => {
      settle();
      reject(new Error(`git could not be started: ${error.message}`, { cause: error }));
    });
    child.on("close", (code) => {
      settle();
      if (call.signal?.aborted) return reject(call.signal.reason);
      const stderr = Buffer.concat(err).toString("utf8");
      resolve({ code, stdout: Buffer.concat(out), stderr, cut: state.cut, timedOut: state.timedOut });
    });
  });
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Already gone.
  }
}
