import type { WireBlock, WireTool } from "./wire.ts";
import { blocksOf } from "./wire.ts";

/** UTF-8 bytes that count as one token; deterministic stand-in for a tokenizer. */
const bytesPerToken = 3.5;
/** Tokens that the API adds for its own tool instructions when a request has tools (order of magnitude of the vendor's table). */
export const toolPromptTokens = 346;
/** Bytes charged for an image or a document, which have no text to count. */
const opaqueBlockBytes = 5_250;

/** Tokens of a number of UTF-8 bytes: bytes / 3.5, rounded up. */
export function tokensOfBytes(bytes: number): number {
  return Math.ceil(bytes / bytesPerToken);
}

/** Bytes that fit in a number of tokens. */
export function bytesOfTokens(tokens: number): number {
  return Math.floor(tokens * bytesPerToken);
}

/** UTF-8 bytes of what a block says, without its JSON wrapping. */
export function bytesOfBlock(block: WireBlock): number {
  switch (block.type) {
    case "text":
      return Buffer.byteLength(block.text ?? "");
    case "thinking":
      return Buffer.byteLength(block.thinking ?? "");
    case "redacted_thinking":
      return Buffer.byteLength(block.data ?? "");
    case "tool_use":
      return Buffer.byteLength(block.name ?? "") + Buffer.byteLength(JSON.stringify(block.input ?? {}));
    case "tool_result":
      return blocksOf(block.content).reduce((sum, part) => sum + bytesOfBlock(part), 0);
    case "image":
    case "document":
      return opaqueBlockBytes;
    default:
      return Buffer.byteLength(JSON.stringify(block));
  }
}

/** UTF-8 bytes of a tool's definition. */
export function bytesOfTool(tool: WireTool): number {
  const { cache_control: _unused, ...rest } = tool;
  return Buffer.byteLength(JSON.stringify(rest));
}
