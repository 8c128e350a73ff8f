import type { z } from "zod";
import type { ContractDraft } from "./contract.ts";

/** The note from one context to the next: the model's part, at most 900 tokens together. */
export interface HandoffNote {
  done: string[];
  in_progress: string;
  next_steps: string[];
  decisions: { what: string; why: string }[];
  tried_and_failed: { what: string; why: string }[];
  gotchas: string[];
  questions_for_human: string[];
}

/** What a tool tells the harness besides its text: these end or steer a context. */
export type ToolSignal =
  | { kind: "finish"; summary: string; criteria?: string[] }
  | { kind: "blocked"; questions: string[] }
  | { kind: "handoff"; note: HandoffNote }
  | { kind: "contract"; draft: ContractDraft }
  | { kind: "judgement"; judgement: unknown };

/** What one call came to. Non-zero exits are data; `isError` is for what the harness could not or would not do. */
export interface ToolOutcome {
  /** Text for the model, already cut to what fits inline; not yet redacted. */
  content: string;
  isError: boolean;
  /** Full output when `content` was cut: where the model can read it inside the walls, and its bytes for the session. */
  output?: { name: string; path: string; bytes: number };
  signal?: ToolSignal;
  exit?: number | null;
  timedOut?: boolean;
}

/** What the model can do: the brain sees the hands only through this type. */
export interface Tool<Input = unknown> {
  readonly name: string;
  readonly description: string;
  /** Schema of the arguments; its JSON Schema goes to the model, byte-stable. */
  readonly schema: z.ZodType<Input>;
  /** True when a second run after a crash cannot do harm (read, grep, glob). */
  readonly repeatable: boolean;
  run(input: Input, context: ToolContext): Promise<ToolOutcome>;
}

export interface ToolContext {
  /** Aborts at deadline, `/stop` and cancel. */
  readonly signal: AbortSignal;
  /** Unique within the session: names output files `0042-1`. */
  readonly callName: string;
  /** Milliseconds left of the run for this call, worst case. */
  readonly remainingMs: number;
}
