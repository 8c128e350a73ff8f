import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";

export interface ReadObject {
  id: string;
  type: string;
  body: Buffer;
}

export interface ObjectReader {
  /** Content of an object by id or expression such as `<tree>:<path>`; null when there is none. */
  read(expression: string): Promise<ReadObject | null>;
  close(): void;
}

/** One long-lived `git cat-file --batch`, started at the first read, so that reads cost no process each. */
export function createObjectReader(gitDir: string, env: Record<string, string>): ObjectReader {
  let batch: Batch | null = null;
  let turn: Promise<unknown> = Promise.resolve();
  const readNow = async (expression: string): Promise<ReadObject | null> => {
    if (!batch || batch.ended()) batch = startBatch(gitDir, env);
    return await batch.ask(expression);
  };
  return {
    read(expression) {
      if (expression.includes("\0")) return Promise.resolve(null);
      // One question at a time: an answer may echo an expression that has line feeds.
      const answer = turn.then(() => readNow(expression));
      turn = answer.catch(() => {});
      return answer;
    },
    close() {
      batch?.close();
      batch = null;
    },
  };
}

interface Batch {
  ask(expression: string): Promise<ReadObject | null>;
  ended(): boolean;
  close(): void;
}

function startBatch(gitDir: string, env: Record<string, string>): Batch {
  const args = [`--git-dir=${gitDir}`, "cat-file", "--batch", "-z"];
  const child = spawn("git", args, { cwd: gitDir, env, detached: true, stdio: ["pipe", "pipe", "ignore"] });
  let ended = false;
  let waiting: { resolve(value: ReadObject | null): void; reject(error: Error): void } | null = null;
  let answer = createAnswer();
  const fail = (error: Error) => {
    ended = true;
    waiting?.reject(error);
    waiting = null;
  };
  child.on("error", fail);
  child.on("close", () => fail(new Error("git cat-file ended before it answered")));
  child.stdin.on("error", () => {});
  child.stdout.on("data", (chunk: Buffer) => {
    const object = answer.add(chunk);
    if (object === undefined || !waiting) return;
    waiting.resolve(object);
    waiting = null;
    keepAlive(child, false);
  });
  keepAlive(child, false);
  return {
    ended: () => ended,
    ask: (expression) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        answer = createAnswer();
        keepAlive(child, true);
        child.stdin.write(`${expression}\0`);
      }),
    close: () => child.stdin.end(),
  };
}

/** Collects the chunks of one answer; `add` returns undefined until it is whole. */
function createAnswer(): { add(chunk: Buffer): ReadObject | null | undefined } {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let needed = 0;
  return {
    add(chunk) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes < needed) return undefined;
      const whole = Buffer.concat(chunks);
      const newline = whole.indexOf(0x0a);
      const match = /^([0-9a-f]{40}) (blob|tree|commit|tag) (\d+)$/.exec(
        whole.toString("latin1", 0, Math.max(0, newline)),
      );
      if (!match)
        return / (missing|ambiguous)\n$/.test(whole.toString("latin1", Math.max(0, bytes - 12))) ? null : undefined;
      needed = newline + 1 + Number(match[3]) + 1;
      if (bytes < needed) return undefined;
      return { id: match[1]!, type: match[2]!, body: whole.subarray(newline + 1, needed - 1) };
    },
  };
}

// An idle reader must not keep Baton alive; a waiting one must.
function keepAlive(child: ChildProcess, on: boolean): void {
  const sockets = [child.stdin, child.stdout] as unknown as Socket[];
  for (const one of [child, ...sockets]) {
    if (on) one.ref();
    else one.unref();
  }
}
