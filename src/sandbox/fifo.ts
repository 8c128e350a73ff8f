import { spawn } from "node:child_process";
import { chmodSync, closeSync, constants, openSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { SandboxError } from "../domain/errors.ts";
import { findProgram } from "./host.ts";
import { makeScratch } from "./scratch.ts";

/**
 * Named pipes for both output streams of a command. A pipe and not the socket that Node would make: programs that open
 * `/dev/stdout` again fail on a socket, and one pipe keeps the order of stdout and stderr.
 *
 * One pool serves all sandboxes of this process, since each pipe costs the start of a program; a pipe comes back only
 * when it was read to its end, so that nobody of an earlier command can hold it.
 */
class FifoPool {
  readonly #free: string[] = [];
  #dir: string | null = null;
  #made = 0;

  /** A pipe that nobody holds open. */
  async take(): Promise<string> {
    const free = this.#free.pop();
    if (free) return free;
    this.#made += 1;
    this.#dir ??= makeScratch("baton-pipes-");
    const path = join(this.#dir, String(this.#made));
    await makeFifo(path);
    chmodSync(path, 0o666);
    return path;
  }

  /** Gives a pipe back; one that was not read to its end is removed. */
  release(path: string, drained: boolean): void {
    if (drained) this.#free.push(path);
    else rmSync(path, { force: true });
  }
}

/** The pipes of this process; gone when it ends. */
export const fifos: FifoPool = new FifoPool();

function makeFifo(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(findProgram("mkfifo") ?? "mkfifo", [path], { env: {}, stdio: "ignore" });
    const fail = (cause: unknown): void =>
      reject(new SandboxError("mkfifo failed", { hint: "Install coreutils.", cause }));
    child.once("error", fail);
    child.once("exit", (code) => (code === 0 ? resolve() : fail(`exit ${code}`)));
  });
}

/** An open pipe: the write end for a child, the read end as a stream. */
export interface OpenPipe {
  writeFd: number;
  /** Closes our write end and starts to read; `onData` false stops the reading. */
  start(onData: (chunk: Buffer) => void): { ended: Promise<void>; destroy(): void };
  abandon(): void;
}

/** Opens both ends: the read end first and without blocking, so that neither open waits for the other. */
export function openPipe(path: string): OpenPipe {
  const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writeFd = openSync(path, constants.O_WRONLY);
  return {
    writeFd,
    start(onData) {
      closeSync(writeFd);
      const socket = new Socket({ fd: readFd, readable: true, writable: false });
      const ended = new Promise<void>((resolve) => {
        socket.once("end", resolve);
        socket.once("close", () => resolve());
        socket.on("error", () => resolve());
      });
      socket.on("data", onData);
      return { ended, destroy: () => socket.destroy() };
    },
    abandon() {
      closeSync(writeFd);
      closeSync(readFd);
    },
  };
}
