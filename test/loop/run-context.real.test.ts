import { expect, test } from "vitest";
import type { Answer, Script } from "../../src/local/model/script.ts";
import { sequence } from "../../src/local/model/script-helpers.ts";
import { runContext } from "../../src/loop/run-context.ts";
import { type BenchOptions, bash, finish, openBench, sentMessages } from "./bench-hands.ts";

async function play(steps: Answer[], options: Partial<BenchOptions> = {}, after?: Answer) {
  const bench = await openBench({ script: sequence(steps, { after }), ...options });
  const end = await runContext(bench.spec, bench.hands);
  await bench.model.close();
  return { bench, end, types: bench.events.map(({ type }) => type) };
}

test("a context that finishes records each step in order and ends with the claim", async () => {
  const { end, types, bench } = await play([{ toolCalls: [bash("edit")] }, finish]);
  expect(end).toMatchObject({ end: "finished", reason: "done", signal: { kind: "finish" } });
  expect(types).toEqual([
    ...["context_opened", "request_sent", "reply_received", "tool_started", "tool_finished", "turn_ended"],
    ...["request_sent", "reply_received", "tool_started", "tool_finished", "turn_ended", "context_closed"],
  ]);
  expect(bench.model.problems()).toEqual([]);
  expect(bench.spent()).toBeGreaterThanOrEqual(bench.model.bill().usdMicro);
});

test("what is sent only ever grows at its end, and carries four cache marks", async () => {
  const steps: Answer[] = Array.from({ length: 6 }, (_, i) => ({
    thinking: `t${i}`,
    toolCalls: [bash(`edit`), bash(`look ${i}`)],
  }));
  const { bench } = await play([...steps, finish]);
  const sent = sentMessages(bench);
  for (let i = 1; i < sent.length; i++) expect(sent[i]!.startsWith(sent[i - 1]!.slice(0, -1))).toBe(true);
  const last = bench.model.requests().at(-1)!;
  expect(JSON.stringify(last.body).match(/cache_control/g)).toHaveLength(4);
  expect(last.usage!.cache_read_input_tokens).toBeGreaterThan(0);
});

const failures: [string, Answer, RegExp][] = [
  [
    "429",
    { kind: "status", status: 429, errorType: "rate_limit_error", headers: { "retry-after": "7" } },
    /rate_limit/,
  ],
  ["529", { kind: "status", status: 529, errorType: "overloaded_error" }, /overloaded/],
  ["500", { kind: "status", status: 500 }, /server/],
  ["408", { kind: "status", status: 408 }, /timeout/],
  ["409", { kind: "status", status: 409 }, /timeout/],
  ["504", { kind: "status", status: 504 }, /timeout/],
  ["an HTML 502", { kind: "html_502" }, /server/],
  ["a reset before the headers", { kind: "reset", billed: true }, /connection/],
  ["a reset in the stream", { kind: "reset", afterEvents: 3 }, /truncated_stream/],
  ["an error event inside a 200", { kind: "sse_error", afterEvents: 3, errorType: "overloaded_error" }, /overloaded/],
  ["an error event before anything else", { kind: "sse_error", afterEvents: 0, errorType: "api_error" }, /server/],
  ["a stream without message_stop", { kind: "no_message_stop" }, /truncated_stream/],
  ["a silent stream", { kind: "stall", afterEvents: 2 }, /stalled/],
];

test.each(failures)(
  "%s is retried as a whole turn, and paid for no less than billed",
  async (_name, fault, pattern) => {
    const { bench, end } = await play([fault, { toolCalls: [bash("edit")] }, finish], { idleMs: 300 });
    expect(end.end).toBe("finished");
    const failed = bench.events.filter((event) => event.type === "request_failed");
    expect(failed).toHaveLength(1);
    expect(failed[0]!.data.error).toMatch(pattern);
    expect(failed[0]!.data.will_retry).toBe(true);
    expect(bench.spent()).toBeGreaterThanOrEqual(bench.model.bill().usdMicro);
    if (_name === "429") expect(bench.delays).toEqual([7_000]);
    expect(bench.space.calls).toEqual(["edit"]);
  },
);

test("pings keep a slow stream alive", async () => {
  const slow: Answer = { kind: "stall", afterEvents: 2, pingMs: 60, resumeAfterMs: 900, reply: finish };
  const { bench, end } = await play([slow], { idleMs: 400 });
  expect(end.end).toBe("finished");
  expect(bench.events.some(({ type }) => type === "request_failed")).toBe(false);
});

test.each([
  [400, "api_error"],
  [401, "config_error"],
  [402, "config_error"],
  [403, "config_error"],
  [404, "config_error"],
])("a %i ends at once as %s with the API's own words", async (status, kind) => {
  const { bench, end } = await play([{ kind: "status", status, message: "the API's words" }]);
  expect(end.end).toBe(kind);
  expect(end.reason).toContain("the API's words");
  expect(bench.events.filter(({ type }) => type === "request_sent")).toHaveLength(1);
});

test("six attempts are made and no more", async () => {
  const { bench, end } = await play([], {}, { kind: "status", status: 529, errorType: "overloaded_error" });
  expect(end.end).toBe("api_error");
  expect(bench.model.requests().filter(({ path }) => path.includes("messages"))).toHaveLength(6);
});

test("a wait of more than two minutes is not waited for", async () => {
  const { bench, end } = await play([{ kind: "status", status: 429, headers: { "retry-after": "121" } }]);
  expect(end.end).toBe("api_error");
  expect(bench.delays).toEqual([]);
});

test("a prompt that is too long leads to one reset", async () => {
  const { end } = await play([{ kind: "status", status: 400, message: "prompt is too long: 9 tokens > 8 maximum" }]);
  expect(end).toMatchObject({ end: "reset" });
});

test("a refused transcript is repaired once, by leaving earlier thinking out", async () => {
  const refused: Answer = {
    kind: "status",
    status: 400,
    message: "messages.1.content.0: Invalid `signature` in `thinking` block",
  };
  const { bench, end } = await play([{ thinking: "hm", toolCalls: [bash("edit")] }, refused, finish]);
  expect(end.end).toBe("finished");
  expect(sentMessages(bench).at(-1)).not.toContain('"thinking"');
});

test("a refusal ends the context and is not billed when empty", async () => {
  const { bench, end } = await play([{ stopReason: "refusal", stopDetails: { category: "cyber" }, content: [] }]);
  expect(end).toMatchObject({ end: "refused", reason: expect.stringContaining("cyber") });
  expect(bench.spent()).toBe(0);
});

test("nothing of a refused message runs", async () => {
  const { bench, end } = await play([{ stopReason: "refusal", toolCalls: [bash("edit")] }]);
  expect(end.end).toBe("refused");
  expect(bench.space.calls).toEqual([]);
});

test("an answer cut inside a call runs nothing, advises to split, and may be twice as long next", async () => {
  const { bench, end } = await play([{ stopReason: "max_tokens", toolCalls: [bash("edit")] }, finish]);
  expect(end.end).toBe("finished");
  expect(bench.space.calls).toEqual([]);
  expect(sentMessages(bench).at(-1)).toContain("Write the file in parts");
  expect(bench.model.requests().at(-1)!.body!.max_tokens).toBe(32_000);
});

test("three cut answers in a row end the context", async () => {
  const { end } = await play([], {}, { stopReason: "max_tokens", toolCalls: [bash("edit")] });
  expect(end.end).toBe("output_truncated");
});

test("an empty answer gets one continue, in a message of its own", async () => {
  const { bench, end } = await play([{ toolCalls: [bash("edit")] }, { content: [], stopReason: "end_turn" }, finish]);
  expect(end.end).toBe("finished");
  const messages = bench.model.requests().at(-1)!.body!.messages;
  expect(messages.slice(-2).map(({ role }) => role)).toEqual(["user", "user"]);
});

test("two empty answers, or three without a call, count as stuck", async () => {
  expect((await play([], {}, { content: [], stopReason: "end_turn" })).end.end).toBe("stuck");
  const talk = await play([], {}, { text: "I am thinking." });
  expect(talk.end.end).toBe("stuck");
  expect(sentMessages(talk.bench).at(-1)).toContain("call `finish`");
});

test("wrong, unknown and broken calls are answered with what fits, and three turns of them end the context", async () => {
  const { bench, end } = await play([
    { toolCalls: [{ name: "str_replace", input: {} }] },
    { toolCalls: [{ name: "bash", input: { cmd: "x" } }] },
    { kind: "malformed_json_tool_input", name: "bash", json: '{"command": "rm' },
  ]);
  expect(end.end).toBe("bad_tool_calls");
  const texts = bench.events.flatMap((event) => (event.type === "tool_finished" ? [event.data.content] : []));
  expect(texts[0]).toContain("Tools: bash, finish, handoff, read");
  expect(texts[1]).toContain('"command"');
  expect(texts[2]).toContain("not JSON");
  expect(Math.max(...texts.map((text) => text.length))).toBeLessThanOrEqual(400);
});

test("twelve calls of one answer run one after another and are answered together, twin ids included", async () => {
  const calls = Array.from({ length: 12 }, (_, i) => ({ ...bash(`n${i}`), id: i < 2 ? "toolu_same" : `toolu_${i}` }));
  const { bench, end } = await play([{ toolCalls: calls }, finish]);
  expect(end.end).toBe("finished");
  expect(bench.space.calls).toEqual(calls.map(({ input }) => input.command));
  expect(bench.model.requests().at(-1)!.body!.messages.at(-1)!.content).toHaveLength(12);
});

test("an unknown stop reason is a warning and the end of a turn", async () => {
  const { bench, end } = await play([{ text: "hm", stopReason: "brand_new" }, finish]);
  expect(end.end).toBe("finished");
  expect(bench.events.some((event) => event.type === "warned" && event.data.text.includes("brand_new"))).toBe(true);
});

test("a model that pauses for ever is stopped after five", async () => {
  const pause: Script = () => ({ text: "still searching", stopReason: "pause_turn" });
  const { bench, end } = await play([], { script: pause, model: "claude-sonnet-4-5" });
  expect(end.end).toBe("stuck");
  expect(bench.events.filter(({ type }) => type === "reply_received")).toHaveLength(6);
});

test("a full window is left by a reset", async () => {
  expect((await play([{ text: "x", stopReason: "model_context_window_exceeded" }])).end.end).toBe("reset");
});

test.each(["missing", "absurd", "negative"] as const)(
  "%s usage is booked at the worst case and ends the run",
  async (how) => {
    const { bench, end } = await play([{ kind: "usage", how, reply: { toolCalls: [bash("edit")] } }]);
    expect(end.end).toBe("api_error");
    const sent = bench.events.find((event) => event.type === "request_sent")!;
    expect(bench.spent()).toBe((sent.data as { reserved_usd_micro: number }).reserved_usd_micro);
    expect(bench.space.calls).toEqual([]);
  },
);

test("at the turn ceiling one last forced turn brings the handoff", async () => {
  const { bench, end } = await play(
    [{ toolCalls: [bash("edit")] }, { toolCalls: [{ name: "handoff", input: { done: ["edited"] } }] }],
    { turns: 1 },
  );
  expect(end).toMatchObject({ end: "ceiling", reason: "max_turns", handoff: { done: ["edited"] } });
  expect(bench.model.requests().at(-1)!.body!.tool_choice).toEqual({ type: "tool", name: "handoff" });
});

test("a handoff is written from the journal when the last turn fails", async () => {
  const { end } = await play([{ toolCalls: [bash("fail")] }, { kind: "status", status: 500 }], { turns: 1 });
  expect(end).toMatchObject({ end: "ceiling", handoff: { next_steps: ["look again at: fail (exit 1)"] } });
});

test("the same call with the same result is nudged at three and ends as stuck at five", async () => {
  const { bench, end } = await play([], {}, { toolCalls: [bash("look")] });
  expect(end.end).toBe("stuck");
  expect(bench.space.calls).toHaveLength(5);
  expect(bench.events.filter((e) => e.type === "message_added" && e.data.kind === "nudge")).toHaveLength(1);
});

test("edits, polls with news and tests after each fix are no loop", async () => {
  const steps: Answer[] = Array.from({ length: 15 }, () => [
    { toolCalls: [bash("edit")] },
    { toolCalls: [bash("fail")] },
  ]).flat();
  const { end } = await play([...steps, finish]);
  expect(end.end).toBe("finished");
});

test("people's words arrive between turns, and /stop ends the context there", async () => {
  let polls = 0;
  const inbox = () => {
    polls += 1;
    if (polls < 3) return [{ kind: "steering" as const, id: "7", actor: "ana", text: "also the empty case" }];
    return [{ kind: "stop" as const, actor: "ana" }];
  };
  const { bench, end } = await play([], { inbox }, { toolCalls: [bash("edit")] });
  expect(end.end).toBe("stopped");
  expect(bench.events.filter(({ type }) => type === "message_added")).toHaveLength(1);
  expect(sentMessages(bench).at(-1)).toContain("also the empty case");
});

test("a cancel ends a request that hangs", async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 200);
  const { end } = await play([{ kind: "stall", afterEvents: 1 }], { signal: controller.signal, idleMs: 60_000 });
  expect(end.end).toBe("cancelled");
});

test("the deadline ends a request that drips", async () => {
  const { end } = await play([{ kind: "slow_drip", everyMs: 100 }], { remainingMs: () => 300 });
  expect(end).toMatchObject({ end: "ceiling", reason: "timeout" });
});
