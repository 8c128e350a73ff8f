import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SandboxLimits } from "./limits.ts";

/**
 * Runs before the walls are made, outside them: closes every descriptor that this process may have inherited without
 * close-on-exec (they would be handed in), sets the limits, joins the control groups, offers itself first to the
 * kernel when memory is short, and goes on with an empty environment.
 * Arguments: options file, filter of system calls, limits (processes, file KiB, open files, data KiB), number of groups,
 * groups, then the program.
 */
const launcher = `umask 022
for f in /proc/self/fd/*; do n=\${f##*/}; case $n in 0|1|2|3) ;; *) eval "exec $n>&-" ;; esac; done
{ echo 1000 > /proc/self/oom_score_adj; ulimit -c 0; ulimit -u "$3"; ulimit -f "$4"; ulimit -n "$5"; ulimit -d "$6"; } 2>/dev/null
exec 4<"$1" 5<"$2" || exit 125
shift 6
for ((i = $1; i > 0; i--)); do shift; echo $$ > "$1" || exit 125; done
shift
exec -c "$@"`;

/** The descriptor under which they find the filter of system calls; it keeps it from what it starts. */
export const filterFd = 5;

/** How a program is started inside the walls. */
export interface LaunchRequest {
  /** Program and arguments that make the walls: `[setpriv …] bwrap …`. */
  prefix: readonly string[];
  /** What that program reads from descriptor 4: the walls in its own words. */
  plan: string;
  /** File with the filter of system calls; an empty one where there is none. */
  filterFile: string;
  limits: SandboxLimits;
  /** Tasks that the outside user already has: the kernel counts them too. */
  tasksBefore: number;
  joinFiles: readonly string[];
  program: readonly string[];
  scratchDir: string;
  name: string;
  stdio: [stdin: "ignore" | "pipe", stdout: "pipe" | number, stderr: "pipe" | number];
}

/** A started program: the monitor outside and, once known, the first process inside by its id on the host. */
export interface Launched {
  child: ChildProcess;
  initPid(): number | null;
  /** Exit code as the first process inside reports it; null when the walls never stood or were killed. */
  exitCode(): number | null;
  /** Kills everything inside at once. */
  kill(): void;
  /** Resolves when the program has ended and every process of its namespace is dead. */
  dead: Promise<void>;
}

/** Starts a program inside the walls with an empty environment outside them. */
export function launch(request: LaunchRequest): Launched {
  const optionsFile = join(request.scratchDir, `options-${request.name}`);
  writeFileSync(optionsFile, request.plan, { mode: 0o600 });
  const { limits } = request;
  const numbers = [
    limits.processes + request.tasksBefore,
    kib(limits.fileBytes),
    limits.openFiles,
    kib(limits.memoryBytes),
  ];
  const args = [
    ...["--noprofile", "--norc", "-c", launcher, "baton", optionsFile, request.filterFile, ...numbers.map(String)],
    ...[String(request.joinFiles.length), ...request.joinFiles],
    ...[...request.prefix, ...request.program],
  ];
  const child = spawn("/bin/bash", args, { env: {}, cwd: "/", stdio: [...request.stdio, "pipe"] });
  const status = readStatus(child);
  const dead = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => Promise.all([waitForNamespace(status), status.ended]).then(() => resolve()));
  }).finally(() => rmSync(optionsFile, { force: true }));
  return {
    child,
    initPid: status.initPid,
    exitCode: status.exitCode,
    kill() {
      // Killed before it has said who its first process is, it would leave that one waiting for ever.
      void status.known.then(() => {
        const init = status.initPid();
        if (init !== null && child.exitCode === null && child.signalCode === null) killQuietly(init);
        child.kill("SIGKILL");
      });
    },
    dead,
  };
}

interface Status {
  initPid(): number | null;
  exitCode(): number | null;
  /** Resolves when the first process is known, or will not be. */
  known: Promise<void>;
  ended: Promise<void>;
}

/** Longest time in which the first process must be there, ms; a busy machine needs seconds. */
const knownWithinMs = 10_000;

/** Longest wait for the end of the status pipe after the exit, ms: whoever could hold it dies with the namespace. */
const statusWithinMs = 5_000;

function readStatus(child: ChildProcess): Status {
  let text = "";
  const ended = new Promise<void>((resolve) => {
    child.stdio[3]?.once("close", () => resolve());
    child.once("error", () => resolve());
    // The code is written before the exit, but a busy Baton may see the exit first: only the pipe's end says that all was read.
    child.once("exit", () => setTimeout(resolve, statusWithinMs).unref());
  });
  let tell = (): void => {};
  const known = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, knownWithinMs).unref();
    tell = () => {
      clearTimeout(timer);
      resolve();
    };
    void ended.then(tell);
  });
  child.stdio[3]?.on("data", (chunk: Buffer) => {
    text += chunk.toString("utf8");
    if (text.includes("child-pid")) tell();
  });
  child.stdio[3]?.on("error", () => {});
  const number = (pattern: RegExp): number | null => {
    const found = pattern.exec(text)?.[1];
    return found === undefined ? null : Number(found);
  };
  return {
    initPid: () => number(/"child-pid":\s*(\d+)/),
    exitCode: () => number(/"exit-code":\s*(\d+)/),
    known,
    ended,
  };
}

/** The kernel kills a PID namespace with its first process; that one is a zombie only when all others are gone. */
async function waitForNamespace({ initPid, ended }: Status): Promise<void> {
  let isRead = false;
  void ended.then(() => {
    isRead = true;
  });
  for (let waited = 0; waited < 5_000; waited += 5) {
    const pid = initPid();
    if (pid === null && isRead) return;
    if (pid !== null && isGone(pid)) return;
    if (pid !== null && waited >= 100) killQuietly(pid);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function isGone(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return /^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    return true;
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // already gone
  }
}

const kib = (bytes: number): number => Math.floor(bytes / 1024);
