import { expect, test } from "vitest";
import type { Answer } from "../../src/local/model/script.ts";
import { findPrice } from "../../src/loop/prices.ts";
import { runContext } from "../../src/loop/run-context.ts";
import { costOf, decideMaxTokens, planFences, worstCase } from "../../src/loop/spend.ts";
import { bash, makeEvent, openBench, random, spendOf } from "./bench-hands.ts";

const day = new Date("2026-11-20T00:00:00Z");

test("no usage within its bound costs more than was reserved for it", () => {
  const next = random(7);
  for (const model of ["claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5", "claude-fable-5-1", "gpt-unknown"]) {
    const { price } = findPrice(model, day);
    for (let i = 0; i < 2_000; i++) {
      const promptTokens = Math.floor(next() * 250_000);
      const maxTokens = 1 + Math.floor(next() * 32_000);
      const share = [next(), next(), next(), next()];
      const sum = share.reduce((a, b) => a + b, 0);
      const [input, cache_read, cache_write_5m, cache_write_1h] = share.map((s) =>
        Math.floor((s / sum) * promptTokens),
      ) as [number, number, number, number];
      const usage = { input, cache_read, cache_write_5m, cache_write_1h, output: Math.floor(next() * maxTokens) };
      expect(costOf(usage, price)).toBeLessThanOrEqual(worstCase({ promptTokens, maxTokens }, price));
    }
  }
});

test("a grant is never dearer than what is left, and never smaller than 1,024 tokens", () => {
  const next = random(9);
  const { price } = findPrice("claude-haiku-5-5", day);
  for (let i = 0; i < 5_000; i++) {
    const remainingUsdMicro = Math.floor(next() * 200_000);
    const grant = decideMaxTokens(
      { promptTokensBound: Math.floor(next() * 200_000), wantedMaxTokens: 16_000, remainingUsdMicro },
      price,
    );
    if (grant.kind !== "granted") continue;
    expect(grant.maxTokens).toBeGreaterThanOrEqual(1_024);
    expect(grant.worstUsdMicro).toBeLessThanOrEqual(remainingUsdMicro);
  }
});

test("fences never add up to more than the budget", () => {
  for (const budget of [0, 1, 10_000, 50_000, 100_000, 1_000_000, 25_000_000]) {
    const { worker, evaluator, finalise } = planFences(budget);
    expect(worker + evaluator + finalise).toBe(budget);
    expect(Math.min(worker, evaluator, finalise)).toBeGreaterThanOrEqual(0);
  }
});

test("prices are dated, go by the longest prefix, and an unknown model costs what the dearest does", () => {
  expect(findPrice("claude-sonnet-5-5-20261001", new Date("2026-10-01")).price.cache_read).toBe(0.2);
  expect(findPrice("claude-sonnet-5-5-20261001", day).price.cache_read).toBe(0.1);
  expect(findPrice("us.anthropic.claude-opus-4-5-v1", day).price.input).toBe(5);
  expect(findPrice("house-model", day)).toMatchObject({ unknown: true, price: { output: 75 } });
  expect(findPrice("house-model", day, { "house-model": { input: 1, output: 2 } })).toMatchObject({
    unknown: false,
    price: { output: 2 },
  });
});

const faults: Answer[] = [
  { kind: "reset", billed: true },
  { kind: "reset", afterEvents: 2 },
  { kind: "sse_error", afterEvents: 0, errorType: "overloaded_error" },
  { kind: "sse_error", afterEvents: 4, errorType: "overloaded_error" },
  { kind: "no_message_stop" },
  { kind: "status", status: 529 },
];

test("over random histories with lost disks, spend stays under the cap and is never below the server's bill", async () => {
  for (let seed = 1; seed <= 15; seed++) {
    const next = random(seed);
    const cap = 60_000 + Math.floor(next() * 400_000);
    const script = (): Answer =>
      next() < 0.3
        ? faults[Math.floor(next() * faults.length)]!
        : { text: "x".repeat(Math.floor(next() * 9_000)), toolCalls: [bash("edit")] };
    const bench = await openBench({ script, budgetUsdMicro: cap });
    let stored = 0;
    // A lost disk: the journal falls back to the last checkpoint, and the pushed allowance counts as spent.
    for (let life = 0; life < 3; life++) {
      const stop = 3 + Math.floor(next() * 12);
      let polls = 0;
      const inbox = async () => (++polls > stop ? [{ kind: "stop" as const, actor: "a" }] : []);
      const end = await runContext(
        { ...bench.spec, context: `c${life}` },
        { ...bench.hands, history: () => [], readInbox: inbox },
      );
      expect(spendOf(bench.events), `seed ${seed}`).toBeLessThanOrEqual(cap);
      expect(spendOf(bench.events), `seed ${seed}`).toBeGreaterThanOrEqual(bench.model.bill().usdMicro);
      if (end.end === "ceiling") break;
      const allowance = spendOf(bench.events);
      const kept = stored + Math.floor(next() * (bench.events.length - stored));
      bench.events.length = kept;
      const lost = allowance - spendOf(bench.events);
      const usage = { input: 0, output: 0, cache_read: 0, cache_write_5m: 0, cache_write_1h: 0 };
      const writtenOff = {
        request: `lost-${life}`,
        context: "lost",
        attempt: 1,
        error: "disk lost",
        status: null,
        will_retry: false,
        delay_ms: 0,
        usage,
        cost_usd_micro: 0,
        estimated: true,
      };
      const open = bench.events.findLast(
        ({ type }) => type === "request_sent" || type === "reply_received" || type === "request_failed",
      );
      const reservation = open?.type === "request_sent" ? open.data.reserved_usd_micro : 0;
      bench.events.push(
        makeEvent(bench.events, "request_failed", { ...writtenOff, cost_usd_micro: lost + reservation }),
      );
      stored = bench.events.length;
    }
    await bench.model.close();
  }
});
