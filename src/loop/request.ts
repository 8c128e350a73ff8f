import type { ZodType } from "zod";
import { z } from "zod";
import { canonicalJson, sha256 } from "../domain/hash.ts";
import type { Tool } from "../domain/tool.ts";
import type { Block, Effort, Message, ModelRequest, ToolChoice, ToolDefinition } from "./wire.ts";

const mark = { type: "ephemeral" } as const;

/** The tools as the model is told of them: sorted by name, JSON Schema from zod, byte-stable. */
export function defineTools(tools: readonly Pick<Tool, "name" | "description" | "schema">[]): ToolDefinition[] {
  return [...tools]
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    .map(({ name, description, schema }) => ({ name, description, input_schema: jsonSchemaOf(schema) }));
}

/** JSON Schema of a tool's arguments, without what only costs tokens. */
export function jsonSchemaOf(schema: ZodType): ToolDefinition["input_schema"] {
  const { $schema: _dialect, ...made } = z.toJSONSchema(schema, { io: "input" });
  return JSON.parse(JSON.stringify(made, dropNoise)) as ToolDefinition["input_schema"];
}

/** zod writes the safe-integer bounds on every integer. */
function dropNoise(key: string, value: unknown): unknown {
  if ((key === "maximum" || key === "minimum") && Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER) return undefined;
  return value;
}

/** SHA-256 of tools and system: the prefix that must not change within a context. */
export function prefixSha256(system: string, tools: unknown): string {
  return sha256(canonicalJson({ system, tools }));
}

/** Bytes of a request that can become prompt tokens: tools, system and messages as JSON. */
export function promptBytes(system: string, tools: unknown, messages: readonly Message[]): number {
  return Buffer.byteLength(JSON.stringify(tools)) + Buffer.byteLength(JSON.stringify(system)) + messageBytes(messages);
}

export function messageBytes(messages: readonly Message[]): number {
  return Buffer.byteLength(JSON.stringify(messages));
}

/** One request with its four cache breakpoints: system, first message, end of the turn before, end of the newest. */
export function composeRequest(parts: {
  model: string;
  system: string;
  tools: ToolDefinition[];
  messages: readonly Message[];
  maxTokens: number;
  toolChoice?: ToolChoice;
  effort?: Effort;
}): ModelRequest {
  return {
    model: parts.model,
    max_tokens: parts.maxTokens,
    tools: parts.tools,
    system: [{ type: "text", text: parts.system, cache_control: mark }],
    messages: markMessages(parts.messages),
    ...(parts.toolChoice ? { tool_choice: parts.toolChoice } : {}),
    ...(parts.effort ? { output_config: { effort: parts.effort } } : {}),
  };
}

/**
 * The mark on the turn before stands exactly where the last request wrote its entry, so that even a turn of more than
 * 20 blocks (the look-back of the cache) finds it.
 */
function markMessages(messages: readonly Message[]): Message[] {
  const users = messages.flatMap(({ role }, at) => (role === "user" ? [at] : []));
  const marked = new Map<number, number>();
  for (const at of users.slice(-2)) marked.set(at, messages[at]!.content.length - 1);
  return messages.map((message, at) => {
    const places = new Set<number>([...(at === 0 ? [0] : []), ...(marked.has(at) ? [marked.get(at)!] : [])]);
    return {
      role: message.role,
      content: message.content.map((block, i) => (places.has(i) ? withMark(block) : block)),
    };
  });
}

function withMark(block: Block): Block {
  return { ...block, cache_control: mark };
}
