import type { MessagesRequest, WireBlock } from "./wire.ts";

/** What a script says instead of a model. */
export interface Reply {
  /** Shorthand for one text block before the tool calls. */
  text?: string;
  /** Emitted first, signed by the server. */
  thinking?: string;
  /** Blocks as they are, between thinking and `toolCalls`; a tool_use without id gets one. */
  content?: WireBlock[];
  toolCalls?: { name: string; input: unknown; id?: string }[];
  /** Default: `tool_use` with a tool call, else `end_turn`; `max_tokens` when the reply had to be cut. */
  stopReason?: string;
  stopDetails?: Record<string, unknown>;
  /** Milliseconds before the headers. */
  delayMs?: number;
  /** `awkward` cuts deltas and TCP writes inside escapes and UTF-8 sequences; a number is characters per delta. Default 64. */
  chunking?: "awkward" | number;
  /** Output tokens reported and billed instead of bytes / 3.5. */
  outputTokens?: number;
}

/** What goes wrong instead. Events are counted from 0 = `message_start`, over those of `reply`. */
export type Fault =
  | {
      kind: "status";
      status: number;
      body?: unknown;
      errorType?: string;
      message?: string;
      headers?: Record<string, string>;
    }
  | { kind: "html_502" }
  /** The socket is reset: before the headers (charged for only if `billed`), or after so many events. */
  | { kind: "reset"; afterEvents?: number; billed?: boolean; reply?: Reply }
  | { kind: "sse_error"; afterEvents?: number; errorType?: string; message?: string; reply?: Reply }
  | { kind: "no_message_stop"; reply?: Reply }
  /** Nothing more comes after so many events; pings count as life when asked for; goes on after `resumeAfterMs`. */
  | { kind: "stall"; afterEvents?: number; pingMs?: number; resumeAfterMs?: number; reply?: Reply }
  | { kind: "malformed_json_tool_input"; name: string; json: string }
  | { kind: "usage"; how: "missing" | "absurd" | "negative"; reply?: Reply }
  | { kind: "slow_drip"; everyMs: number; reply?: Reply };

/** Survives requests, contexts and runs: it lives as long as the server. */
export interface ScriptMemory {
  /** Requests seen so far, this one included. */
  readonly requests: number;
  /** Replies given so far to requests of a role. */
  replies(role: Role): number;
  /** A box of the script's own, created once per key. */
  box<T>(key: string, create: () => T): T;
}

export type Answer = Reply | Fault;
export type Script = (request: MessagesRequest, memory: ScriptMemory) => Answer | Promise<Answer>;
export type Role = "initializer" | "worker" | "evaluator";

/** Tells which role asks, by the tool that only that role has. */
export function roleOf(request: MessagesRequest): Role {
  const names = new Set((request.tools ?? []).map((tool) => tool.name));
  if (names.has("contract")) return "initializer";
  if (names.has("verdict")) return "evaluator";
  return "worker";
}

/** True for an answer that goes wrong. */
export function isFault(answer: Answer): answer is Fault {
  return "kind" in answer;
}
