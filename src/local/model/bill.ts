import type { WireUsage } from "./wire.ts";

/** USD per million tokens, which is micro-USD per token. */
export interface PriceRates {
  in: number;
  out: number;
  write_5m: number;
  write_1h: number;
  read: number;
}

/** One row of the price table that the bill is made from; `long` re-prices the whole request above that many prompt tokens. */
export interface PriceRow extends PriceRates {
  model: string;
  long?: { over: number } & PriceRates;
}

/** What the provider would charge. `usdMicro` is the exact sum rounded up to a whole micro-USD. */
export interface Bill {
  usdMicro: number;
  requests: number;
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
}

/** Prices as published in October and November 2026 (USD per million tokens). */
export const defaultPrices: readonly PriceRow[] = [
  { model: "claude-fable-5-1", in: 10, out: 50, write_5m: 12.5, write_1h: 20, read: 0.25 },
  { model: "claude-opus-5-5", in: 4, out: 20, write_5m: 5, write_1h: 8, read: 0.2 },
  { model: "claude-sonnet-5-5", in: 2, out: 10, write_5m: 2.5, write_1h: 4, read: 0.1 },
  {
    model: "claude-haiku-5-5",
    ...{ in: 0.1, out: 0.5, write_5m: 0.125, write_1h: 0.2, read: 0.01 },
    long: { over: 100_000, in: 0.5, out: 2.5, write_5m: 0.625, write_1h: 1, read: 0.05 },
  },
  { model: "claude-sonnet-4-5", in: 3, out: 15, write_5m: 3.75, write_1h: 6, read: 0.3 },
  { model: "claude-haiku-4-5", in: 1, out: 5, write_5m: 1.25, write_1h: 2, read: 0.1 },
];

/** Picks the row whose `model` is the longest prefix of the id; without one, the dearest row (by output price). */
export function findPriceRow(rows: readonly PriceRow[], model: string): PriceRow {
  const matching = rows.filter((row) => model.startsWith(row.model)).sort((a, b) => b.model.length - a.model.length);
  const dearest = [...rows].sort((a, b) => b.out - a.out);
  const found = matching[0] ?? dearest[0];
  if (!found) throw new Error("the price table is empty");
  return found;
}

/** Price of one request in nano-USD: whole numbers as long as rates have at most three decimals. */
export function nanoUsdOf(row: PriceRow, usage: WireUsage): number {
  const prompt = usage.input_tokens + usage.cache_creation_input_tokens + usage.cache_read_input_tokens;
  const rates: PriceRates = row.long && prompt > row.long.over ? row.long : row;
  const nano = (rate: number, tokens: number): number => Math.round(rate * 1_000) * tokens;
  return (
    nano(rates.in, usage.input_tokens) +
    nano(rates.out, usage.output_tokens) +
    nano(rates.write_5m, usage.cache_creation.ephemeral_5m_input_tokens) +
    nano(rates.write_1h, usage.cache_creation.ephemeral_1h_input_tokens) +
    nano(rates.read, usage.cache_read_input_tokens)
  );
}

/** The provider's own account, kept apart from whatever the client believes. */
export interface BillBook {
  /** Adds one request, or puts it in the place of what was charged for it before. */
  charge(model: string, usage: WireUsage, before?: WireUsage | null): void;
  total(): Bill;
  byModel(): Record<string, Bill>;
}

type Account = Omit<Bill, "usdMicro"> & { nanoUsd: number };

function emptyAccount(): Account {
  return { nanoUsd: 0, requests: 0, inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
}

function add(account: Account, row: PriceRow, usage: WireUsage, sign: 1 | -1): void {
  account.nanoUsd += sign * nanoUsdOf(row, usage);
  account.requests += sign;
  account.inputTokens += sign * usage.input_tokens;
  account.outputTokens += sign * usage.output_tokens;
  account.cacheReadTokens += sign * usage.cache_read_input_tokens;
  account.cacheWriteTokens += sign * usage.cache_creation_input_tokens;
}

function renderBill(accounts: readonly Account[]): Bill {
  const sum = (pick: (account: Account) => number): number =>
    accounts.reduce((total, account) => total + pick(account), 0);
  return {
    usdMicro: Math.ceil(sum((account) => account.nanoUsd) / 1_000),
    requests: sum((account) => account.requests),
    inputTokens: sum((account) => account.inputTokens),
    outputTokens: sum((account) => account.outputTokens),
    cacheReadTokens: sum((account) => account.cacheReadTokens),
    cacheWriteTokens: sum((account) => account.cacheWriteTokens),
  };
}

/** Opens an empty account over a price table. */
export function createBillBook(rows: readonly PriceRow[]): BillBook {
  const accounts = new Map<string, Account>();
  return {
    charge(model, usage, before) {
      const account = accounts.get(model) ?? emptyAccount();
      accounts.set(model, account);
      const row = findPriceRow(rows, model);
      if (before) add(account, row, before, -1);
      add(account, row, usage, 1);
    },
    total: () => renderBill([...accounts.values()]),
    byModel: () => Object.fromEntries([...accounts].map(([model, account]) => [model, renderBill([account])])),
  };
}
