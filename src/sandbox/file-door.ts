import { describeError, SandboxError } from "../domain/errors.ts";
import { createUnframer, type FileAnswer, type FileOperation, type FileRequests, frame } from "./inside/protocol.ts";
import type { Launched } from "./launch.ts";

/** File tools that run inside the walls. Refusals are values; `guard` may refuse by the real path before a write. */
export interface FileDoor {
  read(request: FileRequests["read"]): Promise<FileAnswer>;
  write(request: Omit<FileRequests["write"], "seen">, guard?: PathGuard): Promise<FileAnswer>;
  edit(request: FileRequests["edit"], guard?: PathGuard): Promise<FileAnswer>;
  glob(request: FileRequests["glob"]): Promise<FileAnswer>;
  grep(request: FileRequests["grep"]): Promise<FileAnswer>;
}

/** Says why a path of the work tree (relative, links resolved) may not be written, or null. */
export type PathGuard = (path: string) => string | null;

/** A request that takes longer ends with its server, so that no pattern can hold the context up, ms. */
const answerWithinMs = 30_000;

interface Waiting {
  resolve(answer: FileAnswer): void;
  reject(error: unknown): void;
}

/** The helper process: started at the first request, and anew after it died or was killed. */
class Helper {
  readonly #start: () => Launched;
  readonly #waiting = new Map<number, Waiting>();
  #running: Launched | null = null;
  #count = 0;

  constructor(start: () => Launched) {
    this.#start = start;
  }

  get pid(): number | null {
    return this.#running?.initPid() ?? null;
  }

  ask(op: FileOperation, args: unknown, timeoutMs: number): Promise<FileAnswer> {
    const running = this.#running ?? this.#open();
    this.#count += 1;
    const id = this.#count;
    return new Promise<FileAnswer>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        resolve({
          kind: "refused",
          reason: `${op} took longer than ${timeoutMs / 1000} s and was ended: use a simpler pattern or a smaller path`,
        });
        running.kill();
      }, timeoutMs);
      const settled = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
      };
      this.#waiting.set(id, {
        resolve(answer) {
          settled();
          resolve(answer);
        },
        reject(error) {
          settled();
          reject(error);
        },
      });
      running.child.stdin?.write(frame({ id, op, args }));
    });
  }

  #open(): Launched {
    const running = this.#start();
    this.#running = running;
    let said = "";
    const unframe = createUnframer((message) => {
      const { id, answer } = message as { id: number; answer: FileAnswer };
      this.#waiting.get(id)?.resolve(answer);
    });
    running.child.stdout?.on("data", (chunk: Buffer) => {
      try {
        unframe(chunk);
      } catch {
        running.kill();
      }
    });
    running.child.stderr?.on("data", (chunk: Buffer) => {
      if (said.length < 2_000) said += chunk.toString("utf8");
    });
    running.child.stdin?.on("error", () => {});
    const gone = (why: unknown): void => {
      if (this.#running === running) this.#running = null;
      const error = new SandboxError(`the file server inside the walls ended: ${said.trim() || describeError(why)}`, {
        hint: "It is started again at the next call.",
      });
      for (const waiting of [...this.#waiting.values()]) waiting.reject(error);
    };
    running.dead.then(() => gone(new Error(`exit ${running.exitCode() ?? "by kill"}`)), gone);
    return running;
  }

  async close(): Promise<void> {
    const running = this.#running;
    this.#running = null;
    running?.kill();
    await running?.dead.catch(() => {});
  }
}

/** A door to the file tools of one sandbox. One request at a time; a helper that died once is replaced once. */
export function createFileDoor(
  start: () => Launched,
): FileDoor & { helperPid(): number | null; close(): Promise<void> } {
  const helper = new Helper(start);
  const seen = new Map<string, string>();
  let last: Promise<unknown> = Promise.resolve();
  const askAgain = async (op: FileOperation, args: unknown): Promise<FileAnswer> => {
    try {
      return await helper.ask(op, args, answerWithinMs);
    } catch {
      return await helper.ask(op, args, answerWithinMs);
    }
  };
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work);
    last = next.catch(() => {});
    return next;
  };
  const remember = (answer: FileAnswer): FileAnswer => {
    if (answer.kind === "ok" && answer.sha) seen.set(answer.path, answer.sha);
    return answer;
  };
  const guarded = async (
    path: string,
    guard: PathGuard | undefined,
  ): Promise<{ refused: FileAnswer } | { path: string }> => {
    const place = await askAgain("locate", { path });
    if (place.kind === "refused") return { refused: place };
    const why = guard?.(place.path) ?? null;
    return why === null ? { path: place.path } : { refused: { kind: "refused", reason: why } };
  };
  return {
    read: (request) => inTurn(async () => remember(await askAgain("read", request))),
    glob: (request) => inTurn(() => askAgain("glob", request)),
    grep: (request) => inTurn(() => askAgain("grep", request)),
    write: (request, guard) =>
      inTurn(async () => {
        const place = await guarded(request.path, guard);
        if ("refused" in place) return place.refused;
        return remember(await askAgain("write", { ...request, path: place.path, seen: seen.get(place.path) ?? null }));
      }),
    edit: (request, guard) =>
      inTurn(async () => {
        const place = await guarded(request.path, guard);
        if ("refused" in place) return place.refused;
        const known = seen.has(place.path);
        const answer = await askAgain("edit", { ...request, path: place.path });
        return known ? remember(answer) : answer;
      }),
    helperPid: () => helper.pid,
    close: () => helper.close(),
  };
}
