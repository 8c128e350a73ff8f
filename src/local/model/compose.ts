import type { ModelCard } from "./model-cards.ts";
import type { CacheReading } from "./prompt-cache.ts";
import type { Reply } from "./script.ts";
import { signThinking } from "./signature.ts";
import { bytesOfBlock, bytesOfTokens, tokensOfBytes } from "./tokens.ts";
import type { MessagesRequest, WireBlock, WireUsage } from "./wire.ts";

/** A block on its way out; tool input as the JSON text that is streamed, which may be cut. */
export interface OutBlock {
  block: WireBlock;
  json?: string;
}

/** A message that is about to be sent. */
export interface OutMessage {
  id: string;
  model: string;
  blocks: OutBlock[];
  stopReason: string;
  stopDetails: Record<string, unknown> | null;
  usage: WireUsage;
}

/** Makes the message of a reply: ids out of the seed, signatures, the cut at `max_tokens`, and what it costs. */
export function composeMessage(
  request: MessagesRequest,
  reply: Reply,
  model: ModelCard,
  reading: CacheReading,
  seed: string,
): OutMessage {
  const blocks = layOut(reply, seed);
  const prompt = reading.uncached + reading.read + reading.written5m + reading.written1h;
  const room = Math.max(0, model.window - prompt);
  const limit = Math.min(request.max_tokens, room);
  const cut = reply.outputTokens === undefined && cutAt(blocks, bytesOfTokens(limit));
  const natural = blocks.some((out) => out.block.type === "tool_use") ? "tool_use" : "end_turn";
  const atCut = room < request.max_tokens ? "model_context_window_exceeded" : "max_tokens";
  return {
    id: `msg_${seed.slice(0, 24)}`,
    model: request.model,
    blocks,
    stopReason: cut ? atCut : (reply.stopReason ?? natural),
    stopDetails: reply.stopDetails ?? null,
    usage: usageOf(reading, blocks, reply.outputTokens),
  };
}

function layOut(reply: Reply, seed: string): OutBlock[] {
  const blocks: OutBlock[] = [];
  const addCall = (name: string, input: unknown, id?: string): void => {
    const made = `toolu_${seed.slice(0, 16)}${String(blocks.length).padStart(2, "0")}`;
    blocks.push({ block: { type: "tool_use", id: id ?? made, name, input }, json: JSON.stringify(input ?? {}) });
  };
  if (reply.thinking !== undefined) {
    blocks.push({ block: { type: "thinking", thinking: reply.thinking, signature: signThinking(reply.thinking) } });
  }
  if (reply.text !== undefined) blocks.push({ block: { type: "text", text: reply.text } });
  for (const block of reply.content ?? []) {
    if (block.type === "tool_use") addCall(block.name ?? "", block.input, block.id);
    else if (block.type === "thinking") {
      blocks.push({ block: { ...block, signature: block.signature ?? signThinking(block.thinking ?? "") } });
    } else blocks.push({ block: { ...block } });
  }
  for (const call of reply.toolCalls ?? []) addCall(call.name, call.input, call.id);
  return blocks;
}

function sizeOf(out: OutBlock): number {
  return out.json === undefined
    ? bytesOfBlock(out.block)
    : Buffer.byteLength(out.block.name ?? "") + Buffer.byteLength(out.json);
}

function cutText(text: string, bytes: number): string {
  let kept = Buffer.from(text).subarray(0, Math.max(0, bytes)).toString("utf8");
  while (kept.endsWith("\uFFFD")) kept = kept.slice(0, -1);
  return kept;
}

/** Cuts the blocks where the output limit falls; true when something was lost. */
function cutAt(blocks: OutBlock[], bytes: number): boolean {
  let left = bytes;
  for (const [index, out] of blocks.entries()) {
    const size = sizeOf(out);
    if (size <= left) {
      left -= size;
      continue;
    }
    blocks.length = index + 1;
    if (out.json !== undefined) out.json = cutText(out.json, left - Buffer.byteLength(out.block.name ?? ""));
    else if (out.block.type === "text") out.block.text = cutText(out.block.text ?? "", left);
    else if (out.block.type === "thinking") {
      const thinking = cutText(out.block.thinking ?? "", left);
      out.block = { type: "thinking", thinking, signature: signThinking(thinking) };
    }
    if (out.block.type === "text" && out.block.text === "") blocks.pop();
    return true;
  }
  return false;
}

function usageOf(reading: CacheReading, blocks: readonly OutBlock[], fixed: number | undefined): WireUsage {
  const thinking = blocks.filter((out) => out.block.type === "thinking").reduce((sum, out) => sum + sizeOf(out), 0);
  const output = fixed ?? tokensOfBytes(blocks.reduce((sum, out) => sum + sizeOf(out), 0));
  return {
    input_tokens: reading.uncached,
    cache_creation_input_tokens: reading.written5m + reading.written1h,
    cache_read_input_tokens: reading.read,
    cache_creation: { ephemeral_5m_input_tokens: reading.written5m, ephemeral_1h_input_tokens: reading.written1h },
    output_tokens: output,
    output_tokens_details: { thinking_tokens: Math.min(output, tokensOfBytes(thinking)) },
    server_tool_use: null,
    service_tier: "standard",
  };
}

/** The message as a non-streaming answer. */
export function renderMessage(message: OutMessage): Record<string, unknown> {
  return {
    id: message.id,
    type: "message",
    role: "assistant",
    model: message.model,
    container: null,
    content: message.blocks.map((out) =>
      out.block.type === "tool_use" ? { ...out.block, input: parsed(out.json) } : out.block,
    ),
    stop_reason: message.stopReason,
    stop_sequence: null,
    stop_details: message.stopDetails,
    usage: message.usage,
  };
}

function parsed(json: string | undefined): unknown {
  try {
    return JSON.parse(json ?? "{}");
  } catch {
    return {};
  }
}
