import type { Record } from "../domain/event.ts";
import { canonicalJson, sha256 } from "../domain/hash.ts";

/** What every outward write leaves in the journal: before it, and after it with the id of what was made. */
export interface IntentLog {
  /** Durable when it resolves: only then may the write be made. */
  intended(key: string, op: string, args: unknown): Promise<void>;
  done(key: string, op: string, id: string | number): Promise<void>;
}

/** The intent log of a session. An intent without its `done` is looked up by key before anything is made again. */
export function createIntentLog(record: Record): IntentLog {
  return {
    async intended(key, op, args) {
      await record("write_intended", { key, op, args_sha256: sha256(canonicalJson(args ?? null)) });
    },
    async done(key, op, id) {
      await record("write_done", { key, op, id: String(id) });
    },
  };
}
