import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fifos, openPipe } from "./fifo.ts";
import type { Launched } from "./launch.ts";
import { places } from "./places.ts";

type Env = Readonly<Record<string, string>>;

/** What raising walls needs of its sandbox. */
export interface RaiseHost {
  scratchDir: string;
  /** Starts `waitingShell` inside the walls, its standard input a pipe, both outputs `output`. */
  start(request: { name: string; commandFile: string; env: Env; output: number }): Launched;
}

/** Walls that stand around a shell which waits to be told its command. */
export interface Raised {
  running: Launched;
  /** Runs the command in this directory; what it prints goes to `feed`. */
  go(command: string, cwd: string, feed: (chunk: Buffer) => void): void;
  /** Resolves when its output was read to the end. */
  ended: Promise<void>;
  destroy(): void;
  /** Gives the pipe back; `drained` says that nothing was left in it. */
  release(drained: boolean): void;
}

/**
 * A shell that waits on its standard input for a directory, then becomes the one that runs the command file there; one
 * that cannot change to it says so itself. Its input is closed before anything of the command runs. Its arguments, if any, are
 * a forwarder, which it starts first: beside the command and not above it, where its exit code would stand for the command's,
 * and without the command's output: Node makes a pipe non-blocking for all who share it, and their writes fail when it is full.
 */
export const waitingShell: readonly string[] = [
  ...["/bin/bash", "--noprofile", "--norc", "-c"],
  `(($# == 0)) || IFS= read -r _ < <(exec "$@" </dev/null 2>/dev/null) || exit 127
IFS= read -r -d '' dir || exit 127
[ "$dir" = ${places.workspace} ] || cd -- "$dir" || exit 127
export -n OLDPWD
exec "$0" --noprofile --norc ${places.command} </dev/null`,
  "/bin/bash",
];

/** Raises walls command by command; with `warm`, those of the next one before it is known. */
export interface Raiser {
  /** Walls for one command: the ones that stand already, where it wants no variables of its own. */
  raise(env?: Env): Promise<Raised>;
  warm(): void;
  /** No more are raised ahead; what was being raised stands when this resolves. */
  stop(): Promise<void>;
}

/** Opens the raiser of one sandbox. */
export function createRaiser(host: RaiseHost): Raiser {
  let count = 0;
  let next: Promise<Raised | null> | null = null;
  let stopped = false;
  const raiseNow = (env: Env = {}): Promise<Raised> => {
    count += 1;
    return raiseWalls(host, `run-${count}`, env);
  };
  const takeNext = async (): Promise<Raised | null> => {
    // Taken before anything is waited for: two commands never share one namespace.
    const taken = next;
    next = null;
    const raised = await taken;
    if (!raised || (raised.running.child.exitCode === null && raised.running.child.signalCode === null)) return raised;
    raised.destroy();
    raised.release(false);
    return null;
  };
  return {
    raise: async (env) => (env === undefined ? await takeNext() : null) ?? (await raiseNow(env)),
    warm() {
      if (!stopped) next ??= raiseNow().catch(() => null);
    },
    async stop() {
      stopped = true;
      const raised = await next;
      next = null;
      // Walls that nobody came to use: their pipe would keep this process from ending.
      raised?.destroy();
      raised?.release(false);
    },
  };
}

async function raiseWalls(host: RaiseHost, name: string, env: Env): Promise<Raised> {
  const commandFile = join(host.scratchDir, `command-${name}`);
  writeFileSync(commandFile, "", { mode: 0o644 });
  const fifo = await fifos.take();
  const pipe = openPipe(fifo);
  const release = (drained: boolean): void => {
    fifos.release(fifo, drained);
    rmSync(commandFile, { force: true });
  };
  let running: Launched;
  try {
    running = host.start({ name, commandFile, env, output: pipe.writeFd });
  } catch (error) {
    pipe.abandon();
    release(false);
    throw error;
  }
  const early: Buffer[] = [];
  let sink = (chunk: Buffer): unknown => early.push(chunk);
  const reading = pipe.start((chunk) => sink(chunk));
  // A shell that is already dead is told by the end of the command, not by its input.
  running.child.stdin?.on("error", () => {});
  return {
    running,
    go(command, cwd, feed) {
      sink = feed;
      for (const chunk of early.splice(0)) feed(chunk);
      writeFileSync(commandFile, command);
      running.child.stdin?.end(`${cwd}\0`);
    },
    ended: reading.ended,
    destroy: reading.destroy,
    release,
  };
}
