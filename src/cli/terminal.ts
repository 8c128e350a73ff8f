import { text } from "node:stream/consumers";
import type { Terminal } from "./command.ts";

/** The process's own terminal. SIGINT, SIGTERM and SIGHUP (a window that was closed) abort the signal once; a second one ends the process at once. */
export function openTerminal(): Terminal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      controller.abort(new Error(`received ${name}`));
    });
  }
  // A reader that went away (`| head`) ends the reading, not the work; output that is lost otherwise (a full disk) shows in the exit code.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") process.exitCode = 1;
    });
  }
  return {
    env: process.env,
    cwd: process.cwd(),
    stdin: () => text(process.stdin),
    out: (chunk) => void process.stdout.write(chunk),
    err: (chunk) => void process.stderr.write(chunk),
    isInteractive: process.stderr.isTTY === true && process.env.TERM !== "dumb",
    columns: () => process.stderr.columns ?? 80,
    signal: controller.signal,
  };
}
