import type { ToolSignal } from "../domain/tool.ts";
import { askModel } from "./ask.ts";
import { decideBefore } from "./before.ts";
import { decideTurn, type Ending, type TurnDecision } from "./decide-turn.ts";
import { capNote, emergencyNote } from "./handoff.ts";
import { isAborted, type Loop, openLoop, remember, transcriptOf } from "./loop-state.ts";
import { defineTools, prefixSha256 } from "./request.ts";
import { runCalls } from "./run-calls.ts";
import type { ContextEnd, ContextSpec, Handoff, Hands } from "./spec.ts";
import { windDown, windDownBegun } from "./wind-down.ts";

/** Output tokens of an answer that follows a cut one, at most. */
const maxDoubled = 32_000;

/**
 * One conversation from an empty window, or from where its recorded events end, to its end: a value. Everything the model
 * is sent is computed from recorded events, so the context can be rebuilt byte for byte after a crash at any point.
 */
export async function runContext(spec: ContextSpec, hands: Hands): Promise<ContextEnd> {
  const loop = await openLoop(spec, hands);
  if (!transcriptOf(loop).opened) await open(loop);
  const begun = windDownBegun(transcriptOf(loop));
  if (begun) return await close(loop, begun);
  for (;;) {
    const after = await endTurn(loop);
    if (after) return await close(loop, after);
    const before = await decideBefore(loop);
    if (before) return await close(loop, before);
    const asked = await askModel(loop, { purpose: "turn", wantedMaxTokens: wantedTokens(loop) });
    if (asked.kind === "ceiling") return await close(loop, { end: "ceiling", reason: asked.reason, handoff: true });
    if (asked.kind === "absurd") return await close(loop, { end: "api_error", reason: asked.reason });
    if (asked.kind === "failed") return await close(loop, endOfFailure(asked.failure.class, asked.reason));
  }
}

async function open(loop: Loop): Promise<void> {
  const { context, role, model, criterion, system, firstMessage, tools } = loop.spec;
  const defined = defineTools(tools);
  await remember(loop, "context_opened", {
    ...{ context, role, model, criterion, system, tools: defined, first_message: firstMessage },
    prefix_sha256: prefixSha256(system, defined),
  });
}

/** Brings the newest turn to its end: calls answered, words added, the end recorded. Does nothing that is already recorded. */
async function endTurn(loop: Loop): Promise<Ending | null> {
  const { spec, limits, hands } = loop;
  if (transcriptOf(loop).turns.length === 0) return null;
  const signal: ToolSignal | null = await runCalls(loop);
  if (isAborted(loop)) return { end: "cancelled", reason: "The run was cancelled." };
  const transcript = transcriptOf(loop);
  const decision = decideTurn({ transcript, tools: spec.tools, role: spec.role, limits, signal });
  const turn = transcript.turns.at(-1)!;
  if (!turn.ended) {
    await addNotes(loop, decision);
    const started = [...turn.started.values()].find(({ tree }) => tree !== null);
    await remember(loop, "turn_ended", {
      context: spec.context,
      turn: transcript.turns.length,
      tree: started?.tree ?? null,
    });
    hands.turnEnded();
  }
  return decision.ending;
}

async function addNotes(loop: Loop, decision: TurnDecision): Promise<void> {
  const turn = transcriptOf(loop).turns.at(-1)!;
  const isNew = (note: TurnDecision["notes"][number]): boolean =>
    !turn.notes.some(({ kind, rule }) => kind === note.kind && rule === note.rule);
  if (decision.warning) await remember(loop, "warned", { text: decision.warning });
  for (const note of decision.notes.filter(isNew)) {
    await remember(loop, "message_added", { context: loop.spec.context, ...note });
  }
}

/** After a cut answer the next one may be twice as long, once. */
function wantedTokens(loop: Loop): number {
  const { maxTokens } = loop.limits;
  const wasCut = transcriptOf(loop).turns.at(-1)?.reply.stop_reason === "max_tokens";
  return wasCut ? Math.max(maxTokens, Math.min(maxTokens * 2, maxDoubled)) : maxTokens;
}

function endOfFailure(failure: string, reason: string): Ending {
  if (failure === "aborted") return { end: "cancelled", reason: "The run was cancelled." };
  if (failure === "deadline") return { end: "ceiling", reason: "timeout" };
  if (failure === "prompt_too_long") return { end: "reset", reason };
  // A wrong key or an unknown model is mended by a person, not by waiting.
  if (failure === "auth" || failure === "not_found") return { end: "config_error", reason };
  return { end: "api_error", reason };
}

/** Leaves the context: a wind-down turn where one is wanted, then the end, with a handoff that never fails. */
async function close(loop: Loop, ending: Ending): Promise<ContextEnd> {
  const told = ending.handoff ? await windDown(loop, ending) : null;
  // The verdict or contract that a wind-down brought is an end of its own; a handoff only accompanies one.
  const isOwnEnd = told !== null && told.kind !== "handoff";
  const end = isOwnEnd ? (told.kind === "contract" ? "contract" : "judgement") : ending.end;
  const signal = told ?? ending.signal;
  const handoff = noteOf(loop, { ...ending, end, signal });
  const criteria = signal?.kind === "finish" ? (signal.criteria ?? []) : [];
  const { context, role } = loop.spec;
  await remember(loop, "context_closed", {
    context,
    role,
    end,
    reason: ending.reason,
    criteria,
    handoff: handoff ?? null,
  });
  return { end, reason: ending.reason, ...(signal ? { signal } : {}), ...(handoff ? { handoff } : {}) };
}

const endsWithNote: ReadonlySet<string> = new Set([
  ...[
    "handoff",
    "reset",
    "ceiling",
    "stuck",
    "output_truncated",
    "bad_tool_calls",
    "api_error",
    "config_error",
    "stopped",
    "cancelled",
  ],
]);

function noteOf(loop: Loop, { end, reason, signal, isObsolete }: Ending): Handoff | undefined {
  if (isObsolete) return undefined;
  if (signal?.kind === "handoff") return capNote(signal.note);
  if (loop.spec.role !== "worker" || !endsWithNote.has(end)) return undefined;
  return emergencyNote(transcriptOf(loop), reason);
}
