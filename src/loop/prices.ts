import type { PriceOverride } from "../domain/policy.ts";

/** USD per million tokens, which is micro-USD per token. */
export interface Rates {
  input: number;
  output: number;
  cache_write_5m: number;
  cache_write_1h: number;
  cache_read: number;
}

/** Rates of a model from a day on; `long` re-prices the whole request above that many prompt tokens. */
export interface Price extends Rates {
  model: string;
  effective_from: string;
  long?: { over: number } & Rates;
}

export interface FoundPrice {
  price: Price;
  /** True when no row fits the model and the dearest was taken. */
  unknown: boolean;
}

const verified = "2026-11-20";

/** Where and when the rows were last compared with the vendor's list. */
export const priceSource = { url: "https://platform.claude.com/docs/en/about-claude/pricing", verified_at: verified };

/** The built-in table, from the vendor's published prices; `prices` in the policy overrides it. */
export const priceTable: readonly Price[] = [
  row("claude-fable-5-1", "2026-10-01", 10, 50, 12.5, 20, 0.25),
  row("claude-fable-5", "2026-01-01", 10, 50, 12.5, 20, 1),
  row("claude-opus-5-5", "2026-10-01", 4, 20, 5, 8, 0.2),
  row("claude-opus-5", "2026-01-01", 5, 25, 6.25, 10, 0.5),
  row("claude-opus-4", "2025-05-01", 15, 75, 18.75, 30, 1.5),
  row("claude-opus-4-5", "2025-11-01", 5, 25, 6.25, 10, 0.5),
  row("claude-opus-4-6", "2025-11-01", 5, 25, 6.25, 10, 0.5),
  row("claude-opus-4-7", "2025-11-01", 5, 25, 6.25, 10, 0.5),
  row("claude-opus-4-8", "2025-11-01", 5, 25, 6.25, 10, 0.5),
  row("claude-sonnet-5-5", "2026-09-01", 2, 10, 2.5, 4, 0.2),
  row("claude-sonnet-5-5", "2026-10-07", 2, 10, 2.5, 4, 0.1),
  row("claude-sonnet-5", "2026-01-01", 2, 10, 2.5, 4, 0.2),
  row("claude-sonnet-4", "2025-05-01", 3, 15, 3.75, 6, 0.3),
  {
    ...row("claude-haiku-5-5", "2026-10-01", 0.1, 0.5, 0.125, 0.2, 0.01),
    long: { over: 100_000, input: 0.5, output: 2.5, cache_write_5m: 0.625, cache_write_1h: 1, cache_read: 0.05 },
  },
  row("claude-haiku-4-5", "2025-10-01", 1, 5, 1.25, 2, 0.1),
];

/** The price of a model on a day: an override, else the longest matching prefix in force, else the dearest known. */
export function findPrice(
  model: string,
  at: Date,
  overrides: Readonly<Record<string, PriceOverride>> = {},
): FoundPrice {
  const name = normalise(model);
  const found = fromTable(name, at.toISOString().slice(0, 10));
  const base = found ?? dearest();
  const key = longest(Object.keys(overrides).filter((prefix) => name.startsWith(normalise(prefix))));
  const override = key === undefined ? undefined : overrides[key];
  if (!override) return { price: base, unknown: found === null };
  return { price: applyOverride(name, override, base), unknown: false };
}

function fromTable(name: string, day: string): Price | null {
  const key = longest(priceTable.map(({ model }) => model).filter((prefix) => isPrefix(prefix, name)));
  const rows = priceTable
    .filter(({ model }) => model === key)
    .sort((a, b) => (a.effective_from < b.effective_from ? 1 : -1));
  return rows.find(({ effective_from }) => effective_from <= day) ?? rows.at(-1) ?? null;
}

/** `claude-opus-5` is a prefix of `claude-opus-5-20260101`, not of `claude-opus-50`. */
function isPrefix(prefix: string, name: string): boolean {
  return name === prefix || name.startsWith(`${prefix}-`);
}

function dearest(): Price {
  return [...priceTable].sort((a, b) => b.output - a.output || b.input - a.input)[0]!;
}

/** Absent cache rates follow the vendor's factors: 1.25 and 2 times input for writes; reads never cheaper than the table's share. */
function applyOverride(model: string, given: PriceOverride, base: Price): Price {
  const { input, output } = given;
  return {
    model,
    effective_from: "0000-00-00",
    input,
    output,
    cache_write_5m: given.cache_write_5m ?? input * 1.25,
    cache_write_1h: given.cache_write_1h ?? input * 2,
    cache_read: given.cache_read ?? (base.input > 0 ? (input * base.cache_read) / base.input : 0),
    // Named rates are those of an ordinary prompt: what the vendor asks for a long one stays.
    ...(base.long ? { long: base.long } : {}),
  };
}

/** Gateways put a vendor before the name (`anthropic/claude-…`, `us.anthropic.claude-…`). */
function normalise(model: string): string {
  const at = model.indexOf("claude-");
  return (at >= 0 ? model.slice(at) : model).toLowerCase().replaceAll(".", "-");
}

function longest(names: string[]): string | undefined {
  return names.sort((a, b) => b.length - a.length)[0];
}

function row(
  model: string,
  from: string,
  input: number,
  output: number,
  w5m: number,
  w1h: number,
  read: number,
): Price {
  return { model, effective_from: from, input, output, cache_write_5m: w5m, cache_write_1h: w1h, cache_read: read };
}
