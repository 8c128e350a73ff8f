import { z } from "zod";

/** Integer millionths of a US dollar. Money is never a float inside Baton. */
export const MicroUsd = z.int().nonnegative();
export type MicroUsd = z.infer<typeof MicroUsd>;

/** Tokens of one or more model responses, split as the Messages API bills them. `input` is the uncached rest. */
export const TokenUsage = z.object({
  input: z.int().nonnegative(),
  output: z.int().nonnegative(),
  cache_read: z.int().nonnegative(),
  cache_write_5m: z.int().nonnegative(),
  cache_write_1h: z.int().nonnegative(),
});
export type TokenUsage = z.infer<typeof TokenUsage>;

export const noTokens: TokenUsage = { input: 0, output: 0, cache_read: 0, cache_write_5m: 0, cache_write_1h: 0 };

export function addTokens(a: TokenUsage, b: TokenUsage): TokenUsage {
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    cache_read: a.cache_read + b.cache_read,
    cache_write_5m: a.cache_write_5m + b.cache_write_5m,
    cache_write_1h: a.cache_write_1h + b.cache_write_1h,
  };
}

/** Caps of one run after policy, inputs and command flags were reduced to their minimum. Turns, micro-USD, ms. */
export const RunLimits = z.object({
  turns: z.int().positive(),
  usd_micro: MicroUsd,
  ms: z.int().positive(),
});
export type RunLimits = z.infer<typeof RunLimits>;

/** What a run, role or session has used. `usd_micro` includes reservations that were never settled. */
export const Spend = z.object({
  turns: z.int().nonnegative(),
  usd_micro: MicroUsd,
  /** The part of `usd_micro` that is an estimate because an answer was lost. */
  estimated_usd_micro: MicroUsd,
  tokens: TokenUsage,
});
export type Spend = z.infer<typeof Spend>;

export const noSpend: Spend = { turns: 0, usd_micro: 0, estimated_usd_micro: 0, tokens: noTokens };

export function addSpend(a: Spend, b: Spend): Spend {
  return {
    turns: a.turns + b.turns,
    usd_micro: a.usd_micro + b.usd_micro,
    estimated_usd_micro: a.estimated_usd_micro + b.estimated_usd_micro,
    tokens: addTokens(a.tokens, b.tokens),
  };
}

/** Dollars from a person or a policy (at most six decimals count) to integer micro-USD. */
export function toMicroUsd(usd: number): MicroUsd {
  return Math.round(usd * 1_000_000);
}

/** `$0.4213`, `$12.00`: two decimals from one dollar on, four below. */
export function renderUsd(micro: MicroUsd): string {
  const usd = micro / 1_000_000;
  return `$${usd.toFixed(usd >= 1 || usd === 0 ? 2 : 4)}`;
}
