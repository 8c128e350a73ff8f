import type { EventInput } from "../domain/event.ts";
import type { Transcript, Turn } from "./transcript.ts";
import { estimateTokens } from "./wire.ts";

/** The batch rule of clearing old tool results; tokens and turns. */
export const clearingRule = {
  /** Prompt size from which clearing is considered. */
  over: 80_000,
  /** Newest tool results that stay. */
  keepTokens: 40_000,
  keepTurns: 2,
  /** Least that must be freed: each clearing costs the cache behind it. */
  leastFreed: 25_000,
  everyTurns: 10,
};

const neverCleared = new Set(["contract", "finish", "verdict", "blocked", "handoff"]);

/** Which old results give way to one line each, in one batch; null when the rule is not met. */
export function planClearing(
  context: string,
  transcript: Transcript,
  promptTokens: number,
  rule = clearingRule,
): EventInput<"outputs_cleared"> | null {
  if (promptTokens <= rule.over) return null;
  const { turns, cleared, clearedAt } = transcript;
  if (clearedAt !== null && turns.length - clearedAt < rule.everyTurns) return null;
  let kept = 0;
  let freed = 0;
  const calls: { call: string; replacement: string }[] = [];
  for (let at = turns.length - 1; at >= 0; at--) {
    const turn = turns[at]!;
    for (const { call, name, input } of turn.calls.toReversed()) {
      const finished = turn.finished.get(call);
      if (!finished || cleared.has(call)) continue;
      const tokens = estimateTokens(finished.content);
      kept += tokens;
      if (at >= turns.length - rule.keepTurns || kept <= rule.keepTokens || neverCleared.has(name)) continue;
      const replacement = describeCleared(turn, call, name, input);
      const gain = tokens - estimateTokens(replacement);
      if (gain <= 0) continue;
      freed += gain;
      calls.push({ call, replacement });
    }
  }
  return freed >= rule.leastFreed ? { context, calls: calls.reverse(), freed_tokens: freed } : null;
}

function describeCleared(turn: Turn, call: string, name: string, input: unknown): string {
  const finished = turn.finished.get(call)!;
  const what = JSON.stringify(mainArgument(input)).slice(0, 120);
  const exit = typeof finished.exit === "number" ? ` exit ${finished.exit}` : finished.is_error ? " failed" : "";
  const where = finished.output ? ` — whole output: ${finished.output.path}` : " — call it again if you need it";
  return `[cleared: ${name} ${what}${exit}${where}]`;
}

function mainArgument(input: unknown): unknown {
  const fields = (input ?? {}) as Record<string, unknown>;
  return fields.command ?? fields.path ?? fields.pattern ?? "";
}
