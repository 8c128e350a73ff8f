import { clearingRule, planClearing } from "./clear-outputs.ts";
import type { Ending } from "./decide-turn.ts";
import { isAborted, type Loop, promptSizeOf, remember, transcriptOf } from "./loop-state.ts";

/** Part of the window above which a single turn jumped too far for a last answer of the model. */
const emergencyShare = 0.85;
const emergencyRule = { ...clearingRule, over: 0, keepTokens: 10_000, leastFreed: 1, everyTurns: 0 };
/** Shares of the caps at which the model is told once what is left. */
const noticeShares = [0.1, 0.25, 0.5];

/** What stands before the next request: cancel, people's words, the clock, the context's own turns, its size. The budget comes with `authorize`. */
export async function decideBefore(loop: Loop): Promise<Ending | null> {
  if (isAborted(loop)) return { end: "cancelled", reason: "The run was cancelled." };
  const told = await readInbox(loop);
  if (told) return told;
  if (loop.hands.remainingMs() <= 0) return { end: "ceiling", reason: "timeout", handoff: true };
  const { turns } = transcriptOf(loop);
  if (turns.length >= loop.limits.turns) {
    const reason = `${turns.length} turns in one context`;
    return loop.spec.role === "worker"
      ? { end: "reset", reason, handoff: true }
      : { end: "stuck", reason, handoff: true };
  }
  const full = await keepSmall(loop);
  if (full) return full;
  await addNotice(loop);
  return null;
}

async function readInbox(loop: Loop): Promise<Ending | null> {
  for (const item of await loop.hands.readInbox()) {
    if (item.kind === "superseded") return { end: "superseded", reason: item.reason };
    if (item.kind === "stop") return { end: "stopped", reason: `${item.actor} asked for the end with \`/stop\`.` };
    if (item.kind === "ended") return { end: "stopped", reason: item.reason };
    if (item.kind === "obsolete") return { end: "reset", reason: item.reason, isObsolete: true };
    const rule = `comment:${item.id}`;
    const { openingNotes, turns } = transcriptOf(loop);
    const known = [...openingNotes, ...turns.flatMap(({ notes }) => notes)].some((note) => note.rule === rule);
    if (known) continue;
    const text = `${item.actor} adds to the request (it weighs as much as the request itself):\n${item.text}`;
    await remember(loop, "message_added", { context: loop.spec.context, kind: "steering", rule, text });
  }
  return null;
}

/** Clears old results in batches, and leaves the context when that is not enough. */
async function keepSmall(loop: Loop): Promise<Ending | null> {
  const { resetAt, window } = loop.facts;
  let tokens = promptSizeOf(loop).estimate;
  const clear = async (rule: typeof clearingRule): Promise<number> => {
    const plan = planClearing(loop.spec.context, transcriptOf(loop), tokens, rule);
    if (!plan) return tokens;
    await remember(loop, "outputs_cleared", plan);
    // Until the next reply the estimate rests on a prompt that still held what was cleared.
    return tokens - plan.freed_tokens;
  };
  tokens = await clear(clearingRule);
  if (tokens < resetAt) return null;
  const reason = `the prompt has grown to about ${tokens} tokens`;
  if (tokens < emergencyShare * window) return { end: "reset", reason, handoff: true };
  tokens = await clear(emergencyRule);
  return { end: "reset", reason, handoff: tokens < emergencyShare * window };
}

async function addNotice(loop: Loop): Promise<void> {
  const left = loop.hands.remainingShare?.();
  if (left === undefined) return;
  const share = noticeShares.find((candidate) => left <= candidate);
  if (share === undefined) return;
  const { openingNotes, turns } = transcriptOf(loop);
  const told = [...openingNotes, ...turns.flatMap(({ notes }) => notes)]
    .filter(({ kind }) => kind === "notice")
    .map(({ rule }) => Number(rule?.replace("left:", "")));
  if (told.some((before) => before <= share)) return;
  const text = `About ${Math.round(share * 100)} % of this run's turns, money or minutes are left. Keep what works; leave the workspace in a state that another engineer can go on from.`;
  await remember(loop, "message_added", { context: loop.spec.context, kind: "notice", rule: `left:${share}`, text });
}
