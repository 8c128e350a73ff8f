import { noTokens, type TokenUsage } from "../domain/limits.ts";

/** Reads the API's usage; null when it is missing, negative or not whole: then the worst case is assumed. */
export function readUsage(raw: unknown): TokenUsage | null {
  if (raw === null || typeof raw !== "object") return null;
  const usage = raw as Record<string, unknown>;
  const input = count(usage.input_tokens, null);
  const output = count(usage.output_tokens, null);
  const read = count(usage.cache_read_input_tokens, 0);
  const written = count(usage.cache_creation_input_tokens, 0);
  const creation = (usage.cache_creation ?? {}) as Record<string, unknown>;
  const oneHour = count(creation.ephemeral_1h_input_tokens, 0);
  const fiveMinutes = count(creation.ephemeral_5m_input_tokens, 0);
  if (input === null || output === null || read === null || written === null) return null;
  if (oneHour === null || fiveMinutes === null) return null;
  const unsplit = Math.max(0, written - oneHour - fiveMinutes);
  return { input, output, cache_read: read, cache_write_5m: fiveMinutes + unsplit, cache_write_1h: oneHour };
}

/** All prompt tokens of a usage, cached or not. */
export function promptTokensOf(usage: TokenUsage): number {
  return usage.input + usage.cache_read + usage.cache_write_5m + usage.cache_write_1h;
}

/** Whether a usage can be true of a request whose prompt and output were bounded so. */
export function isPlausible(usage: TokenUsage, bound: { promptTokens: number; maxTokens: number }): boolean {
  return promptTokensOf(usage) <= bound.promptTokens && usage.output <= bound.maxTokens;
}

/** The usage that is assumed when none can be believed; priced as the whole reservation. */
export function assumedUsage(bound: { promptTokens: number; maxTokens: number }): TokenUsage {
  return { ...noTokens, cache_write_5m: bound.promptTokens, output: bound.maxTokens };
}

function count(value: unknown, absent: number | null): number | null {
  if (value === undefined || value === null) return absent;
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
}
