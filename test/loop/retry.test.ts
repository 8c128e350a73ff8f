import { expect, test } from "vitest";
import { startScriptedModel } from "../../src/local/model/start-scripted-model.ts";
import { maxInstructionBytes, pickInstructions } from "../../src/loop/instructions.ts";
import { createModel } from "../../src/loop/model.ts";
import { factsFromTable, makeFacts } from "../../src/loop/models.ts";
import { decideRetry } from "../../src/loop/retry.ts";
import { readUsage } from "../../src/loop/usage.ts";

const failure = { attempt: 1, retryable: true, error: "overloaded", retryAfterMs: null, elapsedMs: 0 };
const facts = { ...failure, remainingMs: 3_600_000, random: () => 1 };

test.each([
  ["the first wait is two seconds at most", {}, { kind: "retry", delayMs: 2_000 }],
  ["and one at least", { random: () => 0 }, { kind: "retry", delayMs: 1_000 }],
  ["each is twice the last", { attempt: 5 }, { kind: "retry", delayMs: 32_000 }],
  ["the server's wait is respected where it is longer", { retryAfterMs: 120_000 }, { kind: "retry", delayMs: 120_000 }],
  ["and no shorter one hurries us", { attempt: 5, retryAfterMs: 10 }, { kind: "retry", delayMs: 32_000 }],
  ["more than two minutes are not waited for", { retryAfterMs: 120_001 }, { kind: "give_up" }],
  ["a wait without end neither", { retryAfterMs: 1e15 }, { kind: "give_up" }],
  ["eight minutes of attempts are enough", { elapsedMs: 478_001 }, { kind: "give_up", reason: /8 minutes/ }],
  ["nothing is tried that the deadline would cut", { remainingMs: 2_000 }, { kind: "give_up", reason: /no time left/ }],
  ["six attempts are made", { attempt: 6 }, { kind: "give_up", reason: /6 attempts/ }],
  ["what cannot get better is not tried again", { retryable: false }, { kind: "give_up", reason: /^overloaded$/ }],
])("retries: %s", (_rule, given, wanted) => {
  const { reason, ...rest } = wanted as { kind: string; delayMs?: number; reason?: RegExp };
  const decided = decideRetry({ ...facts, ...given });
  expect(decided).toMatchObject(rest);
  if (reason) expect(decided.reason).toMatch(reason);
});

test("window and longest answer come from the Models API, and from the table when it does not answer", async () => {
  await using server = await startScriptedModel({ script: () => ({ text: "unused" }) });
  const asked = createModel({ apiKey: server.apiKey, baseUrl: server.url });
  const told = await asked.facts("claude-sonnet-5-5");
  expect(told).toMatchObject({ window: 1_000_000, resetAt: 120_000 });
  await asked.facts("claude-sonnet-5-5");
  expect(server.requests().filter(({ path }) => path.includes("/models/"))).toHaveLength(1);
  const unheard = createModel({ apiKey: "k", baseUrl: "http://127.0.0.1:9" });
  expect(await unheard.facts("claude-haiku-5-5")).toEqual(factsFromTable("claude-haiku-5-5"));
  expect(factsFromTable("house-model")).toMatchObject({ window: 200_000, effort: false });
  expect(makeFacts({ window: 100_000, maxOutput: 1, effort: false }).resetAt).toBe(60_000);
});

test("the repository's instructions are the first of the known files that says anything, cut at a line within 8 KiB", () => {
  const file = (path: string, text: string) => ({ path, text });
  const claude = file("CLAUDE.md", "b");
  const copilot = file(".github/copilot-instructions.md", "c");
  expect(pickInstructions([copilot, claude, file("AGENTS.md", "a\n")])).toEqual(file("AGENTS.md", "a"));
  expect(pickInstructions([copilot, claude, file("AGENTS.md", " \n")])).toEqual(claude);
  expect(pickInstructions([copilot])).toEqual(copilot);
  expect(pickInstructions([file("src/AGENTS.md", "no")])).toBeNull();
  const long = pickInstructions([file("AGENTS.md", `${"é".repeat(50)}\n`.repeat(200))])!.text;
  expect(Buffer.byteLength(long)).toBeLessThan(maxInstructionBytes + 80);
  expect(long).toMatch(/^(é{50}\n)+\[cut at 8 KiB; the rest is in AGENTS\.md\]$/);
});

test.each([
  [
    "cache figures absent or null",
    { input_tokens: 1, output_tokens: 2, cache_read_input_tokens: null },
    [1, 2, 0, 0, 0],
  ],
  [
    "writes told apart, and the rest of their sum at five minutes",
    {
      ...{ input_tokens: 1, output_tokens: 2, cache_read_input_tokens: 3, cache_creation_input_tokens: 10 },
      cache_creation: { ephemeral_1h_input_tokens: 4, ephemeral_5m_input_tokens: 5 },
    },
    [1, 2, 3, 6, 4],
  ],
  ["a figure that is no number", { input_tokens: "1", output_tokens: 2 }, null],
  ["a figure below nothing", { input_tokens: 1, output_tokens: -2 }, null],
  ["a broken figure", { input_tokens: 1.5, output_tokens: 2 }, null],
  ["a figure beyond what can be counted", { input_tokens: 1, output_tokens: 1e300 }, null],
  ["one figure missing", { input_tokens: 1 }, null],
  ["no object", "none", null],
])("usage with %s", (_how, raw, wanted) => {
  const read = readUsage(raw);
  if (wanted === null) return expect(read).toBeNull();
  const [input, output, cache_read, cache_write_5m, cache_write_1h] = wanted;
  expect(read).toEqual({ input, output, cache_read, cache_write_5m, cache_write_1h });
});
