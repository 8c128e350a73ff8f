import { createHash } from "node:crypto";
import { bytesOfBlock, bytesOfTool, tokensOfBytes, toolPromptTokens } from "./tokens.ts";
import type { CacheControl, MessagesRequest, WireBlock } from "./wire.ts";
import { blocksOf } from "./wire.ts";

/** A breakpoint looks back at most this many blocks for an entry. */
const lookBackBlocks = 20;
const ttlMs = { "5m": 5 * 60_000, "1h": 60 * 60_000 } as const;

/** One block of the prompt in the order of the API: tools, system, messages. */
export interface PromptBlock {
  /** Hash over everything up to and including this block. */
  prefix: string;
  /** Tokens of everything up to and including this block. */
  tokens: number;
  breakpoint: "5m" | "1h" | null;
}

/** Tokens of a prompt, split as the API bills them. */
export interface CacheReading {
  uncached: number;
  read: number;
  written5m: number;
  written1h: number;
}

export interface PromptCache {
  /** Looks up and writes entries for one request that is about to be answered. */
  pass(model: string, blocks: readonly PromptBlock[]): CacheReading;
}

function canonical(value: unknown): string {
  const json = JSON.stringify(value);
  // The replacer costs ten times the plain call, so only what carries a mark pays for it.
  if (!json.includes('"cache_control"')) return json;
  return JSON.stringify(value, (key, inner) => (key === "cache_control" ? undefined : inner));
}

/** Lays a request out as the blocks that the cache sees; cache marks are no part of the hash. */
export function readPromptBlocks(request: MessagesRequest): PromptBlock[] {
  const out: PromptBlock[] = [];
  let bytes = 0;
  let prefix = "";
  let extra = 0;
  const add = (tier: string, value: unknown, size: number, mark: CacheControl | null | undefined): void => {
    bytes += size;
    prefix = createHash("sha256").update(prefix).update(tier).update(canonical(value)).digest("hex");
    out.push({ prefix, tokens: tokensOfBytes(bytes) + extra, breakpoint: mark ? (mark.ttl ?? "5m") : null });
  };
  if (request.tools?.length) extra = toolPromptTokens;
  for (const tool of request.tools ?? []) add("tool", tool, bytesOfTool(tool), tool.cache_control);
  for (const block of blocksOf(request.system)) add("system", block, bytesOfBlock(block), block.cache_control);
  // A change of tool_choice or thinking spoils the messages tier only.
  prefix = createHash("sha256")
    .update(prefix)
    .update(canonical([request.tool_choice ?? null, request.thinking ?? null]))
    .digest("hex");
  for (const message of request.messages) {
    for (const block of blocksOf(message.content)) add(message.role, block, bytesOfBlock(block), markOf(block));
  }
  const last = out.at(-1);
  if (request.cache_control && last) last.breakpoint ??= request.cache_control.ttl ?? "5m";
  return out;
}

function markOf(block: WireBlock): CacheControl | null {
  if (block.cache_control) return block.cache_control;
  if (block.type !== "tool_result") return null;
  return blocksOf(block.content).find((part) => part.cache_control)?.cache_control ?? null;
}

/** A store of prefixes per model, with the API's times to live and minimum length, on the clock given. */
export function createPromptCache(options: { now: () => number; minPrefixTokens: number }): PromptCache {
  const entries = new Map<string, { expires: number; ttl: "5m" | "1h" }>();
  const key = (model: string, block: PromptBlock): string => `${model} ${block.prefix}`;
  const find = (model: string, blocks: readonly PromptBlock[]): number => {
    let best = -1;
    for (const [index, block] of blocks.entries()) {
      if (!block.breakpoint) continue;
      for (let at = index; at > Math.max(best, index - lookBackBlocks); at--) {
        const candidate = blocks[at];
        const entry = candidate && entries.get(key(model, candidate));
        if (entry && entry.expires > options.now()) {
          entry.expires = options.now() + ttlMs[entry.ttl];
          best = at;
          break;
        }
      }
    }
    return best;
  };
  return {
    pass(model, blocks) {
      const hit = find(model, blocks);
      const total = blocks.at(-1)?.tokens ?? 0;
      const reading: CacheReading = {
        uncached: 0,
        read: hit < 0 ? 0 : (blocks[hit]?.tokens ?? 0),
        written5m: 0,
        written1h: 0,
      };
      let covered = reading.read;
      for (const [index, block] of blocks.entries()) {
        if (!block.breakpoint || index <= hit || block.tokens < options.minPrefixTokens) continue;
        entries.set(key(model, block), { expires: options.now() + ttlMs[block.breakpoint], ttl: block.breakpoint });
        reading[block.breakpoint === "1h" ? "written1h" : "written5m"] += block.tokens - covered;
        covered = block.tokens;
      }
      reading.uncached = total - covered;
      return reading;
    },
  };
}
