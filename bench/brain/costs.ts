import { defaultPrices, findPriceRow, nanoUsdOf } from "../../src/local/model/bill.ts";
import { blocksOf, textOfContent } from "../../src/local/model/wire.ts";
import type { Turn } from "./agent-run.ts";

/** What requests had as prompt, and what that costs at the scripted server's prices. */
export interface PromptCost {
  requests: number;
  uncached: number;
  written: number;
  read: number;
  bytes: number;
  inputUsd: number;
}

/** Sums the prompts of requests; only input is priced, since the script gives both sides the same answers. */
export function sumPrompts(turns: readonly Turn[]): PromptCost {
  const sum: PromptCost = { requests: 0, uncached: 0, written: 0, read: 0, bytes: 0, inputUsd: 0 };
  for (const { request } of turns) {
    const { usage, body } = request;
    if (!usage || !body) continue;
    sum.requests += 1;
    sum.uncached += usage.input_tokens;
    sum.written += usage.cache_creation_input_tokens;
    sum.read += usage.cache_read_input_tokens;
    sum.bytes += Buffer.byteLength(JSON.stringify(body));
    sum.inputUsd += nanoUsdOf(findPriceRow(defaultPrices, body.model), { ...usage, output_tokens: 0 }) / 1e9;
  }
  return sum;
}

/** Every cut tool result that the model was shown: its text as it stood in the context. */
export function listCutOutputs(turns: readonly Turn[]): string[] {
  const seen = new Set<string>();
  for (const { request } of turns) {
    for (const block of blocksOf(request.body?.messages.at(-1)?.content)) {
      const text = block.type === "tool_result" ? textOfContent(block.content) : "";
      if (text.includes("[truncated:")) seen.add(text);
    }
  }
  return [...seen];
}

/** Estimated tokens of the part of a request that never changes: tools and system, bytes / 3.5. */
export function fixedPromptTokens(turn: Turn | undefined): number {
  const { system = "", tools = [] } = turn?.request.body ?? {};
  const text = typeof system === "string" ? system : system.map((block) => block.text ?? "").join("");
  return Math.ceil(Buffer.byteLength(text) / 3.5) + Math.ceil(Buffer.byteLength(JSON.stringify(tools)) / 3.5);
}
