import type { MessagesRequest } from "./wire.ts";
import { invalidRequest } from "./wire.ts";

const toolName = /^[a-zA-Z0-9_-]{1,128}$/;
const choiceTypes = ["auto", "any", "tool", "none"];

/** Refuses tool definitions and choices that the API refuses. */
export function validateTools(request: MessagesRequest): void {
  const names = new Set<string>();
  for (const [index, tool] of (request.tools ?? []).entries()) {
    if (typeof tool.name !== "string" || !toolName.test(tool.name)) {
      throw invalidRequest(`tools.${index}.custom.name: String should match pattern '${toolName.source}'`);
    }
    if (names.has(tool.name)) throw invalidRequest("tools: Tool names must be unique.");
    names.add(tool.name);
    if ((tool.type ?? "custom") !== "custom") continue;
    if (tool.input_schema?.type !== "object") {
      throw invalidRequest(`tools.${index}.custom.input_schema.type: Input should be 'object'`);
    }
  }
  const choice = request.tool_choice;
  if (!choice) return;
  if (!choiceTypes.includes(choice.type)) {
    throw invalidRequest(
      `tool_choice: Input tag '${choice.type}' found using 'type' does not match any of the expected tags: 'auto', 'any', 'tool', 'none'`,
    );
  }
  if (names.size === 0) throw invalidRequest("tool_choice may only be specified while providing tools.");
  if (choice.type === "tool" && !names.has(choice.name ?? "")) {
    throw invalidRequest(`tool_choice.name: Tool '${choice.name ?? ""}' not found in provided tools`);
  }
  const forced = choice.type === "any" || choice.type === "tool";
  if (forced && request.thinking && request.thinking.type !== "disabled") {
    throw invalidRequest("Thinking may not be enabled when tool_choice forces tool use.");
  }
}
