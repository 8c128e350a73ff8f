import { describe, expect, it } from "vitest";
import { findParting, readRecording } from "../../src/cli/recording.ts";

const point = (what: string, tree: string) => ({ what, tree: tree.repeat(40), call: "bash npm test" });

describe("a replay", () => {
  it("is the same when every moment has the same tree", () => {
    expect(
      findParting([point("turn 1", "a"), point("turn 2", "b")], [point("turn 1", "a"), point("turn 2", "b")]),
    ).toBeNull();
  });

  it("names the first moment that differs, and the call before it", () => {
    const parting = findParting(
      [point("turn 1", "a"), point("turn 2", "b")],
      [point("turn 1", "a"), point("turn 2", "c")],
    );
    expect(parting).toBe(
      "recorded: turn 2, tree bbbbbbbbbbbb, after bash npm test; replayed: turn 2, tree cccccccccccc, after bash npm test",
    );
  });

  it("parts where one of the two ends early", () => {
    expect(findParting([point("turn 1", "a")], [])).toContain("replayed: nothing more");
    expect(findParting([], [point("turn 1", "a")])).toContain("recorded: nothing more");
  });

  it("needs the start of the session", () => {
    expect(() => readRecording([])).toThrow("does not hold the start");
  });
});
