import { createHash } from "node:crypto";
import type { Answer, Role, Script } from "./script.ts";
import { isFault, roleOf } from "./script.ts";
import type { MessagesRequest } from "./wire.ts";
import { blocksOf, invalidRequest, textOfContent } from "./wire.ts";

/** One result of the newest user message, with the call that it answers. */
export interface ToolResultView {
  id: string;
  name: string;
  input: unknown;
  text: string;
  isError: boolean;
}

/** The tool results that the newest user message carries, in order. */
export function lastToolResults(request: MessagesRequest): ToolResultView[] {
  const calls = new Map<string, { name: string; input: unknown }>();
  for (const message of request.messages) {
    for (const block of blocksOf(message.content)) {
      if (block.type === "tool_use") calls.set(block.id ?? "", { name: block.name ?? "", input: block.input });
    }
  }
  return blocksOf(request.messages.at(-1)?.content)
    .filter((block) => block.type === "tool_result")
    .map((block) => {
      const id = block.tool_use_id ?? "";
      const call = calls.get(id);
      return {
        id,
        name: call?.name ?? "",
        input: call?.input,
        text: textOfContent(block.content),
        isError: block.is_error === true,
      };
    });
}

/** Everything a request says, as one text: system, then messages with tool results. */
export function requestText(request: MessagesRequest): string {
  const parts = [textOfContent(request.system)];
  for (const message of request.messages) {
    for (const block of blocksOf(message.content)) {
      if (block.type === "tool_result") parts.push(textOfContent(block.content));
      else if (typeof block.text === "string") parts.push(block.text);
    }
  }
  return parts.join("\n");
}

/** Sends each role to its own script; a role without one is a mistake of the test and is said so. */
export function scriptByRole(scripts: Partial<Record<Role, Script>>): Script {
  return (request, memory) => {
    const role = roleOf(request);
    const script = scripts[role];
    if (!script) throw invalidRequest(`scripted model: no script for the ${role}`);
    return script(request, memory);
  };
}

export type Step = Answer | Script;

/**
 * Plays steps one after another, counted over all contexts and runs of a role, so that a fresh runner goes on where the
 * killed one stopped. A request that was already answered gets the same reply again, also where a repeated command took
 * another time than before; a fault is used up.
 */
export function sequence(steps: readonly Step[], options: { key?: string; after?: Step } = {}): Script {
  return async (request, memory) => {
    const key = `sequence ${options.key ?? roleOf(request)}`;
    const box = memory.box(key, () => ({ next: 0, answered: new Map<string, Answer>() }));
    const print = createHash("sha256")
      .update(JSON.stringify([request.system, request.messages]).replace(/\b\d+(?:\.\d+)? m?s\b/g, "a while"))
      .digest("hex");
    const known = box.answered.get(print);
    if (known) return known;
    const step = steps[box.next] ?? options.after;
    if (!step) throw invalidRequest(`scripted model: ${key} has only ${steps.length} steps`);
    box.next += 1;
    const answer = typeof step === "function" ? await step(request, memory) : step;
    if (!isFault(answer)) box.answered.set(print, answer);
    return answer;
  };
}
