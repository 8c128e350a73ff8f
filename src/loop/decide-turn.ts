import type { EventInput } from "../domain/event.ts";
import type { Tool, ToolSignal } from "../domain/tool.ts";
import { decideCall } from "./decide-calls.ts";
import { decideGuards, type GuardDecision, readSignatures } from "./guards.ts";
import type { ContextLimits, LoopRole } from "./spec.ts";
import { lastTool } from "./spec.ts";
import type { Transcript, Turn } from "./transcript.ts";

type NoteInput = Pick<EventInput<"message_added">, "kind" | "rule" | "text">;

/** How a context is left. `handoff` asks for a wind-down turn first. */
export interface Ending {
  end: EventInput<"context_closed">["end"];
  reason: string;
  signal?: ToolSignal;
  handoff?: boolean;
  /** What the context did counts for nothing: no note is left of it. */
  isObsolete?: boolean;
}

export interface TurnDecision {
  notes: NoteInput[];
  ending: Ending | null;
  warning?: string;
}

export interface TurnFacts {
  transcript: Transcript;
  tools: readonly Tool[];
  role: LoopRole;
  limits: ContextLimits;
  signal: ToolSignal | null;
}

const maxInARow = 3;
const maxPauses = 5;
const known = new Set(["end_turn", "stop_sequence", "tool_use", "max_tokens", "pause_turn"]);

/** What follows from the newest turn once its calls are answered: words for the model, an end, or nothing. Pure. */
export function decideTurn(facts: TurnFacts): TurnDecision {
  const { transcript, signal } = facts;
  const turn = transcript.turns.at(-1);
  if (!turn) return { notes: [], ending: null };
  if (signal) return { notes: [], ending: endOfSignal(signal) };
  switch (turn.reply.stop_reason) {
    case "refusal":
      return over("refused", `the model declined to answer (${categoryOf(turn.reply.stop_details)})`);
    case "model_context_window_exceeded":
      return over("reset", "the model's window is full");
    case "max_tokens":
      return truncated(facts, turn);
    case "pause_turn":
      return paused(facts, turn);
    default: {
      const decision = turn.calls.length > 0 ? called(facts, turn) : talked(facts, turn);
      const stop = turn.reply.stop_reason;
      if (stop !== null && known.has(stop)) return decision;
      return {
        ...decision,
        warning: `The model's API gave an unknown stop reason (${stop ?? "none"}); taken as the end of a turn.`,
      };
    }
  }
}

function endOfSignal(signal: ToolSignal): Ending {
  switch (signal.kind) {
    case "finish":
      return { end: "finished", reason: signal.summary, signal };
    case "blocked":
      return { end: "blocked", reason: signal.questions.join(" "), signal };
    case "handoff":
      return { end: "handoff", reason: "the worker handed over", signal };
    case "contract":
      return { end: "contract", reason: "a contract was proposed", signal };
    case "judgement":
      return { end: "judgement", reason: "a verdict was given", signal };
  }
}

function truncated({ transcript }: TurnFacts, turn: Turn): TurnDecision {
  const count = streak(transcript, ({ reply }) => reply.stop_reason === "max_tokens");
  if (count >= maxInARow) return over("output_truncated", `${count} answers in a row hit the output limit`);
  if (turn.calls.length > 0) return { notes: [], ending: null };
  return say(
    "continue",
    "cut",
    "Your answer hit the output limit and was cut. Go on, in smaller steps, with tool calls.",
  );
}

function paused({ transcript }: TurnFacts, turn: Turn): TurnDecision {
  const count = streak(transcript, ({ reply }) => reply.stop_reason === "pause_turn");
  if (count > maxPauses) return over("stuck", `the model paused ${count} times in a row`);
  // A server's own tool goes on from the message as it is; anything else at its end would be a prefill, which newer models refuse.
  const last = turn.content.at(-1)?.type;
  if (turn.calls.length > 0 || last?.endsWith("tool_use")) return { notes: [], ending: null };
  if (last === undefined) return say("continue", "empty", "Your answer was empty. Go on with the task.");
  return say("continue", "paused", "Go on with the task.");
}

function called(facts: TurnFacts, turn: Turn): TurnDecision {
  const isBad = (candidate: Turn): boolean => {
    const kinds = candidate.calls.map((call) => decideCall(candidate, call, facts.tools));
    return kinds.some((k) => k.kind === "refuse" && k.bad) && !kinds.some((k) => k.kind === "run");
  };
  const count = streak(facts.transcript, isBad);
  if (count >= maxInARow) return over("bad_tool_calls", `${count} turns in a row had only calls that no tool accepts`);
  return guarded(facts, decideGuards(readSignatures(facts.transcript), facts.role), turn);
}

function guarded({ transcript, limits }: TurnFacts, guard: GuardDecision, turn: Turn): TurnDecision {
  if (guard.kind === "none") return { notes: [], ending: null };
  const nudges = transcript.turns.filter((t) => t !== turn && t.notes.some(({ kind }) => kind === "nudge")).length;
  if (guard.kind === "nudge" && nudges < limits.nudges) return say("nudge", guard.rule, nudgeText(guard.reason));
  if (guard.kind === "stop" || limits.resetsLeft <= 0) return over("stuck", `${guard.rule}: ${guard.reason}`);
  return { notes: [], ending: { end: "reset", reason: `${guard.rule}: ${guard.reason}`, handoff: true } };
}

function nudgeText(reason: string): string {
  return `You are going in circles: ${reason}. Do something else: read the code that produces this result instead of the result; test a different cause with one small command; or call \`blocked\` with the question that a person must answer.`;
}

function talked({ transcript, role }: TurnFacts, turn: Turn): TurnDecision {
  const isSilent = ({ calls, reply }: Turn): boolean => calls.length === 0 && reply.stop_reason !== "max_tokens";
  const count = streak(transcript, isSilent);
  const empty = streak(transcript, (t) => isSilent(t) && t.content.length === 0);
  if (count >= maxInARow) return over("stuck", `${count} answers in a row without a tool call`);
  if (empty >= 2) return over("stuck", "the model answered with nothing, twice in a row");
  if (turn.content.length === 0) return say("continue", "empty", "Your answer was empty. Go on with the task.");
  const { ends } = lastTool[role];
  return say(
    "continue",
    "text_only",
    `Only tool calls have an effect. If you are done, call \`${ends}\`; otherwise go on with the next tool call.`,
  );
}

function categoryOf(details: unknown): string {
  const category = (details as { category?: unknown } | null | undefined)?.category;
  return typeof category === "string" ? category : "no category given";
}

function streak(transcript: Transcript, fits: (turn: Turn) => boolean): number {
  return transcript.turns.length - 1 - transcript.turns.findLastIndex((turn) => !fits(turn));
}

function over(end: Ending["end"], reason: string): TurnDecision {
  return { notes: [], ending: { end, reason } };
}

function say(kind: NoteInput["kind"], rule: string, text: string): TurnDecision {
  return { notes: [{ kind, rule, text }], ending: null };
}
