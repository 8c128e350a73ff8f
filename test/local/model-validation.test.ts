import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { signThinking } from "../../src/local/model/signature.ts";
import type { ScriptedModel } from "../../src/local/model/start-scripted-model.ts";
import { startScriptedModel } from "../../src/local/model/start-scripted-model.ts";

let server: ScriptedModel;
beforeAll(async () => {
  server = await startScriptedModel({ script: () => ({ text: "fine" }) });
});
afterAll(() => server.close());

const tool = { name: "bash", input_schema: { type: "object" } };
const user = (content: unknown) => ({ role: "user", content });
const assistant = (content: unknown) => ({ role: "assistant", content });
const use = (id: string) => ({ type: "tool_use", id, name: "bash", input: {} });
const result = (id: string) => ({ type: "tool_result", tool_use_id: id, content: "ok" });
const text = (value: string) => ({ type: "text", text: value });
const marked = { type: "text", text: "x", cache_control: { type: "ephemeral" } };

async function ask(change: object, raw?: string) {
  const body = { model: "claude-sonnet-5-5", max_tokens: 100, messages: [user("hi")], tools: [tool], ...change };
  const response = await fetch(`${server.url}/v1/messages?beta=true`, {
    method: "POST",
    headers: { "x-api-key": server.apiKey, "anthropic-version": "2026-10-21", "content-type": "application/json" },
    body: raw ?? JSON.stringify(body),
  });
  const answer = (await response.json()) as { error?: { type: string; message: string } };
  return { status: response.status, message: answer.error?.message ?? "" };
}

describe("refused as the API refuses", () => {
  test.each<[string, object, RegExp]>([
    ["no max_tokens", { max_tokens: undefined }, /max_tokens: Field required/],
    ["more max_tokens than the model has", { max_tokens: 200_000 }, /200000 > 128000, which is the maximum allowed/],
    ["no messages", { messages: [] }, /at least one message/],
    ["an assistant first", { messages: [assistant("x"), user("y")] }, /first message must use the "user" role/],
    ["a field nobody knows", { max_turns: 3 }, /max_turns: Extra inputs are not permitted/],
    ["temperature on a new model", { temperature: 0 }, /temperature/],
    ["a thinking budget on a new model", { thinking: { type: "enabled", budget_tokens: 2_000 } }, /budget_tokens/],
    ["prefill on a new model", { messages: [user("a"), assistant("{")] }, /prefill/],
    ["an empty text", { messages: [user([text("")])] }, /must be non-empty/],
    ["a blank text", { messages: [user([text(" \n")])] }, /non-whitespace/],
    ["no content", { messages: [user([])] }, /non-empty content/],
    [
      "a call without its result",
      { messages: [user("a"), assistant([use("t1")]), user("b")] },
      /messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: t1/,
    ],
    [
      "one of two results",
      { messages: [user("a"), assistant([use("t1"), use("t2")]), user([result("t1")])] },
      /immediately after: t2/,
    ],
    [
      "text before the result",
      { messages: [user("a"), assistant([use("t1")]), user([text("b"), result("t1")])] },
      /immediately after: t1/,
    ],
    [
      "a result without its call",
      { messages: [user([result("t9")])] },
      /unexpected `tool_use_id` found in `tool_result` blocks: t9/,
    ],
    [
      "two results for one call",
      { messages: [user("a"), assistant([use("t1")]), user([result("t1"), result("t1")])] },
      /multiple `tool_result` blocks with id: t1/,
    ],
    [
      "one id used twice",
      { messages: [user("a"), assistant([use("t1"), use("t1")]), user([result("t1")])] },
      /ids must be unique/,
    ],
    ["an unknown tool_choice", { tool_choice: { type: "required" } }, /tool_choice: Input tag 'required'/],
    ["a choice of a tool that is not there", { tool_choice: { type: "tool", name: "rm" } }, /Tool 'rm' not found/],
    ["a choice without tools", { tools: [], tool_choice: { type: "auto" } }, /only be specified while providing tools/],
    [
      "a forced tool with thinking",
      { thinking: { type: "adaptive" }, tool_choice: { type: "any" } },
      /Thinking may not be enabled/,
    ],
    ["two tools of one name", { tools: [tool, tool] }, /names must be unique/],
    [
      "five breakpoints",
      { messages: [user([marked, marked, marked, marked, marked])] },
      /maximum of 4 blocks.*Found 5/,
    ],
    [
      "a long entry after a short one",
      { system: [marked], messages: [user([{ ...marked, cache_control: { type: "ephemeral", ttl: "1h" } }])] },
      /must not come after/,
    ],
    [
      "thinking that was changed",
      {
        messages: [
          user("a"),
          assistant([{ type: "thinking", thinking: "changed", signature: signThinking("as it was") }, text("b")]),
          user("c"),
        ],
      },
      /Invalid `signature`/,
    ],
    [
      "a prompt over the window",
      { model: "claude-haiku-5-5", messages: [user("w".repeat(800_000))] },
      /^prompt is too long: \d+ tokens > 200000 maximum$/,
    ],
  ])("%s", async (_name, change, words) => {
    const answer = await ask(change);
    expect(answer.message).toMatch(words);
    expect(answer.status).toBe(400);
  });

  test("lone surrogates and bytes that are no JSON", async () => {
    expect(
      await ask({}, '{"model":"claude-sonnet-5-5","max_tokens":5,"messages":[{"role":"user","content":"\\ud83d"}]}'),
    ).toMatchObject({ status: 400, message: /not valid JSON/ });
    expect(await ask({}, "{")).toMatchObject({ status: 400 });
  });

  test("a model that does not exist is 404", async () => {
    expect(await ask({ model: "claude-nobody-1" })).toEqual({ status: 404, message: "model: claude-nobody-1" });
  });
});

describe("accepted as the API accepts", () => {
  test.each<[string, object]>([
    ["two user messages in a row", { messages: [user("a"), user("b")] }],
    [
      "results split over two user messages in a row",
      { messages: [user("a"), assistant([use("t1"), use("t2")]), user([result("t1")]), user([result("t2")])] },
    ],
    ["text after the results", { messages: [user("a"), assistant([use("t1")]), user([result("t1"), text("b")])] }],
    ["four breakpoints", { messages: [user([marked, marked, marked, marked])] }],
    ["a system message after a user message", { messages: [user("a"), { role: "system", content: "b" }] }],
    ["temperature on an older model", { model: "claude-sonnet-4-5", temperature: 0 }],
    ["prefill on an older model", { model: "claude-sonnet-4-5", messages: [user("a"), assistant("{")] }],
    [
      "thinking as it was signed",
      {
        messages: [
          user("a"),
          assistant([{ type: "thinking", thinking: "t", signature: signThinking("t") }, text("b")]),
          user("c"),
        ],
      },
    ],
  ])("%s", async (_name, change) => {
    expect(await ask(change)).toEqual({ status: 200, message: "" });
  });
});
