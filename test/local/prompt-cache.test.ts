import { describe, expect, test } from "vitest";
import { createPromptCache, readPromptBlocks } from "../../src/local/model/prompt-cache.ts";
import type { CacheControl, MessagesRequest } from "../../src/local/model/wire.ts";

const mark: CacheControl = { type: "ephemeral" };
const hour: CacheControl = { type: "ephemeral", ttl: "1h" };

/** A prompt of blocks of 350 bytes (100 tokens) each. */
function prompt(
  blocks: number,
  marks: Record<number, CacheControl>,
  change: Partial<MessagesRequest> = {},
): MessagesRequest {
  const content = Array.from({ length: blocks }, (_, index) => ({
    type: "text",
    text: `${index} `.padEnd(350, "x"),
    ...(marks[index] ? { cache_control: marks[index] } : {}),
  }));
  return { model: "m", max_tokens: 1, messages: [{ role: "user", content }], ...change };
}

function setUp() {
  const clock = { now: 0 };
  const cache = createPromptCache({ now: () => clock.now, minPrefixTokens: 1_024 });
  return { clock, ask: (request: MessagesRequest, model = "m") => cache.pass(model, readPromptBlocks(request)) };
}

describe("the simulated prompt cache", () => {
  test("writes up to the breakpoint, then reads it and writes only what is new", () => {
    const { ask } = setUp();
    expect(ask(prompt(12, { 10: mark }))).toEqual({ uncached: 100, read: 0, written5m: 1_100, written1h: 0 });
    expect(ask(prompt(16, { 14: mark }))).toEqual({ uncached: 100, read: 1_100, written5m: 400, written1h: 0 });
  });

  test("never caches a prefix under the minimum", () => {
    const { ask } = setUp();
    const short = prompt(10, { 9: mark });
    expect(ask(short)).toMatchObject({ uncached: 1_000, written5m: 0 });
    expect(ask(short)).toMatchObject({ uncached: 1_000, read: 0 });
  });

  test("looks back twenty blocks and no further", () => {
    const { ask } = setUp();
    ask(prompt(20, { 19: mark }));
    expect(ask(prompt(39, { 38: mark })).read).toBe(2_000);
    const second = setUp();
    second.ask(prompt(20, { 19: mark }));
    expect(second.ask(prompt(41, { 40: mark })).read).toBe(0);
  });

  test("forgets after five minutes without use, and each read starts them anew", () => {
    const { clock, ask } = setUp();
    const same = prompt(12, { 11: mark });
    ask(same);
    clock.now = 299_000;
    expect(ask(same).read).toBe(1_200);
    clock.now = 590_000;
    expect(ask(same).read).toBe(1_200);
    clock.now = 590_000 + 300_001;
    expect(ask(same).read).toBe(0);
  });

  test("keeps an hour's entry for an hour and bills it apart", () => {
    const { clock, ask } = setUp();
    const both = prompt(30, { 14: hour, 29: mark });
    expect(ask(both)).toMatchObject({ written1h: 1_500, written5m: 1_500 });
    clock.now = 30 * 60_000;
    expect(ask(both)).toMatchObject({ read: 1_500, written5m: 1_500 });
  });

  test("belongs to one model, and a changed tool spoils all of it, a changed choice only the messages", () => {
    const { ask } = setUp();
    const system = [{ type: "text", text: "s".repeat(4_200), cache_control: mark }];
    const tools = [{ name: "a", input_schema: { type: "object" } }];
    const base = prompt(5, { 4: mark }, { system, tools });
    const first = ask(base);
    expect(first.read).toBe(0);
    expect(ask(base).read).toBe(first.written5m);
    expect(ask(base, "other").read).toBe(0);
    expect(ask({ ...base, tools: [{ name: "b", input_schema: { type: "object" } }] }).read).toBe(0);
    const forced = ask({ ...base, tool_choice: { type: "any" } });
    expect(forced.read).toBeGreaterThan(1_024);
    expect(forced.written5m).toBe(500);
  });

  test("a mark on the request itself falls on the last block", () => {
    const { ask } = setUp();
    expect(ask(prompt(12, {}, { cache_control: mark })).written5m).toBe(1_200);
  });
});
