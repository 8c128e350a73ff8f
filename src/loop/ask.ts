import { setTimeout as sleepFor } from "node:timers/promises";
import { canonicalJson, sha256 } from "../domain/hash.ts";
import { noTokens, type TokenUsage } from "../domain/limits.ts";
import {
  isAborted,
  type Loop,
  messagesOf,
  openedOf,
  priceOf,
  promptSizeOf,
  remember,
  transcriptOf,
  watchWorld,
} from "./loop-state.ts";
import type { ModelFailure, ModelOutcome, ModelReply } from "./model.ts";
import { composeRequest } from "./request.ts";
import { decideRetry } from "./retry.ts";
import type { Ceiling } from "./spec.ts";
import { costOf, type Purpose, worstCase } from "./spend.ts";
import { stripMark } from "./transcript.ts";
import { assumedUsage, isPlausible } from "./usage.ts";
import { bytesPerToken, type ToolChoice } from "./wire.ts";

/** Longest time for a wind-down answer, ms. */
const winddownMs = 60_000;

export interface Ask {
  purpose: Purpose;
  wantedMaxTokens: number;
  toolChoice?: ToolChoice;
}

export type Asked =
  | { kind: "replied" }
  | { kind: "ceiling"; reason: Ceiling }
  | { kind: "failed"; failure: ModelFailure; reason: string }
  /** The API reported figures that cannot be true: the worst case was booked, and the run ends. */
  | { kind: "absurd"; reason: string };

interface Sent {
  request: string;
  attempt: number;
  bound: { promptTokens: number; maxTokens: number };
  reserved: number;
  at: number;
}

/** One model call with its attempts: each is authorised and reserved anew, recorded before it leaves and after it ended. */
export async function askModel(loop: Loop, ask: Ask): Promise<Asked> {
  const started = loop.hands.now().getTime();
  for (let attempt = 1; ; attempt++) {
    const sent = await send(loop, ask, attempt);
    if ("ceiling" in sent) return { kind: "ceiling", reason: sent.ceiling };
    const { outcome, ...facts } = sent;
    if (outcome.kind === "reply") return await keepReply(loop, outcome, facts);
    const decision =
      ask.purpose === "winddown"
        ? { kind: "give_up" as const, reason: outcome.error }
        : decideRetry({
            ...{ attempt, retryable: outcome.retryable, error: outcome.error, retryAfterMs: outcome.retryAfterMs },
            elapsedMs: loop.hands.now().getTime() - started,
            remainingMs: loop.hands.remainingMs(),
            random: loop.hands.random ?? Math.random,
          });
    const isRepairable = outcome.class === "transcript" && !isRepaired(loop) && ask.purpose === "turn";
    const retry = decision.kind === "retry" || isRepairable;
    await keepFailure(loop, outcome, facts, retry ? (decision.kind === "retry" ? decision.delayMs : 0) : null);
    if (!retry) return { kind: "failed", failure: outcome, reason: decision.reason };
    if (isRepairable) await repair(loop, outcome);
    else if (decision.kind === "retry") await pause(loop, decision.delayMs);
    if (isAborted(loop)) return { kind: "failed", failure: { ...outcome, class: "aborted" }, reason: "cancelled" };
  }
}

async function send(
  loop: Loop,
  ask: Ask,
  attempt: number,
): Promise<(Sent & { outcome: ModelOutcome }) | { ceiling: Ceiling }> {
  const { hands, spec } = loop;
  const transcript = transcriptOf(loop);
  const messages = messagesOf(loop);
  const { system, tools, prefix } = openedOf(loop);
  const { bound: promptTokens, bytes } = promptSizeOf(loop);
  const wantedMaxTokens = Math.min(ask.wantedMaxTokens, loop.facts.maxOutput);
  const granted = await hands.authorize({
    promptTokensBound: promptTokens,
    wantedMaxTokens,
    role: spec.role,
    purpose: ask.purpose,
  });
  if (granted.kind === "ceiling") return { ceiling: granted.reason };
  const bound = { promptTokens, maxTokens: granted.maxTokens };
  const reserved = worstCase(bound, priceOf(loop).price);
  const request = `${spec.context}-r${transcript.requests + 1}`;
  await remember(loop, "request_sent", {
    ...{ request, context: spec.context, attempt, prompt_bytes: bytes },
    ...{ prompt_tokens_bound: promptTokens, max_tokens: granted.maxTokens, reserved_usd_micro: reserved },
    ...{ prefix_sha256: prefix, messages_sha256: sha256(canonicalJson(messages)) },
  });
  const at = hands.now().getTime();
  const effort = loop.facts.effort ? spec.effort : undefined;
  const asked = hands.model.ask(
    composeRequest({
      model: spec.model,
      system,
      tools,
      messages,
      maxTokens: granted.maxTokens,
      toolChoice: ask.toolChoice,
      effort,
    }),
    { signal: hands.signal, timeoutMs: ask.purpose === "winddown" ? winddownMs : hands.remainingMs() },
  );
  watchWorld(loop);
  const outcome = await asked;
  return { request, attempt, bound, reserved, at, outcome };
}

async function keepReply(loop: Loop, reply: ModelReply, sent: Sent): Promise<Asked> {
  const { price, unknown } = priceOf(loop);
  const isTrue = reply.usage !== null && isPlausible(reply.usage, sent.bound);
  const usage: TokenUsage = isTrue ? reply.usage! : assumedUsage(sent.bound);
  // A refusal before any output is not billed (vendor's guide on stop reasons).
  const isFree = reply.stopReason === "refusal" && reply.content.length === 0;
  await remember(loop, "reply_received", {
    ...{ request: sent.request, context: loop.spec.context, model: reply.model, content: reply.content },
    ...{ stop_reason: reply.stopReason, stop_details: reply.stopDetails ?? null, usage },
    cost_usd_micro: isFree ? 0 : isTrue ? costOf(usage, price) : sent.reserved,
    duration_ms: Math.max(0, loop.hands.now().getTime() - sent.at),
    price_unknown: unknown,
  });
  if (isTrue) return { kind: "replied" };
  const reason = "the model's API reported a usage that is missing or impossible; the worst case was booked";
  await remember(loop, "warned", { text: reason });
  return { kind: "absurd", reason };
}

async function keepFailure(loop: Loop, failure: ModelFailure, sent: Sent, delayMs: number | null): Promise<void> {
  const { usage, cost, estimated } = estimateLoss(loop, failure, sent);
  await remember(loop, "request_failed", {
    ...{
      request: sent.request,
      context: loop.spec.context,
      attempt: sent.attempt,
      error: `${failure.class}: ${failure.error}`,
    },
    ...{
      status: failure.status,
      will_retry: delayMs !== null,
      delay_ms: delayMs ?? 0,
      usage,
      cost_usd_micro: cost,
      estimated,
    },
  });
}

/**
 * What a lost answer cost: nothing when it was refused; prompt as reported plus one token per byte read when it was cut
 * (thinking may be hidden, so never less than chars/3.5); the whole reservation when nothing is known.
 */
function estimateLoss(
  loop: Loop,
  failure: ModelFailure,
  sent: Sent,
): { usage: TokenUsage; cost: number; estimated: boolean } {
  if (failure.billed === "no") return { usage: noTokens, cost: 0, estimated: false };
  if (failure.billed === "prompt") {
    const taken = { promptTokens: sent.bound.promptTokens, maxTokens: 0 };
    return { usage: assumedUsage(taken), cost: worstCase(taken, priceOf(loop).price), estimated: true };
  }
  const partial = failure.partialUsage;
  if (failure.billed === "unknown" || !partial || !isPlausible(partial, sent.bound)) {
    return { usage: assumedUsage(sent.bound), cost: sent.reserved, estimated: true };
  }
  const output = Math.min(
    sent.bound.maxTokens,
    Math.max(partial.output, failure.partialBytes, Math.ceil(failure.partialBytes / bytesPerToken)),
  );
  const usage = { ...partial, output };
  return { usage, cost: Math.min(sent.reserved, costOf(usage, priceOf(loop).price)), estimated: true };
}

function isRepaired(loop: Loop): boolean {
  return loop.events.some((event) => event.type === "transcript_repaired" && event.data.what.startsWith(stripMark));
}

/** The API refuses the transcript although every call has its result: what is left to give up are signed thinking blocks. */
async function repair(loop: Loop, failure: ModelFailure): Promise<void> {
  const what = `${stripMark} earlier thinking is left out from here, since the API refused it: ${failure.error.slice(0, 200)}`;
  await remember(loop, "transcript_repaired", { context: loop.spec.context, what });
}

async function pause(loop: Loop, ms: number): Promise<void> {
  const { signal, sleep } = loop.hands;
  if (sleep) return await sleep(ms, signal);
  await sleepFor(ms, undefined, { signal }).catch(() => {});
}
