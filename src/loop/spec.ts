import type { z } from "zod";
import type { ContextEndKind, Event, HandoffNoteData, Record } from "../domain/event.ts";
import type { PriceOverride } from "../domain/policy.ts";
import type { Tool, ToolSignal } from "../domain/tool.ts";
import type { Model } from "./model.ts";
import type { Purpose } from "./spend.ts";
import type { Effort } from "./wire.ts";

export type LoopRole = "initializer" | "worker" | "evaluator";
export type Handoff = z.infer<typeof HandoffNoteData>;

/** Limits of one context; the run's own caps come through `authorize`. */
export interface ContextLimits {
  /** Turns after which the role's last tool is asked for. */
  turns: number;
  /** Output tokens of one answer; doubled once after a cut, to at most 32,000. */
  maxTokens: number;
  /** Nudges before a guard resets instead. */
  nudges: number;
  /** Resets that guards may still order before the work counts as stuck. */
  resetsLeft: number;
}

/** One conversation with the model, as data. */
export interface ContextSpec {
  context: string;
  role: LoopRole;
  model: string;
  system: string;
  firstMessage: string;
  criterion: string | null;
  tools: readonly Tool[];
  limits?: Partial<ContextLimits>;
  prices?: Readonly<globalThis.Record<string, PriceOverride>>;
  effort?: Effort;
}

/** What people said while the context was open. */
export type InboxItem =
  | { kind: "steering"; id: string; actor: string; text: string }
  | { kind: "stop"; actor: string }
  /** The end is known in words already. */
  | { kind: "ended"; reason: string }
  /** What this context works on is not wanted any more: it ends without a note, and the run goes on. */
  | { kind: "obsolete"; reason: string }
  | { kind: "superseded"; reason: string };

export interface AuthorizeRequest {
  promptTokensBound: number;
  wantedMaxTokens: number;
  role: LoopRole;
  purpose: Purpose;
}

export type Ceiling = "max_turns" | "max_budget" | "timeout";
export type Authorization = { kind: "granted"; maxTokens: number } | { kind: "ceiling"; reason: Ceiling };

/** What the loop can reach of the world. */
export interface Hands {
  model: Model;
  record: Record;
  /** Events of this context so far; not empty when an open context is rebuilt. */
  history(): readonly Event[];
  /** Resolves when the request may be sent: its worst case is covered by an allowance that the remote has acknowledged. */
  authorize(request: AuthorizeRequest): Promise<Authorization>;
  readInbox(): Promise<readonly InboxItem[]>;
  /** Tree hash of the workspace, for the guards; may be slow, it is taken while the model thinks. */
  worldHash(): Promise<string | null>;
  turnEnded(): void;
  now(): Date;
  /** Milliseconds left of the run, the time for its end already taken off. */
  remainingMs(): number;
  /** The smallest share left of turns, budget and minutes, 0 to 1; for the notices at 50, 25 and 10 %. */
  remainingShare?(): number;
  signal: AbortSignal;
  /** For tests: waits and jitter. */
  sleep?(ms: number, signal: AbortSignal): Promise<void>;
  random?(): number;
}

export interface ContextEnd {
  end: ContextEndKind;
  /** For `ceiling` the ceiling's name, else one sentence. */
  reason: string;
  signal?: ToolSignal;
  handoff?: Handoff;
}

export const defaultLimits: globalThis.Record<LoopRole, ContextLimits> = {
  initializer: { turns: 40, maxTokens: 8_000, nudges: 2, resetsLeft: 0 },
  worker: { turns: 40, maxTokens: 16_000, nudges: 2, resetsLeft: 1 },
  evaluator: { turns: 15, maxTokens: 8_000, nudges: 2, resetsLeft: 0 },
};

/** The tool by which a role ends well, and the one it is held to at the end of its turns. */
export const lastTool: globalThis.Record<LoopRole, { ends: string; atCeiling: string }> = {
  initializer: { ends: "contract", atCeiling: "contract" },
  worker: { ends: "finish", atCeiling: "handoff" },
  evaluator: { ends: "verdict", atCeiling: "verdict" },
};
