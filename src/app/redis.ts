import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@redis/client";
import { ConfigError, describeError } from "../domain/errors.ts";

/** As much of Redis as replicas need to know of each other's pauses. */
export interface Redis extends AsyncDisposable {
  /** Ends of pauses, ms since the epoch. Both throw while the connection is lost, or after a second without an answer. */
  get(key: string): Promise<string | null>;
  /** Forgotten after `ms`. */
  set(key: string, value: string, ms: number): Promise<void>;
}

const answerWithinMs = 1_000;

/** Connects to `redis://` or `rediss://` and proves that it answers. Throws ConfigError with what is wrong; the password is never shown. */
export async function openRedis(address: string): Promise<Redis> {
  const url = readAddress(address);
  let isOpen = false;
  const client = createClient({
    url: url.href,
    // A request of GitHub's waits for the answer: one that cannot be had at once is not waited for.
    disableOfflineQueue: true,
    // A first connection that fails is a mistake to tell; a lost one comes back by itself.
    socket: {
      connectTimeout: answerWithinMs,
      reconnectStrategy: (retries) => isOpen && Math.min(retries * 100, 5_000),
    },
  });
  // Told by each call that fails.
  client.on("error", () => {});
  try {
    await client.connect();
    await inTime(client.ping());
    isOpen = true;
  } catch (cause) {
    if (client.isOpen) client.destroy();
    throw new ConfigError(`Redis at ${url.host} does not answer: ${describeError(cause)}`, {
      hint: "Mend REDIS_URL, or leave it out: one copy of the App needs no Redis.",
      cause,
    });
  }
  return {
    get: (key) => inTime(client.get(key)),
    set: async (key, value, ms) =>
      void (await inTime(client.set(key, value, { expiration: { type: "PX", value: ms } }))),
    [Symbol.asyncDispose]: async () => client.destroy(),
  };
}

/** The library's own time limit ends with the sending: a server that only hangs would be waited for for ever. */
function inTime<T>(asked: Promise<T>): Promise<T> {
  const late = sleep(answerWithinMs, undefined, { ref: false }).then(() => {
    throw new Error(`no answer within ${answerWithinMs} ms`);
  });
  return Promise.race([asked, late]);
}

function readAddress(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url && /^rediss?:$/.test(url.protocol) && url.hostname !== "" && /^\/?\d*$/.test(url.pathname)) return url;
  throw new ConfigError("REDIS_URL is no address of a Redis server.", {
    hint: "It looks like redis://:PASSWORD@HOST:6379/0, or rediss:// for TLS.",
  });
}
