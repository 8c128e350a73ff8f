import type { Tool } from "../domain/tool.ts";
import { jsonSchemaOf } from "./request.ts";
import type { Call, Turn } from "./transcript.ts";

/** Most characters of what a wrong call is answered with. */
const maxAdvice = 400;

export type CallDecision =
  | { kind: "run"; tool: Tool; input: unknown }
  /** `bad`: the model's mistake, counted; otherwise the turn's fate. */
  | { kind: "refuse"; text: string; bad: boolean };

/** Stop reasons whose message is whole, so that its calls may run. */
const wholeReasons = new Set(["tool_use", "end_turn", "stop_sequence", "pause_turn"]);

/** Whether a call of a turn runs; never one of a truncated, refused or dropped message. */
export function decideCall(turn: Turn, call: Call, tools: readonly Tool[]): CallDecision {
  const { stop_reason: stop, usage } = turn.reply;
  if (stop === "max_tokens") {
    const text = `Not executed: the answer hit the output limit (${usage.output} tokens). Write the file in parts: a skeleton of at most 150 lines first, then one edit after another.`;
    return { kind: "refuse", text, bad: false };
  }
  if (stop === null || !wholeReasons.has(stop)) {
    return { kind: "refuse", text: `Not executed: the answer ended with ${stop ?? "no stop reason"}.`, bad: false };
  }
  const tool = tools.find(({ name }) => name === call.name);
  if (!tool) {
    const names = tools.map(({ name }) => name).sort();
    return refuseBad(`There is no tool "${call.name.slice(0, 60)}". Tools: ${names.join(", ")}.`);
  }
  if (call.notJson !== null) {
    return refuseBad(`The arguments of ${tool.name} were not JSON. Expected: ${schemaText(tool)}`);
  }
  const parsed = tool.schema.safeParse(call.input);
  if (parsed.success) return { kind: "run", tool, input: parsed.data };
  const issue = parsed.error.issues[0];
  const where = issue && issue.path.length > 0 ? `${issue.path.join(".")}: ` : "";
  return refuseBad(
    `Wrong arguments for ${tool.name}: ${where}${issue?.message ?? "invalid"}. Expected: ${schemaText(tool)}`,
  );
}

function refuseBad(text: string): CallDecision {
  return { kind: "refuse", text: text.length > maxAdvice ? `${text.slice(0, maxAdvice - 1)}…` : text, bad: true };
}

function schemaText(tool: Tool): string {
  return JSON.stringify(jsonSchemaOf(tool.schema).properties ?? {});
}
