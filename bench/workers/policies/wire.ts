import type { Event } from "../../../src/domain/event.ts";
import type { Step } from "../../../src/local/model/script-helpers.ts";
import { bash, call, solve, times, type WorkerPolicy } from "../policy.ts";

const touch = { name: "bash", input: { command: "echo touched > touched.txt" } };
const untouched = (events: readonly Event[]): string | null =>
  events.some((event) => event.type === "tool_started" && event.role === "worker" && event.data.tool === "bash")
    ? "a call of a message that was cut or refused was carried out"
    : null;
const once = (...steps: Step[]): Step[] => [...steps, ...solve];
const done: WorkerPolicy["expect"] = { stops: ["done"], verdict: "pass" };

/** What goes wrong on the wire, and calls that no tool accepts. */
export const wire: readonly WorkerPolicy[] = [
  {
    ...{ id: "33", does: "calls with arguments that are not JSON, for ever" },
    worker: times(20, { kind: "malformed_json_tool_input", name: "bash", json: '{"command": "ls' }),
    expect: { stops: ["bad_tool_calls"], verdict: null },
  },
  {
    ...{ id: "33b", does: "calls with wrong types, then with missing ones, then rightly" },
    worker: once(call("bash", { command: 7 }), call("edit", { $schema: "http://json-schema.org" })),
    expect: done,
  },
  {
    ...{ id: "34", does: "calls tools of another harness" },
    worker: times(20, call("str_replace_editor", { command: "view", path: "slug.js" })),
    expect: { stops: ["bad_tool_calls"], verdict: null },
  },
  { ...{ id: "34b", does: "calls an unknown tool once" }, worker: once(call("Task", { prompt: "x" })), expect: done },
  {
    ...{ id: "35", does: "twelve calls at once, with conflicting edits of one file" },
    worker: once({
      toolCalls: [
        ...Array.from({ length: 10 }, (_none, at) => ({ name: "bash", input: { command: `echo ${at}` } })),
        { name: "edit", input: { path: "slug.js", old: "text.to", new: "text.to" } },
        { name: "edit", input: { path: "slug.js", old: "not there", new: "x" } },
      ],
    }),
    expect: done,
  },
  {
    ...{ id: "35b", does: "gives two calls the same id" },
    worker: once({
      toolCalls: [
        { id: "toolu_same", name: "bash", input: { command: "echo one" } },
        { id: "toolu_same", name: "bash", input: { command: "echo two" } },
      ],
    }),
    expect: done,
  },
  {
    ...{ id: "36", does: "is cut inside a tool call, for ever" },
    worker: times(20, { toolCalls: [touch], stopReason: "max_tokens" }),
    expect: { stops: ["output_truncated"], verdict: null, journal: untouched },
  },
  {
    ...{ id: "36b", does: "is cut inside a tool call, in text and in thoughts, once each" },
    worker: once(
      { toolCalls: [{ name: "write", input: { path: "slug.js", content: "cut" } }], stopReason: "max_tokens" },
      ...[call("read", { path: "slug.js" }), { text: "I was going to", stopReason: "max_tokens" }],
      ...[call("read", { path: "count.js" }), { thinking: "I was", stopReason: "max_tokens" }],
    ),
    expect: { ...done, journal: untouched },
  },
  {
    ...{ id: "37", does: "is refused before a word" },
    worker: times(9, { content: [], stopReason: "refusal", stopDetails: { type: "refusal", category: "cyber" } }),
    expect: { stops: ["refused"], verdict: null },
  },
  {
    ...{ id: "37b", does: "is refused in the middle of a tool call" },
    worker: times(9, { text: "Now", toolCalls: [touch], stopReason: "refusal" }),
    expect: { stops: ["refused"], verdict: null, journal: untouched },
  },
  {
    ...{ id: "38", does: "pauses for ever" },
    worker: times(20, {
      content: [
        { type: "text", text: "Still at it." },
        { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "slug" } },
      ],
      stopReason: "pause_turn",
    }),
    expect: { stops: ["stuck"], verdict: null },
  },
  {
    ...{ id: "38b", does: "ends with a stop reason that nobody knows" },
    worker: once({ text: "So.", stopReason: "galactic_alignment" }),
    expect: done,
  },
  {
    ...{ id: "39", does: "rate limit, overload, reset, 502 in HTML, an error and an end amid the stream" },
    worker: [
      ...[{ kind: "status" as const, status: 429, headers: { "retry-after": "1" } }, solve[0]!],
      ...[{ kind: "sse_error" as const, afterEvents: 3, errorType: "overloaded_error" }, solve[1]!],
      ...[{ kind: "no_message_stop" as const }, solve[2]!],
      ...[{ kind: "html_502" as const }, { kind: "reset" as const, afterEvents: 2 }, solve[3]!],
    ],
    expect: done,
  },
  {
    ...{ id: "39b", does: "the API asks for five minutes of patience" },
    worker: once({ kind: "status", status: 529, headers: { "retry-after": "300" } }),
    more: [{}],
    expect: { stops: ["api_error", "done"], verdict: "pass" },
  },
  {
    ...{ id: "39c", does: "the API reports figures that cannot be true" },
    worker: once({ kind: "usage", how: "negative" }),
    more: [{}],
    expect: { stops: ["api_error", "done"], verdict: "pass" },
  },
  {
    ...{ id: "40", does: "the prompt is too long, once" },
    worker: once({ kind: "status", status: 400, message: "prompt is too long: 1000001 tokens > 1000000 maximum" }),
    expect: done,
  },
  {
    ...{ id: "40b", does: "the prompt is too long, always" },
    worker: times(20, { kind: "status", status: 400, message: "prompt is too long: 1000001 tokens > 1000000 maximum" }),
    expect: { stops: ["no_progress"], verdict: null },
  },
  {
    ...{ id: "40c", does: "the window is full, again and again" },
    worker: times(20, { text: "And", stopReason: "model_context_window_exceeded" }),
    expect: { stops: ["no_progress"], verdict: null },
  },
  {
    ...{ id: "41", does: "the process is killed while a command runs" },
    worker: [bash("echo once >> effects.txt; sleep 5"), bash("cat effects.txt; rm -f effects.txt"), ...solve],
    killAt: 3,
    killDelayMs: 1_500,
    expect: done,
  },
  {
    ...{ id: "41b", does: "the process is killed while the initializer thinks" },
    worker: solve,
    killAt: 1,
    expect: done,
  },
];
