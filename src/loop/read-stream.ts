import type { TokenUsage } from "../domain/limits.ts";
import { readUsage } from "./usage.ts";
import type { Block } from "./wire.ts";

/** Key under which a tool call's arguments are kept that were not JSON; no tool accepts it. */
export const malformedKey = "__not_json";

/** A message as far as its stream has come. */
export interface PartialMessage {
  model: string | null;
  content: Block[];
  stopReason: string | null;
  stopDetails: unknown;
  /** Latest usage, or null when it was missing or impossible. */
  usage: TokenUsage | null;
  /** UTF-8 bytes of answer text, thinking and arguments read so far. */
  bytes: number;
  /** True from `message_start` on: from here the prompt is billed. */
  started: boolean;
  complete: boolean;
}

/** Folds the server-sent events of one answer into a message. */
export function createStreamReader(): { message: PartialMessage; push(event: string, data: unknown): void } {
  const message: PartialMessage = {
    model: null,
    content: [],
    stopReason: null,
    stopDetails: null,
    usage: null,
    bytes: 0,
    started: false,
    complete: false,
  };
  const json = new Map<Block, string>();
  let rawUsage: Record<string, unknown> | null = null;
  const takeUsage = (usage: unknown): void => {
    if (usage === null || typeof usage !== "object") return;
    const given = Object.entries(usage).filter(([, value]) => value !== null && value !== undefined);
    rawUsage = { ...rawUsage, ...Object.fromEntries(given) };
    message.usage = readUsage(rawUsage);
  };
  const push = (event: string, data: unknown): void => {
    const body = (data ?? {}) as Record<string, Record<string, unknown> | undefined>;
    switch (event) {
      case "message_start":
        message.started = true;
        message.model = String(body.message?.model ?? "");
        takeUsage(body.message?.usage);
        return;
      case "content_block_start":
        message.content[index(data)] = { ...body.content_block } as Block;
        return;
      case "content_block_delta":
        message.bytes += addDelta(message.content[index(data)], body.delta ?? {}, json);
        return;
      case "content_block_stop":
        closeBlock(message.content[index(data)], json);
        return;
      case "message_delta":
        message.stopReason = (body.delta?.stop_reason as string | null | undefined) ?? message.stopReason;
        message.stopDetails = body.delta?.stop_details ?? message.stopDetails;
        takeUsage(body.usage);
        return;
      case "message_stop":
        for (const block of message.content) closeBlock(block, json);
        message.content = message.content.filter(Boolean).map(wellFormed);
        message.complete = true;
    }
  };
  return { message, push };
}

function index(data: unknown): number {
  const value = (data as { index?: unknown } | null)?.index;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > 1_000) {
    throw new Error("a content block event without an index");
  }
  return value;
}

function addDelta(block: Block | undefined, delta: Record<string, unknown>, json: Map<Block, string>): number {
  if (!block) throw new Error("a delta came before its content block");
  const add = (field: string, value: unknown): number => {
    const text = String(value ?? "");
    block[field] = String(block[field] ?? "") + text;
    return Buffer.byteLength(text);
  };
  switch (delta.type) {
    case "text_delta":
      return add("text", delta.text);
    case "thinking_delta":
      return add("thinking", delta.thinking);
    case "signature_delta":
      add("signature", delta.signature);
      return 0;
    case "input_json_delta": {
      const text = String(delta.partial_json ?? "");
      json.set(block, (json.get(block) ?? "") + text);
      return Buffer.byteLength(text);
    }
    case "citations_delta":
      block.citations = [...((block.citations as unknown[] | undefined) ?? []), delta.citation];
      return 0;
    default: {
      // A kind of block that this release does not know is kept whole as well: its pieces belong to the fields of their name.
      const pieces = Object.entries(delta).filter(([key, value]) => key !== "type" && typeof value === "string");
      return pieces.reduce((sum, [field, value]) => sum + add(field, value), 0);
    }
  }
}

function closeBlock(block: Block | undefined, json: Map<Block, string>): void {
  const text = block && json.get(block);
  if (block === undefined || text === undefined) return;
  json.delete(block);
  block.input = parseInput(text);
}

/** Half a surrogate pair is refused by the API, in whatever field it stands; every whole block stays as it is. */
function wellFormed(block: Block): Block {
  const json = JSON.stringify(block);
  // JSON.stringify escapes only the halves that stand alone.
  const mended = json.replaceAll(/(?<=(?:^|[^\\])(?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g, "\ufffd");
  return mended === json ? block : (JSON.parse(mended) as Block);
}

function parseInput(text: string): Record<string, unknown> {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    if (value !== null && typeof value === "object" && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Kept as text below: a cut or broken call must never run, and must still be shown to the model.
  }
  return { [malformedKey]: text.slice(0, 200) };
}
