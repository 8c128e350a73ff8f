import { describe, expect, it } from "vitest";
import { readRefusals } from "../../src/intake/fetch-refusals.ts";
import { renderLine } from "../../src/session/journal-line.ts";

const days = { from: "2026-11-16", to: "2026-11-22" };
const line = (outcome: string, at = "2026-11-18T01:00:00Z", reason: unknown = "exit 1"): string =>
  renderLine({
    ...{ v: 1, seq: 9, at, epoch: 1, role: "evaluator", prev: "0", type: "verdict_given" },
    data: {
      round: 1,
      verdict: {
        outcome,
        criteria: [
          { id: "C1", verdict: "fail", reason },
          { id: "C2", verdict: "pass", reason: "" },
        ],
        findings: [
          { rule: "ratchet/test-lost", severity: "blocker", text: "a test is gone" },
          { rule: "policy/binary", severity: "advisory", text: "a picture" },
        ],
      },
    },
  });

describe("a journal line", () => {
  it("tells what the evaluator refused and why", () => {
    expect(readRefusals(line("fail"), days)).toEqual([
      { rule: "criterion C1", text: "exit 1" },
      { rule: "ratchet/test-lost", text: "a test is gone" },
    ]);
  });

  it("tells nothing of a pass, of another week, of another event or when it is damaged", () => {
    expect(readRefusals(line("pass"), days)).toEqual([]);
    expect(readRefusals(line("fail", "2026-11-23T01:00:00Z"), days)).toEqual([]);
    expect(readRefusals(line("fail").replace("exit 1", "exit 0"), days)).toEqual([]);
    expect(readRefusals('{"type":"warned"}', days)).toEqual([]);
  });

  it("names the rule alone where the reason lies beside the journal", () => {
    expect(readRefusals(line("fail", undefined, { blob: "x" }), days)[0]).toEqual({ rule: "criterion C1", text: "" });
  });
});
