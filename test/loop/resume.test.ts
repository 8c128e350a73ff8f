import { expect, test } from "vitest";
import type { Event } from "../../src/domain/event.ts";
import type { Answer, Script } from "../../src/local/model/script.ts";
import { buildMessages } from "../../src/loop/context.ts";
import { runContext } from "../../src/loop/run-context.ts";
import type { Block, Message } from "../../src/loop/wire.ts";
import { bash, finish, openBench, sentMessages } from "./bench-hands.ts";

const steps: Answer[] = [
  { thinking: "first", text: "I look.", toolCalls: [bash("look"), { name: "read", input: { path: "a.ts" } }] },
  { toolCalls: [bash("edit"), { name: "nothing", input: {} }] },
  { kind: "sse_error", afterEvents: 3, errorType: "overloaded_error" },
  { text: "I think I am done." },
  { content: [], stopReason: "end_turn" },
  { stopReason: "max_tokens", toolCalls: [bash("cut")] },
  {
    toolCalls: [
      { ...bash("look"), id: "toolu_x" },
      { ...bash("look"), id: "toolu_x" },
    ],
  },
  { toolCalls: [bash("look")] },
  { toolCalls: [bash("look")] },
  { toolCalls: [bash("look")] },
  { thinking: "last", toolCalls: [bash("edit"), ...finish.toolCalls] },
];

/** Answers by how many replies the conversation already shows, so that a resumed context is told the same. */
function byStep(done: (events: readonly Event[]) => number, events: () => readonly Event[]): Script {
  return () => steps[done(events())] ?? finish;
}

/** Requests that ended, with an answer or without. */
function ended(events: readonly Event[]): number {
  return events.filter(({ type }) => type === "reply_received" || type === "request_failed").length;
}

async function play(prefix: Event[], value: number) {
  let current: readonly Event[] = prefix;
  const bench = await openBench({ script: byStep(ended, () => current), events: prefix });
  current = bench.events;
  bench.space.value = value;
  const end = await runContext(bench.spec, bench.hands);
  await bench.model.close();
  return { bench, end };
}

/** The workspace as it stood after a prefix: what finished edits made of it. */
function valueAfter(prefix: readonly Event[]): number {
  return prefix.filter((e) => e.type === "tool_finished" && e.data.content.startsWith("edit: ")).length;
}

function isInterrupted(prefix: readonly Event[]): boolean {
  const last = prefix.at(-1);
  return last?.type === "tool_started" && last.data.tool === "bash";
}

test("a context taken up after any of its events sends exactly what it would have sent", async () => {
  const whole = await play([], 0);
  expect(whole.end.end).toBe("finished");
  const events = whole.bench.events;
  expect(events.length).toBeGreaterThan(50);
  const sent = sentMessages(whole.bench);
  const requestsIn = (prefix: readonly Event[]): number => prefix.filter(({ type }) => type === "request_sent").length;
  for (let at = 0; at < events.length; at++) {
    const prefix = events.slice(0, at);
    const { bench, end } = await play(prefix, valueAfter(prefix));
    expect(end.end, `after event ${at}`).toBe("finished");
    expect(
      bench.model.requests().filter(({ status }) => status === 400),
      `after event ${at}`,
    ).toEqual([]);
    if (isInterrupted(prefix)) {
      const rest = bench.events.slice(at);
      expect(rest.some(({ type }) => type === "transcript_repaired")).toBe(true);
      continue;
    }
    // A request that was under way is sent again; all others are new.
    const isOpen = prefix.at(-1)?.type === "request_sent";
    const from = requestsIn(prefix) - (isOpen ? 1 : 0);
    expect(sentMessages(bench), `after event ${at} (${prefix.at(-1)?.type})`).toEqual(sent.slice(from));
  }
}, 400_000);

test("a run that dies while it hands over is taken up there: the note is asked for once, and nothing else runs", async () => {
  const handing: Answer[] = [
    { toolCalls: [bash("edit")] },
    { toolCalls: [bash("sneak"), { name: "handoff", input: { done: ["edited"] } }] },
  ];
  const begin = async (events: Event[], turns: number) => {
    const script: Script = () => handing[events.filter(({ type }) => type === "reply_received").length] ?? finish;
    const bench = await openBench({ script: (request, memory) => script(request, memory), events, turns });
    const hands = { ...bench.hands, history: () => events };
    const record: typeof hands.record = async (type, data, role) => {
      const event = await bench.hands.record(type, data, role);
      events.push(event);
      return event;
    };
    const end = await runContext(bench.spec, { ...hands, record });
    await bench.model.close();
    return { bench, end };
  };
  const whole: Event[] = [];
  expect((await begin(whole, 1)).end).toMatchObject({ end: "ceiling", handoff: { done: ["edited"] } });
  const asked = whole.findIndex((event) => event.type === "message_added" && event.data.kind === "winddown");
  for (let at = asked + 1; at < whole.length; at++) {
    const events = whole.slice(0, at);
    const replies = events.filter(({ type }) => type === "reply_received").length;
    const { bench, end } = await begin(events, 1_000);
    expect(end, `after ${events[at - 1]?.type}`).toMatchObject({ end: "reset", handoff: { done: ["edited"] } });
    expect(bench.space.calls).toEqual([]);
    expect(bench.model.requests().filter(({ path }) => path.includes("/v1/messages"))).toHaveLength(2 - replies);
    const closed = events.filter(({ type }) => type === "context_closed" || type === "turn_ended");
    expect(closed.map(({ type }) => type)).toEqual(["turn_ended", "turn_ended", "context_closed"]);
  }
});

test("whatever prefix is rendered, each call has exactly one result in the next message", async () => {
  const { bench } = await play([], 0);
  for (let at = 1; at <= bench.events.length; at++)
    expect(unpaired(buildMessages(bench.events.slice(0, at)))).toEqual([]);
});

function unpaired(messages: Message[]): string[] {
  const ids = (content: Block[], type: string, key: string): string[] =>
    content.filter((block) => block.type === type).map((block) => String(block[key]));
  return messages.flatMap((message, at) => {
    if (message.role !== "assistant") return [];
    const called = ids(message.content, "tool_use", "id");
    const answered = ids(messages[at + 1]?.content ?? [], "tool_result", "tool_use_id");
    return JSON.stringify(called) === JSON.stringify(answered) ? [] : called;
  });
}
