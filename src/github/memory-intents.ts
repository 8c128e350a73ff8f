import type { IntentLog } from "./ensure-once.ts";

/**
 * Intents of a process without a journal: what it has done lately is looked for patiently before it is done again, so
 * that a list that lags behind does not make a second one. A crash loses it; then GitHub's lists have caught up.
 */
export function createMemoryIntents(scope: string, known: Set<string>, capacity = 5_000): IntentLog {
  const remember = async (key: string) => {
    known.add(`${scope}/${key}`);
    if (known.size > capacity) known.delete(known.values().next().value ?? "");
  };
  return { intended: remember, done: remember, isOpen: (key) => known.has(`${scope}/${key}`) };
}
