import type { MicroUsd, TokenUsage } from "../domain/limits.ts";
import type { Price, Rates } from "./prices.ts";
import { promptTokensOf } from "./usage.ts";

/** Fewest output tokens worth a request; with less left the cap is reached. */
export const minOutputTokens = 1_024;

/** What a usage costs, rounded up to a whole micro-USD. */
export function costOf(usage: TokenUsage, price: Price): MicroUsd {
  const rates: Rates = price.long && promptTokensOf(usage) > price.long.over ? price.long : price;
  return ceilMicro(
    nano(rates.input) * usage.input +
      nano(rates.output) * usage.output +
      nano(rates.cache_read) * usage.cache_read +
      nano(rates.cache_write_5m) * usage.cache_write_5m +
      nano(rates.cache_write_1h) * usage.cache_write_1h,
  );
}

/** The most a request can cost: the whole prompt at the dearest rate of any tier it may fall into, and all of `max_tokens`. */
export function worstCase(bound: { promptTokens: number; maxTokens: number }, price: Price): MicroUsd {
  const rates = worstRates(price, bound.promptTokens);
  return ceilMicro(rates.input * bound.promptTokens + rates.output * bound.maxTokens);
}

export type Grant =
  | { kind: "granted"; maxTokens: number; worstUsdMicro: MicroUsd }
  | { kind: "too_dear"; needUsdMicro: MicroUsd; reason: string };

/** Clamps `max_tokens` to what remains; refused when not even the prompt and 1,024 tokens (or fewer, if wanted) can be paid. */
export function decideMaxTokens(
  request: { promptTokensBound: number; wantedMaxTokens: number; remainingUsdMicro: MicroUsd },
  price: Price,
): Grant {
  const rates = worstRates(price, request.promptTokensBound);
  const left = request.remainingUsdMicro * 1_000 - rates.input * request.promptTokensBound;
  const affordable = rates.output === 0 ? (left >= 0 ? request.wantedMaxTokens : -1) : Math.floor(left / rates.output);
  const maxTokens = Math.min(request.wantedMaxTokens, affordable);
  const least = Math.min(minOutputTokens, request.wantedMaxTokens);
  const bound = { promptTokens: request.promptTokensBound, maxTokens: Math.max(maxTokens, least) };
  const worstUsdMicro = worstCase(bound, price);
  if (maxTokens >= least && worstUsdMicro <= request.remainingUsdMicro)
    return { kind: "granted", maxTokens, worstUsdMicro };
  return {
    kind: "too_dear",
    needUsdMicro: worstUsdMicro,
    reason: "the next request could cost more than what is left",
  };
}

/** How a run's budget is fenced off. Worker and initializer share the first; micro-USD. */
export interface Fences {
  worker: MicroUsd;
  evaluator: MicroUsd;
  finalise: MicroUsd;
}

/** 0.20 for the evaluator (at least $0.10), 0.05 for winding down (at least $0.02), the rest for the work; never more than the budget. */
export function planFences(budgetUsdMicro: MicroUsd): Fences {
  const finalise = Math.min(Math.max(Math.floor(budgetUsdMicro * 0.05), 20_000), Math.floor(budgetUsdMicro / 4));
  const evaluator = Math.min(Math.max(Math.floor(budgetUsdMicro * 0.2), 100_000), Math.floor(budgetUsdMicro / 4));
  return { worker: budgetUsdMicro - evaluator - finalise, evaluator, finalise };
}

export type Purpose = "turn" | "winddown";

/** What a role may still spend: its fence, less what it used; unused shares of others stay theirs. Micro-USD, never negative. */
export function remainingOf(
  role: string,
  purpose: Purpose,
  facts: {
    budgetUsdMicro: MicroUsd;
    committedUsdMicro: MicroUsd;
    evaluatorUsdMicro: MicroUsd;
    finaliseUsdMicro: MicroUsd;
  },
): MicroUsd {
  const fences = planFences(facts.budgetUsdMicro);
  const whole = facts.budgetUsdMicro - facts.committedUsdMicro;
  const evaluatorLeft = Math.max(0, fences.evaluator - facts.evaluatorUsdMicro);
  const finaliseLeft = Math.max(0, fences.finalise - facts.finaliseUsdMicro);
  if (purpose === "winddown") return Math.max(0, whole - (role === "evaluator" ? 0 : evaluatorLeft));
  if (role === "evaluator") return Math.max(0, whole - finaliseLeft);
  return Math.max(0, whole - evaluatorLeft - finaliseLeft);
}

/** The allowance to push with the next checkpoint: what is committed plus the worst case of the next two requests, within the cap. */
export function planAllowance(
  facts: {
    committedUsdMicro: MicroUsd;
    capUsdMicro: MicroUsd;
    promptTokensBound: number;
    growthTokens: number;
    maxTokens: number;
  },
  price: Price,
): MicroUsd {
  const first = worstCase({ promptTokens: facts.promptTokensBound, maxTokens: facts.maxTokens }, price);
  const grown = facts.promptTokensBound + facts.growthTokens + facts.maxTokens;
  const second = worstCase({ promptTokens: grown, maxTokens: facts.maxTokens }, price);
  return Math.min(facts.capUsdMicro, facts.committedUsdMicro + first + second);
}

function worstRates(price: Price, promptTokens: number): { input: number; output: number } {
  const tiers: Rates[] = price.long && promptTokens > price.long.over ? [price, price.long] : [price];
  return {
    input: Math.max(...tiers.flatMap((t) => [t.input, t.cache_read, t.cache_write_5m, t.cache_write_1h].map(nano))),
    output: Math.max(...tiers.map((t) => nano(t.output))),
  };
}

/** Micro-USD per token to nano-USD per token: whole numbers for rates with at most three decimals, so that sums are exact. */
function nano(rate: number): number {
  return Math.ceil(rate * 1_000 - 1e-6);
}

function ceilMicro(nanoUsd: number): MicroUsd {
  return Math.ceil(nanoUsd / 1_000);
}
