import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { OutMessage } from "./compose.ts";
import { renderMessage } from "./compose.ts";
import type { Fault, Reply } from "./script.ts";
import type { Chunking, StreamEvent } from "./stream-events.ts";
import { renderSse, renderStreamEvents } from "./stream-events.ts";
import { tokensOfBytes } from "./tokens.ts";

/** Faults that carry a message part of the way. */
export type StreamFault = Exclude<Fault, { kind: "status" | "html_502" }>;

/** What `sendMessage` is told besides the message. */
export interface SendHow {
  stream: boolean;
  chunking?: Chunking;
  requestId: string;
  /** Charges the prompt and this many output tokens in all; called before the bytes leave, again when more leave. */
  charge: (outputTokens: number) => void;
}

/** An error body as the API writes it. */
export function errorBody(type: string, message: string, requestId: string): Record<string, unknown> {
  return { type: "error", error: { type, message }, request_id: requestId };
}

/** The reply that a fault cuts short. */
export function replyOfFault(fault: StreamFault): Reply {
  if (fault.kind === "malformed_json_tool_input") return { toolCalls: [{ name: fault.name, input: {} }] };
  return fault.reply ?? { text: "I will look at this step by step. First of all the failing case." };
}

/** Sends a message, with the fault if there is one; true when all of it left. */
export async function sendMessage(
  response: ServerResponse,
  message: OutMessage,
  fault: StreamFault | null,
  how: SendHow,
): Promise<boolean> {
  if (fault?.kind === "malformed_json_tool_input") {
    for (const out of message.blocks) if (out.json !== undefined) out.json = fault.json;
  }
  if (fault?.kind === "reset" && fault.afterEvents === undefined) {
    how.charge(message.usage.output_tokens);
    response.socket?.resetAndDestroy();
    return false;
  }
  const headers = { "cache-control": "no-cache", "request-id": how.requestId };
  if (!how.stream) {
    const body = renderMessage(message);
    if (fault?.kind === "usage") spoilUsage(body, fault.how);
    how.charge(message.usage.output_tokens);
    response.writeHead(200, { ...headers, "content-type": "application/json" });
    response.end(JSON.stringify(body));
    return true;
  }
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  response.writeHead(200, { ...headers, "content-type": "text/event-stream; charset=utf-8" });
  const events = renderStreamEvents(message, how.chunking);
  if (fault?.kind === "usage") for (const event of events) spoilEvent(event, fault.how);
  const tokensUpTo = (count: number): number =>
    count >= events.length - 1
      ? message.usage.output_tokens
      : Math.min(message.usage.output_tokens, tokensOfBytes(bytesOf(events.slice(0, count))));
  return sendEvents(response, events, fault, {
    ...how,
    signal: gone.signal,
    chargeUpTo: (count) => how.charge(tokensUpTo(count)),
  });
}

interface SendOptions extends SendHow {
  signal: AbortSignal;
  chargeUpTo: (events: number) => void;
}

/** Writes events up to the fault's place, and what the fault puts there. */
async function sendEvents(
  response: ServerResponse,
  events: StreamEvent[],
  fault: StreamFault | null,
  options: SendOptions,
): Promise<boolean> {
  if (fault?.kind === "slow_drip") return drip(response, events, fault.everyMs, options);
  const stop = stopAt(events, fault);
  options.chargeUpTo(stop);
  if (!(await write(response, events.slice(0, stop).map(renderSse).join(""), options))) return false;
  if (fault?.kind === "reset") {
    // Time for the kernel to hand over what was written: a reset throws away what was not read yet.
    await pause(20, options.signal);
    response.socket?.resetAndDestroy();
    return false;
  }
  if (fault?.kind === "sse_error") {
    const body = errorBody(fault.errorType ?? "overloaded_error", fault.message ?? "Overloaded", options.requestId);
    await write(response, renderSse({ type: "error", data: body }), options);
  }
  if (fault?.kind === "stall") {
    if (!(await stall(response, fault, options))) return false;
    options.chargeUpTo(events.length);
    await write(response, events.slice(stop).map(renderSse).join(""), options);
  }
  response.end();
  return fault?.kind === "stall" || stop === events.length;
}

async function drip(
  response: ServerResponse,
  events: StreamEvent[],
  everyMs: number,
  options: SendOptions,
): Promise<boolean> {
  for (const [index, event] of events.entries()) {
    options.chargeUpTo(index + 1);
    if (!(await write(response, renderSse(event), options))) return false;
    if (!(await pause(everyMs, options.signal))) return false;
  }
  response.end();
  return true;
}

function stopAt(events: readonly StreamEvent[], fault: StreamFault | null): number {
  if (fault?.kind === "no_message_stop") return events.length - 1;
  if (fault?.kind === "reset" || fault?.kind === "sse_error" || fault?.kind === "stall") {
    return Math.min(fault.afterEvents ?? 4, events.length - 1);
  }
  return events.length;
}

/** Says nothing, or only pings, until the time is up (true) or the client has gone (false). */
async function stall(
  response: ServerResponse,
  fault: Extract<Fault, { kind: "stall" }>,
  options: SendOptions,
): Promise<boolean> {
  const until = fault.resumeAfterMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + fault.resumeAfterMs;
  while (Date.now() < until) {
    const wait = Math.min(fault.pingMs ?? 1_000, until - Date.now());
    if (!(await pause(wait, options.signal))) return false;
    if (fault.pingMs && Date.now() < until)
      await write(response, renderSse({ type: "ping", data: { type: "ping" } }), options);
  }
  return true;
}

async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return sleep(ms, true, { signal }).catch(() => false);
}

/** Writes text, in pieces of 1–16 bytes when awkward; false when the client has gone. */
async function write(response: ServerResponse, text: string, options: SendOptions): Promise<boolean> {
  if (options.signal.aborted) return false;
  const bytes = Buffer.from(text);
  if (options.chunking !== "awkward") {
    if (!response.write(bytes)) await drained(response);
    return !options.signal.aborted;
  }
  for (let at = 0, step = 1; at < bytes.length; at += step) {
    step = 1 + ((at * 5 + 11) % 97);
    response.write(bytes.subarray(at, at + step));
    await new Promise((resolve) => setImmediate(resolve));
    if (options.signal.aborted) return false;
  }
  return true;
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.once("drain", resolve);
    response.once("close", resolve);
  });
}

function bytesOf(events: readonly StreamEvent[]): number {
  return events.reduce((sum, event) => sum + event.outputBytes, 0);
}

function spoilEvent(event: StreamEvent, how: "missing" | "absurd" | "negative"): void {
  if (event.type === "message_start") spoilUsage(event.data.message as Record<string, unknown>, how);
  if (event.type === "message_delta") spoilUsage(event.data, how);
}

function spoilUsage(holder: Record<string, unknown>, how: "missing" | "absurd" | "negative"): void {
  if (how === "missing") {
    delete holder.usage;
    return;
  }
  const number = how === "absurd" ? 9_007_199_254_740_991 : -1_000;
  const usage = holder.usage as Record<string, unknown>;
  holder.usage = { ...usage, input_tokens: number, cache_read_input_tokens: number, output_tokens: number };
}
