import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import type { Answer } from "../../src/local/model/script.ts";
import { sequence } from "../../src/local/model/script-helpers.ts";
import { createModel } from "../../src/loop/model.ts";
import { runContext } from "../../src/loop/run-context.ts";
import type { Block } from "../../src/loop/wire.ts";
import { type BenchOptions, bash, finish, openBench, tool } from "./bench-hands.ts";

async function play(steps: Answer[], options: Partial<BenchOptions> = {}, after?: Answer) {
  const bench = await openBench({ script: sequence(steps, { after }), ...options });
  const end = await runContext(bench.spec, bench.hands);
  await bench.model.close();
  const asked = bench.model.requests().filter(({ path }) => path.includes("/v1/messages"));
  const blocks = (asked.at(-1)?.body?.messages ?? []).flatMap(({ content }) => content as Block[]);
  return { bench, end, asked, blocks, replies: bench.events.filter(({ type }) => type === "reply_received").length };
}

const unmarked = ({ cache_control: _mark, ...block }: Block): Block => block as Block;

test("a paused answer is sent back as it is when a server's tool goes on from there, at most five times", async () => {
  const search: Block = { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "x" } };
  const paused: Answer = { content: [{ type: "text", text: "I search." }, search], stopReason: "pause_turn" };
  const { end, asked, replies } = await play([], {}, paused);
  expect(end).toMatchObject({ end: "stuck", reason: expect.stringContaining("paused 6 times") });
  expect(replies).toBe(6);
  expect(asked[1]!.body!.messages.at(-1)).toMatchObject({ role: "assistant", content: [{ type: "text" }, search] });
  expect(asked.every(({ status }) => status === 200)).toBe(true);
});

test("a pause after words goes on with a word of ours, since newer models refuse a prefill", async () => {
  const { end, asked, replies } = await play([], {}, { text: "still thinking", stopReason: "pause_turn" });
  expect(end.end).toBe("stuck");
  expect(replies).toBe(6);
  expect(asked.every(({ status }) => status === 200)).toBe(true);
});

test("calls of a paused answer run, and are answered", async () => {
  const { end, bench } = await play([{ toolCalls: [bash("edit")], stopReason: "pause_turn" }, finish]);
  expect(end.end).toBe("finished");
  expect(bench.space.calls).toEqual(["edit"]);
});

test("thinking, signatures, redacted thinking and blocks of an unknown kind go back byte for byte", async () => {
  const content: Block[] = [
    { type: "thinking", thinking: "a \u2028 b \ud83d\ude00 \\u0041" },
    { type: "redacted_thinking", data: "EmwKAhgB/+==" },
    { type: "server_tool_use", id: "srvtoolu_9", name: "web_search", input: { query: "é\t" } },
    { type: "web_search_tool_result", tool_use_id: "srvtoolu_9", content: [{ type: "web_search_result", url: "u" }] },
    { type: "brand_new", nested: { deep: [1, null, "x"] }, flag: true },
    { type: "text", text: "  kept, blanks and all \n" },
  ];
  const first: Answer = { content, toolCalls: [bash("edit")], chunking: "awkward" };
  const { end, bench, asked, blocks } = await play([first, { toolCalls: [bash("look")] }, finish]);
  expect(end.end).toBe("finished");
  const reply = bench.events.find((event) => event.type === "reply_received")!;
  const came = (reply.data as { content: Block[] }).content;
  expect(came.slice(1, 6)).toEqual(content.slice(1));
  expect(came[0]).toMatchObject({ thinking: content[0]!.thinking, signature: expect.stringMatching(/./) });
  for (const request of asked.slice(1)) {
    expect(JSON.stringify((request.body!.messages[1]!.content as Block[]).map(unmarked))).toBe(JSON.stringify(came));
  }
  expect(blocks.length).toBeGreaterThan(came.length);
});

test("half a surrogate pair in a call, a result or a name never reaches the API", async () => {
  const broken = tool("odd", {}, () => ({ content: "cut \ud83d here, \udc00 there, whole \ud83d\ude00" }));
  const bench = await openBench({
    script: sequence([
      { toolCalls: [bash("echo \ud800 \\ud800"), { name: "odd", input: {} }] },
      { toolCalls: [{ name: "odd", input: { "k\udfff": 1 } }] },
      finish,
    ]),
  });
  const spec = { ...bench.spec, tools: [...bench.spec.tools, broken], firstMessage: "Cut \ud83d" };
  const bodies: string[] = [];
  const { ask } = bench.hands.model;
  const model = {
    ...bench.hands.model,
    ask: (...args: Parameters<typeof ask>) => {
      bodies.push(JSON.stringify(args[0]));
      return ask(...args);
    },
  };
  const end = await runContext(spec, { ...bench.hands, model });
  await bench.model.close();
  expect(end.end).toBe("finished");
  expect(bodies).toHaveLength(3);
  // JSON.stringify escapes exactly the halves that stand alone.
  for (const body of bodies) expect(body).not.toMatch(/(?<!\\)(\\\\)*\\ud[89a-f]/);
  expect(bodies.at(-1)).toContain("whole \ud83d\ude00");
  expect(bodies.at(-1)).toContain("echo \ufffd \\\\ud800");
});

test("ids that come again, in one answer or later, and names that no tool can have are mended towards the API", async () => {
  const twin = (command: string) => ({ ...bash(command), id: "toolu_twin" });
  const { bench, end, asked } = await play([
    { toolCalls: [twin("one"), twin("two")] },
    { toolCalls: [twin("three"), { name: "functions.bash<x>", input: {}, id: "not an id" }] },
    { toolCalls: [{ name: "", input: [], id: "" }, bash("four")] },
    finish,
  ]);
  expect(end.end).toBe("finished");
  expect(bench.space.calls).toEqual(["one", "two", "three", "four"]);
  expect(asked.every(({ status }) => status === 200)).toBe(true);
  const calls = asked
    .at(-1)!
    .body!.messages.flatMap(({ content }) => (content as Block[]).filter(({ type }) => type === "tool_use"));
  expect(new Set(calls.map(({ id }) => id)).size).toBe(6);
  for (const { id, name } of calls) expect(`${id} ${name}`).toMatch(/^[a-zA-Z0-9_-]+ [a-zA-Z0-9_-]{1,64}$/);
});

test("a call with 200 kB of arguments, in 500 pieces, is carried out once and billed whole", async () => {
  const { bench, end } = await play([{ toolCalls: [bash("x".repeat(200_000))], chunking: 400 }, finish], {
    spec: { limits: { maxTokens: 64_000 } },
    model: "claude-haiku-5-5",
  });
  expect(end.end).toBe("finished");
  expect(bench.space.calls.map(({ length }) => length)).toEqual([200_000]);
  expect(bench.spent()).toBeGreaterThanOrEqual(bench.model.bill().usdMicro);
});

const untold: [string, Answer][] = [
  ["refused", { stopReason: "refusal", text: "no", toolCalls: [bash("edit")] }],
  ["out of room", { stopReason: "model_context_window_exceeded", toolCalls: [bash("edit")] }],
  ["cut", { stopReason: "max_tokens", toolCalls: [bash("edit"), bash("edit")] }],
  ["ended for a reason nobody knows", { stopReason: "gave_up", toolCalls: [bash("edit")] }],
  ["cut in the stream", { kind: "no_message_stop", reply: { toolCalls: [bash("edit")] } }],
  ["overtaken by an error", { kind: "sse_error", afterEvents: 6, reply: { toolCalls: [bash("edit")] } }],
];

test.each(untold)("no call of an answer that is %s is carried out", async (_how, answer) => {
  const { bench } = await play([answer, finish]);
  expect(bench.space.calls).toEqual([]);
  const started = bench.events.flatMap((one) => (one.type === "tool_started" ? [one.data.tool] : []));
  expect(started.filter((name) => name !== "finish")).toEqual([]);
});

test("unknown stop reasons for ever end as stuck", async () => {
  let at = 0;
  const { end } = await play([], {
    script: () => ({ stopReason: "brand_new", toolCalls: [bash(`look ${++at}`)] }),
  });
  expect(end.end).toBe("stuck");
});

test("one good call forgives the bad ones before it", async () => {
  const bad: Answer = { toolCalls: [{ name: "nothing", input: {} }] };
  const { end } = await play([bad, bad, { toolCalls: [bash("edit")] }, bad, bad, finish]);
  expect(end.end).toBe("finished");
});

test.each([
  ["413", { kind: "status", status: 413, errorType: "request_too_large" }],
  ["400", { kind: "status", status: 400, message: "prompt is too long: 9 tokens > 8 maximum" }],
  ["an event inside a 200", { kind: "sse_error", errorType: "invalid_request_error", message: "prompt is too long" }],
] as [string, Answer][])("a prompt too long, told as %s, is never sent again in this context", async (_how, answer) => {
  const { end, asked } = await play([{ toolCalls: [bash("edit")] }, answer]);
  expect(end).toMatchObject({ end: "reset", handoff: expect.anything() });
  expect(asked).toHaveLength(2);
});

test("a transcript refused again after its repair ends the run, and no third time is tried", async () => {
  const refused: Answer = { kind: "status", status: 400, message: "messages.1: `tool_use` ids were found" };
  const { end, asked } = await play([{ toolCalls: [bash("edit")] }], {}, refused);
  expect(end.end).toBe("api_error");
  expect(asked).toHaveLength(3);
});

test("a wait is honoured in milliseconds and as a date, and one that is nonsense is our own", async () => {
  const inTen = new Date(Date.now() + 10_000).toUTCString();
  const wait = (headers: Record<string, string>): Answer => ({ kind: "status", status: 429, headers });
  const answers = [wait({ "retry-after-ms": "4321" }), wait({ "retry-after": inTen }), wait({ "retry-after": "soon" })];
  const { end, bench } = await play([...answers, finish]);
  expect(end.end).toBe("finished");
  const [first, second, third] = bench.delays;
  expect(first).toBe(4_321);
  expect(second).toBeGreaterThan(5_000);
  expect(second).toBeLessThanOrEqual(10_000);
  expect(third).toBe(6_000);
});

test("the API's own word that a retry is of no use is believed", async () => {
  const answer: Answer = { kind: "status", status: 500, headers: { "x-should-retry": "false" } };
  const { end, asked } = await play([answer]);
  expect(end.end).toBe("api_error");
  expect(asked).toHaveLength(1);
});

afterEach(() => {
  vi.useRealTimers();
});

/** A server that sends what it is told, as it is. */
async function openRaw(chunks: readonly string[], hold: boolean) {
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const chunk of chunks) response.write(chunk);
    if (!hold) response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => server.closeAllConnections(),
  };
}

/** Taken before any test makes time its own. */
const realTimeout = setTimeout;
const pauseForReal = (ms: number) => new Promise((done) => realTimeout(done, ms));

const request = { model: "m", max_tokens: 100, system: [], tools: [], messages: [] };
const event = (type: string, data: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
const begin = event("message_start", { message: { model: "m", usage: { input_tokens: 5, output_tokens: 1 } } });

test("a stream is given up after 90 s of silence and not before", async () => {
  const raw = await openRaw([begin], true);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const model = createModel({ apiKey: "k", baseUrl: raw.url });
  const controller = new AbortController();
  let outcome: Awaited<ReturnType<typeof model.ask>> | null = null;
  const asked = model.ask(request, { signal: controller.signal, timeoutMs: 3_600_000 }).then((o) => {
    outcome = o;
  });
  // Real time for the headers and the first event to arrive; the clock of the watch stands still meanwhile.
  await pauseForReal(400);
  vi.advanceTimersByTime(89_000);
  await new Promise((done) => setImmediate(done));
  expect(outcome).toBeNull();
  vi.advanceTimersByTime(1_001);
  await asked;
  expect(outcome).toMatchObject({ kind: "failed", class: "stalled", retryable: true, billed: "started" });
  raw.close();
});

test.each([
  ["an event that is not JSON", ["event: content_block_start\ndata: {oops\n\n"]],
  ["a delta before its block", [event("content_block_delta", { index: 0, delta: { type: "text_delta", text: "x" } })]],
  ["a block at an absurd place", [event("content_block_start", { index: 1e9, content_block: { type: "text" } })]],
  ["bytes that are no stream at all", ["<html>hello</html>"]],
])("%s drops the whole answer as one that may be asked again", async (_how, chunks) => {
  const raw = await openRaw([begin, ...chunks], false);
  const model = createModel({ apiKey: "k", baseUrl: raw.url });
  const outcome = await model.ask(request, { signal: new AbortController().signal, timeoutMs: 10_000 });
  expect(outcome).toMatchObject({ kind: "failed", class: "truncated_stream", retryable: true, billed: "started" });
  raw.close();
});

test("pieces of a block of an unknown kind are put together by their names", async () => {
  const delta = (text: string): string =>
    event("content_block_delta", { index: 0, delta: { type: "compaction_delta", content: text } });
  const raw = await openRaw(
    [
      begin,
      event("content_block_start", { index: 0, content_block: { type: "compaction", content: null } }),
      ...[delta("one "), delta("two")],
      event("content_block_stop", { index: 0 }),
      event("brand_new_event", { anything: 1 }),
      event("message_delta", { delta: { stop_reason: "end_turn" }, usage: { output_tokens: 3 } }),
      event("message_stop", {}),
    ],
    false,
  );
  const model = createModel({ apiKey: "k", baseUrl: raw.url });
  const outcome = await model.ask(request, { signal: new AbortController().signal, timeoutMs: 10_000 });
  expect(outcome).toMatchObject({ kind: "reply", content: [{ type: "compaction", content: "one two" }] });
  raw.close();
});

const whole = [
  begin,
  event("content_block_start", { index: 0, content_block: { type: "text", text: "hi" } }),
  event("content_block_stop", { index: 0 }),
  event("message_delta", { delta: { stop_reason: "end_turn" }, usage: { output_tokens: 3 } }),
  event("message_stop", {}),
];

test("one connection serves request after request, and one that goes on after the last event is cut", async () => {
  const sockets = new Set<unknown>();
  let asked = 0;
  let cut = 0;
  const server = createServer((message, response) => {
    asked += 1;
    sockets.add(message.socket);
    message.resume();
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.once("close", () => (cut += response.writableFinished ? 0 : 1));
    for (const chunk of whole) response.write(chunk);
    if (asked <= 3) response.end();
    else response.write(": and on\n\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const model = createModel({ apiKey: "k", baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  for (let turn = 1; turn <= 4; turn += 1) {
    const outcome = await model.ask(request, { signal: new AbortController().signal, timeoutMs: 10_000 });
    expect(outcome).toMatchObject({ kind: "reply", content: [{ type: "text", text: "hi" }] });
    await pauseForReal(20);
  }
  expect(sockets.size).toBe(1);
  await expect.poll(() => cut, { timeout: 5_000 }).toBe(1);
  server.close();
});
