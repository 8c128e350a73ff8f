import type { Event, EventInput, EventType } from "../domain/event.ts";
import { measurePrompt, type PromptSize } from "./bound.ts";
import { renderMessages } from "./context.ts";
import type { ModelFacts } from "./models.ts";
import { type FoundPrice, findPrice } from "./prices.ts";
import { defineTools } from "./request.ts";
import type { ContextLimits, ContextSpec, Hands } from "./spec.ts";
import { defaultLimits } from "./spec.ts";
import { readTranscript, type Transcript } from "./transcript.ts";
import type { Message, ToolDefinition } from "./wire.ts";

/** An open context: its recorded events, and what of the world the loop has at hand. Everything sent is computed from `events`. */
export interface Loop {
  spec: ContextSpec;
  hands: Hands;
  limits: ContextLimits;
  facts: ModelFacts;
  events: Event[];
  /** What was computed from the first so many events; left behind by the next one. */
  memo: { events: number; transcript?: Transcript; messages?: Message[]; size?: PromptSize };
  /** Hash of the workspace, taken while the model thinks; null when none is under way. */
  world: Promise<string | null> | null;
}

/** Opens a context, or takes up an open one where its events end. */
export async function openLoop(spec: ContextSpec, hands: Hands): Promise<Loop> {
  const facts = await hands.model.facts(spec.model);
  const limits = { ...defaultLimits[spec.role], ...spec.limits };
  return { spec, hands, limits, facts, events: [...hands.history()], memo: { events: 0 }, world: null };
}

/** Records an event of this context and keeps what was stored. */
export async function remember<T extends EventType>(loop: Loop, type: T, data: EventInput<T>): Promise<Event> {
  const event = await loop.hands.record(type, data, loop.spec.role);
  loop.events.push(event);
  return event;
}

/** The conversation so far; read once per recorded event at most. */
export function transcriptOf(loop: Loop): Transcript {
  const memo = memoOf(loop);
  memo.transcript ??= readTranscript(loop.events);
  return memo.transcript;
}

/** The messages of the next request, computed from the recorded events. */
export function messagesOf(loop: Loop): readonly Message[] {
  const memo = memoOf(loop);
  memo.messages ??= renderMessages(transcriptOf(loop));
  return memo.messages;
}

/** Bound and estimate of the next request's prompt tokens. */
export function promptSizeOf(loop: Loop): PromptSize {
  const memo = memoOf(loop);
  memo.size ??= measurePrompt(loop.events, transcriptOf(loop), messagesOf(loop));
  return memo.size;
}

function memoOf(loop: Loop): Loop["memo"] {
  if (loop.memo.events !== loop.events.length) loop.memo = { events: loop.events.length };
  return loop.memo;
}

export function priceOf(loop: Loop): FoundPrice {
  return findPrice(loop.spec.model, loop.hands.now(), loop.spec.prices);
}

/** Tools, system and first message as they were recorded when the context was opened: a newer release changes nothing midway. */
export function openedOf(loop: Loop): { system: string; tools: ToolDefinition[]; prefix: string } {
  const { opened } = transcriptOf(loop);
  if (!opened) return { system: loop.spec.system, tools: defineTools(loop.spec.tools), prefix: "" };
  return { system: opened.system, tools: opened.tools as ToolDefinition[], prefix: opened.prefix_sha256 };
}

/** Starts the hash of the workspace; a failure is a missing hash, never the end of the work. */
export function watchWorld(loop: Loop): void {
  loop.world ??= loop.hands.worldHash().catch(() => null);
}

/** Whether the run was told to end; read anew each time, since it changes while something is awaited. */
export function isAborted(loop: Loop): boolean {
  return loop.hands.signal.aborted;
}
