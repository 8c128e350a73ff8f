import { canonicalJson, sha256 } from "../domain/hash.ts";
import type { Transcript, Turn } from "./transcript.ts";

/** One turn as the guards see it: never what the model thought or said. */
export interface TurnSignature {
  /** Hash of the tools and arguments of the turn; empty for a turn without calls. */
  sig: string;
  /** Hash of the results, without what differs from run to run. */
  outcome: string;
  /** Hash of the first failure, or null when nothing failed. */
  failure: string | null;
  /** Tree hash of the workspace before the turn's tools ran; null when unknown. */
  world: string | null;
  /** The first call, in words for a nudge. */
  words: string;
}

export type GuardDecision = { kind: "none" } | { kind: "nudge" | "reset" | "stop"; rule: string; reason: string };

/** Signatures of the finished turns of a context. */
export function readSignatures(transcript: Transcript): TurnSignature[] {
  return transcript.turns.map(signatureOf);
}

function signatureOf(turn: Turn): TurnSignature {
  const results = turn.calls.map(({ call }) => turn.finished.get(call));
  const failed = results.find((r) => r && (r.is_error || r.timed_out || (typeof r.exit === "number" && r.exit !== 0)));
  const first = turn.calls[0];
  return {
    sig: turn.calls.length === 0 ? "" : sha256(canonicalJson(turn.calls.map(({ name, input }) => [name, input]))),
    outcome: sha256(
      canonicalJson(results.map((r) => [r?.is_error, r?.exit ?? null, normaliseOutput(r?.content ?? "")])),
    ),
    failure: failed
      ? sha256(`${failed.tool}\n${failed.exit ?? ""}\n${normaliseOutput(failed.content).slice(0, 2_000)}`)
      : null,
    world: worldOf(turn),
    words: first ? `${first.name}(${JSON.stringify(first.input).slice(0, 160)})` : "text only",
  };
}

/** Tree hash before the turn's tools, as recorded. */
export function worldOf(turn: Turn): string | null {
  for (const { call } of turn.calls) {
    const tree = turn.started.get(call)?.tree;
    if (tree) return tree;
  }
  return turn.ended?.tree ?? null;
}

/** Output without what differs between equal runs: colours, times, durations, long hex, temporary paths, ports, pids. */
export function normaliseOutput(text: string): string {
  return text
    .replaceAll(/\u001b\[[0-9;?]*[a-zA-Z]/g, "")
    .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?Z?/g, "<time>")
    .replaceAll(/\b\d\d:\d\d:\d\d(\.\d+)?\b/g, "<time>")
    .replaceAll(/\b(\d+m\s?)?\d+(\.\d+)?\s?(ms|s|sec|seconds|µs|us|min)\b/g, "<duration>")
    .replaceAll(/\/outputs\/\S+/g, "<output>")
    .replaceAll(/\/tmp\/\S+/g, "<tmp>")
    .replaceAll(/\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b/gi, "<hex>")
    .replaceAll(/\b(pid|PID|process)[ :=#]*\d+/g, "$1 <pid>")
    .replaceAll(/(127\.0\.0\.1|localhost|\[::1\]):\d+/g, "$1:<port>");
}

/**
 * Rules R1–R7 over the turns of one context, judged at its newest turn. Each threshold speaks once, on the turn that
 * reaches it. A changed result or a changed workspace is never a loop.
 */
export function decideGuards(turns: readonly TurnSignature[], role: string): GuardDecision {
  const all = [repeats(turns), cycles(turns), sameFailure(turns), nothingNew(turns), oscillation(turns)];
  if (role === "worker") all.push(readOnlyDrift(turns));
  for (const kind of ["stop", "reset", "nudge"] as const) {
    const found = all.find((decision) => decision.kind === kind);
    if (found) return found;
  }
  return { kind: "none" };
}

const none: GuardDecision = { kind: "none" };

function fingerprint(turn: TurnSignature): string {
  return `${turn.sig} ${turn.outcome} ${turn.world}`;
}

/** R1: the same call with the same result in the same workspace. */
function repeats(turns: readonly TurnSignature[]): GuardDecision {
  const last = turns.at(-1);
  if (!last || last.sig === "") return none;
  const count = tailCount(turns, (turn) => fingerprint(turn) === fingerprint(last));
  const reason = `${last.words} was made ${count} times in a row with the same result, and nothing changed in between`;
  if (count >= 5) return { kind: "stop", rule: "R1", reason };
  return count === 3 ? { kind: "nudge", rule: "R1", reason } : none;
}

/** R2: a cycle of 2 to 5 turns in an unchanged workspace. */
function cycles(turns: readonly TurnSignature[]): GuardDecision {
  for (let length = 2; length <= 5; length++) {
    const prints = turns.slice(-length * 4).map(fingerprint);
    const cycle = prints.slice(-length);
    if (new Set(cycle).size < 2 || turns.slice(-length).some(({ sig }) => sig === "")) continue;
    if (new Set(turns.slice(-length).map(({ world }) => world)).size > 1) continue;
    const matches = prints.toReversed().findIndex((print, at) => print !== cycle[length - 1 - (at % length)]);
    const run = matches === -1 ? prints.length : matches;
    const reason = `the same ${length} calls, ending in ${turns.at(-1)?.words}, came round again and again with the same results`;
    if (run >= length * 4) return { kind: "stop", rule: "R2", reason };
    if (run === length * 3) return { kind: "nudge", rule: "R2", reason };
  }
  return none;
}

/** R3: the same failure, whatever the call, while the workspace stays as it is. */
function sameFailure(turns: readonly TurnSignature[]): GuardDecision {
  const last = turns.at(-1);
  if (!last?.failure) return none;
  const count = tailCount(turns, (turn) => turn.failure === last.failure && turn.world === last.world);
  const reason = `the same failure came ${count} times in a row (last: ${last.words}), and nothing changed in between`;
  if (count >= 6) return { kind: "stop", rule: "R3", reason };
  return count === 4 ? { kind: "nudge", rule: "R3", reason } : none;
}

/** R4: turns that neither change the workspace nor learn anything that was not seen before. */
function nothingNew(turns: readonly TurnSignature[]): GuardDecision {
  const seen = new Set<string>();
  let idle = 0;
  let world: string | null | undefined;
  for (const turn of turns) {
    const isNew = (turn.sig !== "" && !seen.has(turn.outcome)) || (world !== undefined && turn.world !== world);
    seen.add(turn.outcome);
    world = turn.world;
    idle = isNew ? 0 : idle + 1;
  }
  const reason = `${idle} turns changed nothing and showed nothing new`;
  if (idle >= 18) return { kind: "reset", rule: "R4", reason };
  return idle === 12 ? { kind: "nudge", rule: "R4", reason } : none;
}

/** R5: edit and revert: the workspace comes back to what it already was. */
function oscillation(turns: readonly TurnSignature[]): GuardDecision {
  const seen = new Set<string>();
  let returns = 0;
  let isReturn = false;
  let before: string | null = null;
  for (const { world } of turns) {
    isReturn = false;
    if (world === null || world === before) continue;
    isReturn = seen.has(world);
    if (isReturn) returns += 1;
    seen.add(world);
    before = world;
  }
  if (!isReturn) return none;
  const reason = `the workspace came back to an earlier state ${returns} times: edits are being made and undone`;
  if (returns >= 4) return { kind: "reset", rule: "R5", reason };
  return returns === 3 ? { kind: "nudge", rule: "R5", reason } : none;
}

/** R7: a worker that only looks. */
function readOnlyDrift(turns: readonly TurnSignature[]): GuardDecision {
  const last = turns.at(-1);
  if (!last || last.world === null) return none;
  const count = tailCount(turns, ({ world }) => world === last.world);
  return count > 25 ? { kind: "reset", rule: "R7", reason: `${count} turns without a change to the workspace` } : none;
}

function tailCount(turns: readonly TurnSignature[], fits: (turn: TurnSignature) => boolean): number {
  const at = turns.findLastIndex((turn) => !fits(turn));
  return turns.length - 1 - at;
}
