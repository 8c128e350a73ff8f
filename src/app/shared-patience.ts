import { describeError } from "../domain/errors.ts";
import { createPatience, type Patience } from "../github/patience.ts";
import type { Log } from "../intake/intake-hands.ts";
import type { Redis } from "./redis.ts";

/**
 * GitHub's wish for a pause, known to every replica within one request. A Redis that is down costs nothing but that: each
 * replica then learns of the pause from GitHub itself, and the log says so once.
 */
export function createSharedPatience(redis: Redis, key: string, log: Log): Patience {
  const own = createPatience();
  let isDown = false;
  const ask = async <T>(asked: Promise<T>): Promise<T | null> => {
    try {
      const reply = await asked;
      isDown = false;
      return reply;
    } catch (error) {
      if (!isDown) log({ error: describeError(error) }, "Redis does not answer; pauses are not shared");
      isDown = true;
      return null;
    }
  };
  return {
    until: async () => {
      const mine = await own.until();
      if (mine > Date.now()) return mine;
      return Number(await ask(redis.get(key))) || 0;
    },
    hold: async (until) => {
      await own.hold(until);
      const ms = Math.ceil(until - Date.now());
      if (ms > 0) await ask(redis.set(key, String(until), ms));
    },
  };
}
