import { expect, test } from "vitest";
import type { Event } from "../../src/domain/event.ts";
import { noTokens } from "../../src/domain/limits.ts";
import type { Answer } from "../../src/local/model/script.ts";
import { sequence } from "../../src/local/model/script-helpers.ts";
import { clearingRule, planClearing } from "../../src/loop/clear-outputs.ts";
import { capNote, maxNoteTokens } from "../../src/loop/handoff.ts";
import { runContext } from "../../src/loop/run-context.ts";
import type { Handoff } from "../../src/loop/spec.ts";
import { readTranscript } from "../../src/loop/transcript.ts";
import { estimateTokens } from "../../src/loop/wire.ts";
import { type BenchOptions, bash, finish, makeEvent, openBench, random, sentMessages } from "./bench-hands.ts";

/** A context whose reads bring so many bytes each. */
async function play(steps: Answer[], bytes: number, options: Partial<BenchOptions> = {}) {
  const bench = await openBench({ script: sequence(steps), model: "claude-haiku-5-5", ...options });
  const content = "seven+\n".repeat(bytes / 7);
  let reads = 0;
  const tools = bench.spec.tools.map((one) =>
    one.name === "read" ? { ...one, run: async () => ({ content: `${++reads}\n${content}`, isError: false }) } : one,
  );
  const end = await runContext({ ...bench.spec, tools }, bench.hands);
  await bench.model.close();
  const batches = bench.events.flatMap((event) => (event.type === "outputs_cleared" ? [event.data] : []));
  return { bench, end, batches, sent: sentMessages(bench) };
}

const read = (at: number) => ({ name: "read", input: { path: `p${at}` } });
const readings = (count: number): Answer[] => Array.from({ length: count }, (_, at) => ({ toolCalls: [read(at)] }));

test("old results give way in one batch, the newest stay whole, and nothing before them changes", async () => {
  const { end, batches, sent } = await play([...readings(12), finish], 28_000);
  expect(end.end).toBe("finished");
  expect(batches).toHaveLength(1);
  expect(batches[0]!.freed_tokens).toBeGreaterThanOrEqual(25_000);
  const last = sent.at(-1)!;
  expect(last).toContain('[cleared: read \\"p0\\"');
  expect(last.match(/\[cleared:/g)).toHaveLength(batches[0]!.calls.length);
  expect(last.match(/seven\+/g)!.length * 7).toBeGreaterThanOrEqual(40_000 * 3.5);
  // The batch is the only request that does not begin as the one before it did.
  const breaks = sent.slice(1).filter((text, at) => !text.startsWith(sent[at]!.slice(0, -1)));
  expect(breaks).toHaveLength(1);
});

test("a window that fills again within ten turns of a clearing is left with a note, not cleared again", async () => {
  const { end, batches, bench } = await play(readings(20), 56_000);
  expect(end).toMatchObject({ end: "reset", reason: expect.stringContaining("the prompt has grown") });
  expect(batches).toHaveLength(1);
  expect(bench.events.some((event) => event.type === "message_added" && event.data.kind === "winddown")).toBe(true);
});

test("one turn that jumps over the window leaves the context without another request", async () => {
  const { end, bench } = await play([{ toolCalls: Array.from({ length: 25 }, (_, at) => read(at)) }], 28_000);
  expect(end).toMatchObject({ end: "reset", handoff: { in_progress: expect.stringContaining("journal alone") } });
  expect(bench.events.filter(({ type }) => type === "request_sent")).toHaveLength(1);
});

test("what is left of the caps is told once per mark, and a mark that was jumped over is not told later", async () => {
  const shares = [0.9, 0.6, 0.5, 0.49, 0.2, 0.24, 0.11, 0.1, 0.05, 0.01];
  let at = 0;
  const { bench } = await play([...shares.map(() => ({ toolCalls: [bash("edit")] })), finish], 7, {
    remainingShare: () => shares[Math.min(at++, shares.length - 1)]!,
  });
  const told = bench.events.flatMap((event) =>
    event.type === "message_added" && event.data.kind === "notice" ? [event.data.rule] : [],
  );
  expect(told).toEqual(["left:0.5", "left:0.25", "left:0.1"]);
});

/** A conversation of random turns, as its events. */
function converse(next: () => number): Event[] {
  const events: Event[] = [];
  const add = (...[type, data]: [Parameters<typeof makeEvent>[1], never]): void => {
    events.push(makeEvent(events, type, data));
  };
  const names = ["bash", "read", "contract", "grep"];
  for (let turn = 0; turn < 4 + next() * 36; turn += 1) {
    const calls = Array.from({ length: 1 + Math.floor(next() * 3) }, (_, i) => ({
      ...{ type: "tool_use", id: `t${turn}_${i}`, input: { path: "x" } },
      name: names[Math.floor(next() * names.length)]!,
    }));
    const head = { request: `r${turn}`, context: "c1", model: "m", stop_reason: "tool_use", cost_usd_micro: 0 };
    add("reply_received", { ...head, content: calls, usage: noTokens, duration_ms: 1 } as never);
    const seq = String(events.length).padStart(4, "0");
    for (const [i, { name }] of calls.entries()) {
      const content = "x".repeat(Math.floor(next() ** 3 * 60_000));
      const done = { call: `${seq}-${i + 1}`, context: "c1", tool: name, content, is_error: false };
      add("tool_finished", { ...done, exit: null, duration_ms: 1 } as never);
    }
  }
  return events;
}

test("whatever the results, a clearing frees its least, spares the newest and what ends a role, and fits its rule", () => {
  const next = random(11);
  let planned = 0;
  for (let round = 0; round < 80; round += 1) {
    const transcript = readTranscript(converse(next));
    const plan = planClearing("c1", transcript, 80_001);
    expect(planClearing("c1", transcript, 80_000)).toBeNull();
    if (!plan) continue;
    planned += 1;
    expect(plan.freed_tokens).toBeGreaterThanOrEqual(clearingRule.leastFreed);
    const gone = new Set(plan.calls.map(({ call }) => call));
    const all = transcript.turns.flatMap((turn) => turn.calls.map((call) => ({ turn, call })));
    const newest = transcript.turns.slice(-2).flatMap(({ calls }) => calls);
    expect(newest.filter(({ call }) => gone.has(call))).toEqual([]);
    expect(all.filter(({ call }) => gone.has(call.call) && call.name === "contract")).toEqual([]);
    const kept = all
      .slice(all.findLastIndex(({ call }) => gone.has(call.call)) + 1)
      .reduce((sum, { turn, call }) => sum + estimateTokens(turn.finished.get(call.call)!.content), 0);
    const newestGone = all.findLast(({ call }) => gone.has(call.call))!;
    const itself = estimateTokens(newestGone.turn.finished.get(newestGone.call.call)!.content);
    expect(kept + itself).toBeGreaterThan(clearingRule.keepTokens);
  }
  expect(planned).toBeGreaterThan(10);
});

test("a note is cut to 900 tokens whatever is in it, and the next steps are the last to go", () => {
  const next = random(5);
  const text = (most: number): string => "né😀 ".repeat(Math.floor(next() ** 4 * most));
  for (let round = 0; round < 30; round += 1) {
    const list = <T>(make: () => T): T[] => Array.from({ length: Math.floor(next() * 30) }, make);
    const note: Handoff = {
      ...{ done: list(() => text(80)), in_progress: text(3_000), next_steps: list(() => text(80)) },
      decisions: list(() => ({ what: text(50), why: text(50) })),
      tried_and_failed: list(() => ({ what: text(50), why: text(50) })),
      ...{ gotchas: list(() => text(80)), questions_for_human: list(() => text(20)) },
    };
    const capped = capNote(note);
    expect(estimateTokens(JSON.stringify(capped))).toBeLessThanOrEqual(maxNoteTokens);
    if (estimateTokens(JSON.stringify(note)) <= maxNoteTokens) expect(capped).toEqual(note);
    if (capped.next_steps.length < note.next_steps.length) expect(capped.decisions.length).toBeLessThanOrEqual(1);
  }
});
