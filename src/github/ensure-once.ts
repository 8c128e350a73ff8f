import { canonicalJson, sha256 } from "../domain/hash.ts";
import type { GitHub } from "./client.ts";
import { isUnknownOutcome, readWait } from "./outcome.ts";

/** Where intents go before an outward write, and their results after it: the journal in a run, memory in the App. */
export interface IntentLog {
  intended(key: string, op: string, args: unknown): Promise<void>;
  done(key: string, op: string, id: string): Promise<void>;
  /** Whether an earlier, killed process may have carried out this write without saying so. */
  isOpen?(key: string): boolean;
}

/** An intent log for callers whose only memory is GitHub itself. */
export const noIntentLog: IntentLog = { intended: async () => {}, done: async () => {} };

/** One outward write that must have exactly one effect. */
export interface OnceSpec<T> {
  /** What makes the effect findable: `pull_request`, `status_comment`, `check_run:<sha>`, …. */
  key: string;
  op: string;
  args: unknown;
  /** Looks the effect up by its key; null when it cannot be seen (yet). */
  find(): Promise<T | null>;
  act(): Promise<T>;
  /** What GitHub calls it; stored with `done`. */
  idOf(made: T): string;
}

/** Waits in ms between looks for an effect whose answer was lost: lists may lag behind writes (6-github-facts, row 62). */
export const lagWaitsMs: readonly number[] = [500, 1_500, 3_000, 6_000];
const attempts = 4;

/** intent → look up by key → act only if absent → done; an unknown outcome is looked up, never repeated blindly. */
export async function ensureOnce<T>(github: GitHub, log: IntentLog, spec: OnceSpec<T>): Promise<T> {
  const wasOpen = log.isOpen?.(spec.key) ?? false;
  const before = wasOpen ? await findWithLag(github, spec) : await spec.find();
  if (before !== null) return finish(log, spec, before);
  await log.intended(spec.key, spec.op, { sha256: sha256(canonicalJson(spec.args)) });
  for (let attempt = 1; ; attempt++) {
    try {
      return await finish(log, spec, await spec.act());
    } catch (error) {
      const patience = readWait(error, attempt, Date.now());
      if (patience === null ? !isUnknownOutcome(error) : patience > github.maxWriteWaitMs) throw error;
      if (patience !== null) await github.sleep(patience);
      // A limit is refused before any effect: only somebody else can have done it meanwhile.
      const found = patience === null ? await findWithLag(github, spec) : await spec.find();
      if (found !== null) return finish(log, spec, found);
      if (attempt >= attempts) throw error;
    }
  }
}

async function findWithLag<T>(github: GitHub, spec: OnceSpec<T>): Promise<T | null> {
  for (const wait of [0, ...lagWaitsMs]) {
    if (wait > 0) await github.sleep(wait);
    const found = await spec.find();
    if (found !== null) return found;
  }
  return null;
}

async function finish<T>(log: IntentLog, spec: OnceSpec<T>, made: T): Promise<T> {
  await log.done(spec.key, spec.op, spec.idOf(made));
  return made;
}

/** A write whose repetition is harmless (setting a label, a body, a state): tried again on an unknown outcome. */
export async function ensureSet<T>(github: GitHub, act: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act();
    } catch (error) {
      const wait = readWait(error, attempt, Date.now()) ?? (isUnknownOutcome(error) ? 500 * 2 ** attempt : null);
      if (wait === null || wait > github.maxWriteWaitMs || attempt >= attempts) throw error;
      await github.sleep(wait);
    }
  }
}
