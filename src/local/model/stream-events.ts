import type { OutBlock, OutMessage } from "./compose.ts";
import { renderMessage } from "./compose.ts";
import type { WireBlock } from "./wire.ts";

/** One server-sent event; `outputBytes` is how much of the answer it carries. */
export interface StreamEvent {
  type: string;
  data: Record<string, unknown>;
  outputBytes: number;
}

export type Chunking = "awkward" | number;
const defaultPiece = 64;

/** Cuts a text into pieces: fixed, or 1–9 characters in a fixed irregular order; never between surrogates. */
export function splitText(text: string, chunking: Chunking = defaultPiece): string[] {
  const pieces: string[] = [];
  let at = 0;
  while (at < text.length) {
    const wanted = chunking === "awkward" ? 1 + ((at * 7 + 3) % 9) : Math.max(1, chunking);
    let end = Math.min(text.length, at + wanted);
    const code = text.charCodeAt(end - 1);
    if (code >= 0xd800 && code <= 0xdbff && end < text.length) end += 1;
    pieces.push(text.slice(at, end));
    at = end;
  }
  return pieces;
}

/** JSON text with non-ASCII characters as `\u` escapes, so that pieces may end inside an escape. */
export function escapeJson(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The events of a message in the order of the API. */
export function renderStreamEvents(message: OutMessage, chunking: Chunking = defaultPiece): StreamEvent[] {
  const events: StreamEvent[] = [];
  const add = (type: string, data: Record<string, unknown>, outputBytes = 0): void => {
    events.push({ type, data: { type, ...data }, outputBytes });
  };
  const started = { ...renderMessage(message), content: [], stop_reason: null, stop_details: null };
  add("message_start", { message: { ...started, usage: { ...message.usage, output_tokens: 1 } } });
  add("ping", {});
  for (const [index, out] of message.blocks.entries()) {
    const { start, deltas } = partsOf(out, chunking);
    add("content_block_start", { index, content_block: start });
    for (const delta of deltas)
      add("content_block_delta", { index, delta }, Buffer.byteLength(Object.values(delta)[1] ?? ""));
    add("content_block_stop", { index });
  }
  const delta = { stop_reason: message.stopReason, stop_sequence: null, stop_details: message.stopDetails };
  add("message_delta", { delta, usage: { ...message.usage } });
  add("message_stop", {});
  return events;
}

function partsOf(out: OutBlock, chunking: Chunking): { start: WireBlock; deltas: Record<string, string>[] } {
  const { block, json } = out;
  if (json !== undefined) {
    const pieces = ["", ...splitText(chunking === "awkward" ? escapeJson(json) : json, chunking)];
    return {
      start: { type: "tool_use", id: block.id, name: block.name, input: {} },
      deltas: pieces.map((partial_json) => ({ type: "input_json_delta", partial_json })),
    };
  }
  if (block.type === "text") {
    return {
      start: { type: "text", text: "" },
      deltas: splitText(block.text ?? "", chunking).map((text) => ({ type: "text_delta", text })),
    };
  }
  if (block.type === "thinking") {
    const thinking = splitText(block.thinking ?? "", chunking).map((piece) => ({
      type: "thinking_delta",
      thinking: piece,
    }));
    return {
      start: { type: "thinking", thinking: "", signature: "" },
      deltas: [...thinking, { type: "signature_delta", signature: block.signature ?? "" }],
    };
  }
  return { start: block, deltas: [] };
}

/** One event as it goes over the wire. */
export function renderSse(event: { type: string; data: Record<string, unknown> }): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event.data)}\n\n`;
}
