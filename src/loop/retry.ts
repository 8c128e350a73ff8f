/** Most attempts of one model call. */
export const maxAttempts = 6;
/** Longest wait that a server may ask for, ms; a longer one ends the run, resumable, instead of burning runner minutes. */
export const maxServerDelayMs = 120_000;
/** Time that one call may spend with all its attempts, ms. */
export const maxCallMs = 480_000;

export type RetryDecision = { kind: "retry"; delayMs: number; reason: string } | { kind: "give_up"; reason: string };

/** Whether and when a failed request is sent again: full jitter 0.5–1 of min(60 s, 2 · 2ⁿ s), the server's wait respected. */
export function decideRetry(facts: {
  attempt: number;
  retryable: boolean;
  error: string;
  retryAfterMs: number | null;
  elapsedMs: number;
  remainingMs: number;
  random: () => number;
}): RetryDecision {
  if (!facts.retryable) return { kind: "give_up", reason: facts.error };
  if (facts.attempt >= maxAttempts)
    return { kind: "give_up", reason: `${facts.attempt} attempts failed; last: ${facts.error}` };
  if (facts.retryAfterMs !== null && facts.retryAfterMs > maxServerDelayMs) {
    return {
      kind: "give_up",
      reason: `the API asks to wait ${Math.ceil(facts.retryAfterMs / 1_000)} s: ${facts.error}`,
    };
  }
  const ownMs = (0.5 + facts.random() / 2) * Math.min(60_000, 2_000 * 2 ** (facts.attempt - 1));
  const delayMs = Math.ceil(Math.max(ownMs, facts.retryAfterMs ?? 0));
  if (facts.elapsedMs + delayMs > maxCallMs)
    return { kind: "give_up", reason: `8 minutes of attempts failed; last: ${facts.error}` };
  if (delayMs >= facts.remainingMs)
    return { kind: "give_up", reason: `no time left to try again; last: ${facts.error}` };
  return { kind: "retry", delayMs, reason: facts.error };
}
