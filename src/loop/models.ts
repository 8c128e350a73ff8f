import type { Effort } from "./wire.ts";

/** What the loop must know of a model. Tokens. */
export interface ModelFacts {
  window: number;
  maxOutput: number;
  /** Prompt size from which a context is left by a handoff: min(120k, 0.6 · window). */
  resetAt: number;
  /** Whether `output_config.effort` is accepted. */
  effort: boolean;
}

/** Facts for when the Models API cannot be asked; longest prefix wins. Vendor's model overview, November 2026. */
const table: readonly { prefix: string; window: number; maxOutput: number; effort: boolean }[] = [
  { prefix: "claude-fable-5", window: 1_000_000, maxOutput: 128_000, effort: true },
  { prefix: "claude-opus-5", window: 1_000_000, maxOutput: 128_000, effort: true },
  { prefix: "claude-sonnet-5", window: 1_000_000, maxOutput: 128_000, effort: true },
  { prefix: "claude-haiku-5", window: 200_000, maxOutput: 64_000, effort: true },
  { prefix: "claude-opus-4", window: 200_000, maxOutput: 32_000, effort: false },
  { prefix: "claude-sonnet-4", window: 200_000, maxOutput: 64_000, effort: false },
  { prefix: "claude-haiku-4", window: 200_000, maxOutput: 64_000, effort: false },
];

/** Facts of a model from the table; an unknown model gets the most modest ones. */
export function factsFromTable(model: string): ModelFacts {
  const rows = table.filter(({ prefix }) => model.startsWith(prefix)).sort((a, b) => b.prefix.length - a.prefix.length);
  const row = rows[0] ?? { window: 200_000, maxOutput: 32_000, effort: false };
  return makeFacts(row);
}

/** Completes what the Models API said. */
export function makeFacts(given: { window: number; maxOutput: number; effort: boolean }): ModelFacts {
  return { ...given, resetAt: Math.min(120_000, Math.floor(given.window * 0.6)) };
}

/** Effort per role; the model's own default where none is named. */
export const effortOfRole: Partial<Record<string, Effort>> = { evaluator: "high", initializer: "high" };
