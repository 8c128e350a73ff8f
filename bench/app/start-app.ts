import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { AppOrder } from "./app-process.ts";

/** Where Node keeps what it made of the sources: a server that is killed and started again comes up in half the CPU time. */
const compileCache = fileURLToPath(new URL("../../node_modules/.cache/baton-bench/", import.meta.url));

/** A server in a process of its own, which can be killed like one. */
export interface ServerProcess extends AsyncDisposable {
  url: string;
  pid: number;
  /** `kill -9`; resolves when it is gone. */
  kill(): Promise<void>;
  /** Most memory it ever held, in bytes; Linux only. */
  peakBytes(): Promise<number>;
}

/** Starts the App (or the bare server to compare it with) and waits until it listens. */
export async function startServer(order: AppOrder): Promise<ServerProcess> {
  const entry = fileURLToPath(new URL("./app-process.ts", import.meta.url));
  const child = spawn(process.execPath, [entry], {
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: compileCache, BATON_BENCH_APP: JSON.stringify(order) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const gone = once(child, "exit");
  const [chunk] = (await Promise.race([once(child.stdout, "data"), gone.then(() => [null])])) as [Buffer | null];
  if (!chunk) throw new Error("the server ended before it listened");
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await gone;
  };
  return {
    url: chunk.toString().trim(),
    pid: child.pid!,
    kill,
    peakBytes: async () => {
      const status = await readFile(`/proc/${child.pid}/status`, "utf8");
      return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) * 1_024;
    },
    [Symbol.asyncDispose]: kill,
  };
}
