import { Script } from "node:vm";

const slot = Symbol.for("baton.within-deadline");
const task = new Script("globalThis[Symbol.for('baton.within-deadline')]()");

/** What `work` gives, or null after `ms`: the engine itself ends it, since a parser under way cannot be asked to. Must not be nested. */
export function withinDeadline<T>(ms: number, work: () => T): T | null {
  const host = globalThis as { [slot]?: () => T };
  host[slot] = work;
  try {
    return task.runInThisContext({ timeout: ms }) as T;
  } catch (error) {
    if ((error as { code?: unknown }).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return null;
    throw error;
  } finally {
    delete host[slot];
  }
}
