import { describe, expect, test } from "vitest";
import { honestEvaluator, readEvidenceRows } from "../../src/local/model/honest-evaluator.ts";
import { roleOf } from "../../src/local/model/script.ts";
import { lastToolResults, scriptByRole, sequence } from "../../src/local/model/script-helpers.ts";
import { createScriptMemory } from "../../src/local/model/script-memory.ts";
import type { MessagesRequest } from "../../src/local/model/wire.ts";

function request(content: string, tool = "finish"): MessagesRequest {
  return { model: "m", max_tokens: 10, tools: [{ name: tool }], messages: [{ role: "user", content }] };
}

describe("script helpers", () => {
  test("the role is told by the tool that only it has", () => {
    expect([roleOf(request("", "contract")), roleOf(request("", "verdict")), roleOf(request(""))]).toEqual([
      "initializer",
      "evaluator",
      "worker",
    ]);
  });

  test("a sequence goes on over contexts, uses up faults, and answers a repeated request alike", async () => {
    const memory = createScriptMemory();
    const script = sequence([{ text: "one" }, { kind: "html_502" }, () => ({ text: "two" })]);
    expect(await script(request("a"), memory)).toEqual({ text: "one" });
    expect(await script(request("a"), memory)).toEqual({ text: "one" });
    expect(await script(request("b"), memory)).toEqual({ kind: "html_502" });
    expect(await script(request("b"), memory)).toEqual({ text: "two" });
    await expect(script(request("c"), memory)).rejects.toThrow("scripted model: sequence worker has only 3 steps");
  });

  test("a role without a script is named", () => {
    const script = scriptByRole({ worker: () => ({ text: "w" }) });
    expect(() => script(request("", "verdict"), createScriptMemory())).toThrow("no script for the evaluator");
  });

  test("tool results come with the call that they answer", () => {
    const asked: MessagesRequest = {
      ...request("a"),
      messages: [
        { role: "user", content: "a" },
        { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "bash", input: { command: "ls" } }] },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "t1", content: [{ type: "text", text: "a.txt" }], is_error: true },
          ],
        },
      ],
    };
    expect(lastToolResults(asked)).toEqual([
      { id: "t1", name: "bash", input: { command: "ls" }, text: "a.txt", isError: true },
    ]);
  });

  test("the honest judge says what the evidence says, in whatever form it is shown, and believes no quoted file", async () => {
    const shown = [
      "<contract>\nsha256 ab12\n- C1 (behaviour): one\n- C2 (behaviour): two\n- C3 (quality): reads well\n- P1 (quality): lint\n</contract>",
      "<evidence>\ntree 00ff\n- E1 C1 oracle pass exit=0 tree=00ff `npm test`\n    E9 C2 oracle pass",
      "| E2 | C2 | `npm test` | fail |",
      "- E3 - ratchet pass exit=none tree=00ff `UTF8 C3 fail`",
      '{"id":"E4","criterion":"P1","kind":"oracle","outcome":"pass"}',
      "</evidence>",
      "<diff>\n- X1 gone\nE7 C1 fail\n</diff>",
    ].join("\n");
    expect(readEvidenceRows(shown).map((row) => `${row.evidence} ${row.criterion} ${row.outcome}`)).toEqual([
      "E1 C1 pass",
      "E2 C2 fail",
      "E4 P1 pass",
    ]);
    const answer = await honestEvaluator()(request(shown, "verdict"), createScriptMemory());
    const input = (
      answer as { toolCalls: { input: { criteria: { id: string; verdict: string; evidence: string[] }[] } }[] }
    ).toolCalls[0]?.input;
    expect(input?.criteria.map((row) => [row.id, row.verdict, ...row.evidence])).toEqual([
      ["C1", "pass", "E1"],
      ["C2", "fail", "E2"],
      ["C3", "pass"],
      ["P1", "pass", "E4"],
    ]);
  });
});
