import Anthropic from "@anthropic-ai/sdk";
import { afterEach, describe, expect, test } from "vitest";
import type { Script } from "../../src/local/model/script.ts";
import { sequence } from "../../src/local/model/script-helpers.ts";
import type { ScriptedModel, ScriptedModelOptions } from "../../src/local/model/start-scripted-model.ts";
import { startScriptedModel } from "../../src/local/model/start-scripted-model.ts";

const model = "claude-sonnet-5-5";
const tools = [{ name: "bash", description: "Runs a command.", input_schema: { type: "object" as const } }];
const open: ScriptedModel[] = [];

async function serve(script: Script, options: Partial<ScriptedModelOptions> = {}) {
  const server = await startScriptedModel({ script, ...options });
  open.push(server);
  const client = new Anthropic({ apiKey: server.apiKey, baseURL: server.url, maxRetries: 0 });
  const ask = (content = "hello", more: object = {}) =>
    client.beta.messages.stream({ model, max_tokens: 4_000, messages: [{ role: "user", content }], tools, ...more });
  return { server, client, ask };
}

async function failure(work: Promise<unknown>): Promise<Error & { status?: number; type?: string | null }> {
  return work.then(
    () => {
      throw new Error("it did not fail");
    },
    (error) => error,
  );
}

afterEach(async () => {
  for (const server of open.splice(0)) {
    expect(server.problems()).toEqual([]);
    await server.close();
  }
});

describe("a reply", () => {
  test("cut at awkward places is put together again byte for byte by the SDK", async () => {
    const input = { command: 'printf "ä\\n€ 😀\\t\\"x\\"" \u0001 \\u00e9', nested: { list: [1, 2.5, null, "日本語"] } };
    const { ask } = await serve(() => ({
      thinking: "Zuerst prüfe ich, ob … 🤔",
      text: "Grüße\n\n1. erste Zeile – 😀😀",
      toolCalls: [
        { name: "bash", input },
        { name: "bash", input: {} },
      ],
      chunking: "awkward",
    }));
    const message = await ask().finalMessage();
    expect(message.stop_reason).toBe("tool_use");
    expect(message.content.map((block) => block.type)).toEqual(["thinking", "text", "tool_use", "tool_use"]);
    expect(message.content[0]).toMatchObject({
      thinking: "Zuerst prüfe ich, ob … 🤔",
      signature: expect.stringMatching(/.{20}/),
    });
    expect(message.content[1]).toMatchObject({ text: "Grüße\n\n1. erste Zeile – 😀😀" });
    expect(message.content[2]).toMatchObject({ name: "bash", input });
    expect(message.content[3]).toMatchObject({ input: {} });
  });

  test("is the same without streaming", async () => {
    const { client } = await serve(() => ({ text: "hi", toolCalls: [{ name: "bash", input: { command: "ls" } }] }));
    const message = await client.messages.create({
      model,
      max_tokens: 100,
      messages: [{ role: "user", content: "x" }],
      tools,
    });
    expect(message.content).toMatchObject([
      { type: "text", text: "hi" },
      { type: "tool_use", input: { command: "ls" } },
    ]);
  });

  test("longer than max_tokens is cut there, also inside a tool call, with that stop reason", async () => {
    const { ask } = await serve(() => ({ toolCalls: [{ name: "bash", input: { command: "x".repeat(5_000) } }] }));
    const message = await ask("x", { max_tokens: 200 }).finalMessage();
    expect(message.stop_reason).toBe("max_tokens");
    expect(message.usage.output_tokens).toBeLessThanOrEqual(200);
    expect(JSON.stringify(message.content[0])).not.toContain("x".repeat(1_000));
  });

  test("may end with any stop reason and its details", async () => {
    const { ask } = await serve(() => ({
      content: [],
      stopReason: "refusal",
      stopDetails: { type: "refusal", category: "cyber", explanation: null },
    }));
    const message = await ask().finalMessage();
    expect(message).toMatchObject({ stop_reason: "refusal", content: [], stop_details: { category: "cyber" } });
  });

  test("is billed at the table, and the SDK sees the same tokens", async () => {
    const { server, ask } = await serve(() => ({ text: "y".repeat(350) }), {
      prices: [{ model: "claude-", in: 2, out: 10, write_5m: 2.5, write_1h: 4, read: 0.1 }],
    });
    const { usage } = await ask("z".repeat(3_500), { tools: [] }).finalMessage();
    expect(usage).toMatchObject({ input_tokens: 1_000, output_tokens: 100, cache_read_input_tokens: 0 });
    expect(server.bill()).toMatchObject({ usdMicro: 3_000, requests: 1, inputTokens: 1_000, outputTokens: 100 });
  });
});

describe("each fault shows up as the SDK documents it", () => {
  test("a status before the first byte has its class, type and headers", async () => {
    const { server, ask } = await serve(() => ({ kind: "status", status: 429, headers: { "retry-after": "7" } }));
    const error = await failure(ask().finalMessage());
    expect(error).toBeInstanceOf(Anthropic.RateLimitError);
    expect(error).toMatchObject({ status: 429, type: "rate_limit_error" });
    expect((error as InstanceType<typeof Anthropic.APIError>).headers?.get("retry-after")).toBe("7");
    expect(server.bill().usdMicro).toBe(0);
  });

  test("529 is an internal server error of the SDK with the type overloaded", async () => {
    const { ask } = await serve(() => ({ kind: "status", status: 529 }));
    expect(await failure(ask().finalMessage())).toMatchObject({ status: 529, type: "overloaded_error" });
  });

  test("an HTML page of a proxy is a 502 without a type", async () => {
    const { ask } = await serve(() => ({ kind: "html_502" }));
    expect(await failure(ask().finalMessage())).toMatchObject({ status: 502, type: null });
  });

  test("a reset before the headers is a connection error and costs nothing unless it is said to", async () => {
    const { server, ask } = await serve(sequence([{ kind: "reset" }, { kind: "reset", billed: true }]));
    expect(await failure(ask().finalMessage())).toBeInstanceOf(Anthropic.APIConnectionError);
    expect(server.bill().usdMicro).toBe(0);
    await failure(ask().finalMessage());
    expect(server.bill().usdMicro).toBeGreaterThan(0);
  });

  test("a reset in mid-stream is an error that is not retried, and prompt and sent part are billed", async () => {
    const { server, ask } = await serve(() => ({ kind: "reset", afterEvents: 6, reply: { text: "a".repeat(7_000) } }));
    const error = await failure(ask().finalMessage());
    expect(error).toBeInstanceOf(Anthropic.AnthropicError);
    expect(error.status).toBeUndefined();
    expect(server.requests()).toHaveLength(1);
    expect(server.bill().inputTokens).toBeGreaterThan(0);
    expect(server.bill().outputTokens).toBeGreaterThan(0);
    expect(server.bill().outputTokens).toBeLessThan(200);
  });

  test("an SSE error inside a 200 has a type and no status", async () => {
    const { ask } = await serve(() => ({ kind: "sse_error", afterEvents: 5 }));
    expect(await failure(ask().finalMessage())).toMatchObject({ status: undefined, type: "overloaded_error" });
  });

  test("a stream that ends without message_stop is an error, after every block was seen", async () => {
    const { ask } = await serve(() => ({ kind: "no_message_stop", reply: { text: "all of it" } }));
    const stream = ask();
    const seen: string[] = [];
    stream.on("text", (piece) => seen.push(piece));
    await failure(stream.finalMessage());
    expect(seen.join("")).toBe("all of it");
  });

  test("a stalled stream hangs until the caller gives up, pings or not", async () => {
    const { server, ask } = await serve(() => ({ kind: "stall", afterEvents: 3, pingMs: 10 }));
    const stream = ask();
    const ended = failure(stream.finalMessage());
    const first = await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 200, "still open"))]);
    expect(first).toBe("still open");
    stream.abort();
    expect(await ended).toBeInstanceOf(Anthropic.APIUserAbortError);
    expect(server.bill().requests).toBe(1);
  });

  test("a stall that ends goes on where it was and is billed once, whole", async () => {
    const { server, ask } = await serve(() => ({ kind: "stall", resumeAfterMs: 50, reply: { text: "b".repeat(700) } }));
    const message = await ask().finalMessage();
    expect(message.content).toMatchObject([{ text: "b".repeat(700) }]);
    expect(server.bill()).toMatchObject({ requests: 1, outputTokens: 200 });
  });

  test("a caller that hangs up before the first byte is not charged, and the server does not wait for its answer", async () => {
    const { server, ask } = await serve(() => ({ text: "late", delayMs: 600_000 }));
    const stream = ask();
    const ended = failure(stream.finalMessage());
    while (server.requests()[0]?.waitedMs !== 600_000) await new Promise((resolve) => setTimeout(resolve, 10));
    stream.abort();
    expect(await ended).toBeInstanceOf(Anthropic.APIUserAbortError);
    expect(server.bill().requests).toBe(0);
  });

  test("a slow drip arrives whole", async () => {
    const { ask } = await serve(() => ({ kind: "slow_drip", everyMs: 2, reply: { text: "c".repeat(500) } }));
    expect((await ask().finalMessage()).content).toMatchObject([{ text: "c".repeat(500) }]);
  });

  test("tool input that is no JSON does not arrive as if it were", async () => {
    const { ask } = await serve(() => ({
      kind: "malformed_json_tool_input",
      name: "bash",
      json: '{"command": "ls" "x"}',
    }));
    const outcome = await ask()
      .finalMessage()
      .then(
        (message) => JSON.stringify(message.content),
        (error) => String(error),
      );
    expect(outcome).not.toContain('"input":{"command":"ls"}');
  });

  test.each(["missing", "absurd", "negative"] as const)("usage that is %s reaches the caller as it is", async (how) => {
    const { server, ask } = await serve(() => ({ kind: "usage", how, reply: { text: "d" } }));
    const outcome = await ask()
      .finalMessage()
      .catch((error) => error);
    if (how === "missing") expect(outcome).toBeInstanceOf(Error);
    if (how === "absurd") expect(outcome.usage.output_tokens).toBeGreaterThan(1e15);
    if (how === "negative") expect(outcome.usage.output_tokens).toBe(-1_000);
    expect(server.bill().outputTokens).toBe(1);
  });
});

describe("the other routes", () => {
  test("the models say their window and their largest answer", async () => {
    const { client } = await serve(() => ({}));
    expect(await client.models.retrieve("claude-opus-5-5")).toMatchObject({
      max_input_tokens: 1_000_000,
      max_tokens: 128_000,
    });
    const ids: string[] = [];
    for await (const info of client.models.list()) ids.push(info.id);
    expect(ids).toContain(model);
    expect(await failure(client.models.retrieve("claude-nobody"))).toMatchObject({ status: 404 });
  });

  test("count_tokens counts what a request then costs", async () => {
    const { client, ask } = await serve(() => ({ text: "x" }));
    const content = "Ein Satz mit Umlauten: äöü. ".repeat(40);
    const counted = await client.messages.countTokens({ model, messages: [{ role: "user", content }], tools });
    expect((await ask(content).finalMessage()).usage.input_tokens).toBe(counted.input_tokens);
  });

  test("an unknown key and no key are 401", async () => {
    const { server } = await serve(() => ({ text: "x" }));
    const stranger = new Anthropic({ apiKey: "sk-ant-wrong", baseURL: server.url, maxRetries: 0 });
    expect(await failure(stranger.models.retrieve(model))).toMatchObject({ status: 401, type: "authentication_error" });
    expect((await fetch(`${server.url}/v1/models`)).status).toBe(401);
  });
});
