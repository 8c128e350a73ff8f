import { createContext, Script } from "node:vm";

const script = new Script("new RegExp(pattern, flags).exec(text)");

/** What matching an untrusted pattern came to; `groups[0]` is the whole match. */
export type SafeMatch =
  | { kind: "match"; groups: (string | undefined)[] }
  | { kind: "no_match" }
  | { kind: "bad_pattern"; reason: string };

/**
 * Matches a pattern that a model wrote against text that the code under test wrote, for at most 1,000 ms: a pattern that
 * backtracks for ever is a bad pattern, never a hanging Baton.
 */
export function safeMatch(pattern: string, text: string, flags = "mu"): SafeMatch {
  try {
    const found: unknown = script.runInContext(createContext({ pattern, flags, text }), { timeout: 1_000 });
    return Array.isArray(found) ? { kind: "match", groups: [...found] } : { kind: "no_match" };
  } catch (error) {
    return { kind: "bad_pattern", reason: error instanceof Error ? error.message : String(error) };
  }
}
