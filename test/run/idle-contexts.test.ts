import { describe, expect, it } from "vitest";
import type { Event } from "../../src/domain/event.ts";
import { countIdleContexts } from "../../src/run/idle-contexts.ts";

/** Contexts by words: trees before their turns, then how they ended; `verdict` stands between them. */
function journal(...words: string[]): Event[] {
  return words.flatMap((word) => {
    if (!word.includes(":")) return [{ type: word, role: "evaluator", data: {} } as unknown as Event];
    const [end, trees] = word.split(":");
    const turns = trees!.split(",").filter(Boolean);
    return [
      ...turns.map((tree) => ({ type: "turn_ended", role: "worker", data: { tree } }) as unknown as Event),
      { type: "context_closed", role: "worker", data: { role: "worker", end } } as unknown as Event,
    ];
  });
}

describe("contexts that bring nothing new", () => {
  it.each([
    ["three that only hand over", ["handoff:a", "handoff:a", "handoff:a"], 3],
    ["three without a single answer", ["reset:", "reset:", "reset:"], 3],
    ["edits that are undone again", ["reset:a,b,a", "reset:a,b,a"], 2],
    ["one after one that worked", ["handoff:a,b", "handoff:b"], 1],
  ])("%s are counted", (_what, words, count) => {
    expect(countIdleContexts(journal(...words))).toBe(count);
  });

  it.each([
    ["ten contexts of one long piece of work", Array.from({ length: 10 }, (_none, at) => `reset:t${at},t${at + 1}`)],
    ["a claim of one criterion after another", ["finished:a,b", "finished:b", "finished:b"]],
    ["contexts before a verdict", ["handoff:a", "handoff:a", "verdict_given"]],
    ["contexts before a fresh start", ["handoff:a", "handoff:a", "work_restarted"]],
    ["contexts of an earlier run", ["handoff:a", "handoff:a", "run_claimed"]],
  ])("%s are not", (_what, words) => {
    expect(countIdleContexts(journal(...words))).toBe(0);
  });
});
