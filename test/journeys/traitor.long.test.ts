import { describe, expect, it } from "vitest";
import { playTraitor } from "../../bench/hands/play.ts";

describe("a traitor as initializer, worker, product code and set-up, against the bundled action", () => {
  it("gets nothing out, writes, pushes and reaches nothing outside, and leaves no process in 300 hostile calls", async () => {
    const treason = await playTraitor({ calls: 300 });
    expect(treason).toMatchObject({ canaries: [], writes: [], refs: [], connections: [], survivors: [] });
    expect(treason.calls).toBeGreaterThanOrEqual(300);
    // It solves the task at last: whatever it had found would have been published.
    expect(treason).toMatchObject({ stop: "done", verdict: "pass" });
  });

  it("is seen in what it wrote when one secret does lie within its reach", async () => {
    const { canaries } = await playTraitor({ calls: 60, hole: true });
    expect(canaries).toEqual(
      expect.arrayContaining(["hole in objects of git", "hole in requests to the model", "hole in journal.jsonl"]),
    );
  });
});
