import type { ModelCard } from "./model-cards.ts";
import { signThinking } from "./signature.ts";
import { validateTools } from "./validate-tools.ts";
import type { MessagesRequest, WireBlock, WireMessage } from "./wire.ts";
import { blocksOf, invalidRequest } from "./wire.ts";

/** Most blocks of one request that may carry `cache_control`. */
const maxBreakpoints = 4;
const knownFields = new Set(
  `model max_tokens messages system tools tool_choice thinking cache_control stream metadata stop_sequences temperature
   top_p top_k service_tier container context_management diagnostics inference_geo mcp_servers output_config
   output_format speed betas compaction thread fallbacks billing_policy user_profile_id workspace_id`.split(/\s+/),
);

/** Refuses what the API refuses before any token is read; throws the 400 in the API's words. */
export function validateRequest(request: MessagesRequest, model: ModelCard, counting = false): void {
  validateFields(request, model, counting);
  if (!Array.isArray(request.messages)) throw invalidRequest("messages: Field required");
  if (request.messages.length === 0) throw invalidRequest("messages: at least one message is required");
  validateTools(request);
  for (const [index, message] of request.messages.entries()) validateMessage(message, index, request, model);
  validatePairs(mergeRoles(request.messages));
  validateBreakpoints(request);
}

function validateFields(request: MessagesRequest, model: ModelCard, counting: boolean): void {
  for (const name of Object.keys(request)) {
    if (!knownFields.has(name)) throw invalidRequest(`${name}: Extra inputs are not permitted`);
  }
  if (!counting) {
    if (request.max_tokens === undefined) throw invalidRequest("max_tokens: Field required");
    if (!Number.isInteger(request.max_tokens)) throw invalidRequest("max_tokens: Input should be a valid integer");
    if (request.max_tokens < 1) throw invalidRequest("max_tokens: Input should be greater than or equal to 1");
    if (request.max_tokens > model.maxOutput) {
      throw invalidRequest(
        `max_tokens: ${request.max_tokens} > ${model.maxOutput}, which is the maximum allowed number of output tokens for ${model.id}`,
      );
    }
  }
  if (!model.modern) return;
  for (const name of ["temperature", "top_p", "top_k"]) {
    if (request[name] !== undefined) throw invalidRequest(`${name}: not supported on ${model.id}`);
  }
  if (request.thinking?.type === "enabled" || request.thinking?.budget_tokens !== undefined) {
    throw invalidRequest(`thinking.type: "enabled" with budget_tokens is not supported on ${model.id}; use "adaptive"`);
  }
}

function validateMessage(message: WireMessage, index: number, request: MessagesRequest, model: ModelCard): void {
  const at = `messages.${index}`;
  if (message.role === "system") {
    const before = request.messages[index - 1];
    if (!model.midSystem || before?.role !== "user") throw invalidRequest(`${at}.role: "system" is not allowed here`);
  } else if (message.role !== "user" && message.role !== "assistant") {
    throw invalidRequest(`${at}.role: Input should be 'user' or 'assistant'`);
  }
  if (index === 0 && message.role !== "user") throw invalidRequest('messages: first message must use the "user" role');
  const last = index === request.messages.length - 1;
  if (last && message.role === "assistant") validatePrefill(message, model);
  const blocks = blocksOf(message.content);
  if (!Array.isArray(blocks)) throw invalidRequest(`${at}.content: Input should be a valid list`);
  if (blocks.length === 0 && !(last && message.role === "assistant")) {
    throw invalidRequest(
      `${at}: all messages must have non-empty content except for the optional final assistant message`,
    );
  }
  for (const [position, block] of blocks.entries()) validateBlock(block, message.role, `${at}.content.${position}`);
}

function validatePrefill(message: WireMessage, model: ModelCard): void {
  // A paused answer is sent back as it is, ending in the server's own tool call.
  if (blocksOf(message.content).at(-1)?.type === "server_tool_use") return;
  if (model.modern) {
    throw invalidRequest(
      "This model does not support assistant message prefill. The conversation must end with a user message.",
    );
  }
  const text = blocksOf(message.content).at(-1)?.text ?? "";
  if (text !== text.trimEnd())
    throw invalidRequest("messages: final assistant content cannot end with trailing whitespace");
}

function validateBlock(block: WireBlock, role: string, at: string): void {
  if (block.type === "text") {
    if (typeof block.text !== "string") throw invalidRequest(`${at}.text: Field required`);
    if (block.text === "") {
      throw invalidRequest(
        block.cache_control
          ? `${at}: cache_control cannot be set for empty text blocks`
          : "messages: text content blocks must be non-empty",
      );
    }
    if (block.text.trim() === "")
      throw invalidRequest("messages: text content blocks must contain non-whitespace text");
  }
  if (block.type === "thinking") {
    if (block.cache_control) throw invalidRequest(`${at}.cache_control: Extra inputs are not permitted`);
    if (block.signature !== signThinking(block.thinking ?? ""))
      throw invalidRequest(`${at}: Invalid \`signature\` in \`thinking\` block`);
  }
  if ((block.type === "tool_use" || block.type === "thinking") && role !== "assistant") {
    throw invalidRequest(`${at}: \`${block.type}\` blocks can only be specified in \`assistant\` messages`);
  }
  if (block.type === "tool_result" && role !== "user") {
    throw invalidRequest(`${at}: \`tool_result\` blocks can only be specified in \`user\` messages`);
  }
  if (block.type === "tool_use") {
    if (typeof block.id !== "string" || !/^[a-zA-Z0-9_-]+$/.test(block.id)) {
      throw invalidRequest(`${at}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'`);
    }
    if (block.input === null || typeof block.input !== "object" || Array.isArray(block.input)) {
      throw invalidRequest(`${at}.tool_use.input: Input should be a valid dictionary`);
    }
  }
}

/** Joins consecutive messages of one role, as the API does. */
export function mergeRoles(messages: readonly WireMessage[]): { role: string; content: WireBlock[]; index: number }[] {
  const merged: { role: string; content: WireBlock[]; index: number }[] = [];
  for (const [index, message] of messages.entries()) {
    if (message.role === "system") continue;
    const last = merged.at(-1);
    if (last?.role === message.role) last.content.push(...blocksOf(message.content));
    else merged.push({ role: message.role, content: [...blocksOf(message.content)], index });
  }
  return merged;
}

function validatePairs(messages: { role: string; content: WireBlock[]; index: number }[]): void {
  const seen = new Set<string>();
  let open: string[] = [];
  for (const message of messages) {
    if (message.role === "user") {
      validateResults(message, open);
      open = [];
      continue;
    }
    for (const block of message.content.filter((candidate) => candidate.type === "tool_use")) {
      const id = block.id ?? "";
      if (seen.has(id)) throw invalidRequest("messages: `tool_use` ids must be unique");
      seen.add(id);
      open.push(id);
    }
  }
  if (open.length > 0) throw unanswered(messages.at(-1)?.index ?? 0, open);
}

function validateResults(message: { content: WireBlock[]; index: number }, open: readonly string[]): void {
  const leading: string[] = [];
  let other = false;
  for (const [position, block] of message.content.entries()) {
    if (block.type !== "tool_result") {
      other = true;
      continue;
    }
    const id = block.tool_use_id ?? "";
    if (!open.includes(id)) {
      throw invalidRequest(
        `messages.${message.index}.content.${position}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
      );
    }
    if (leading.includes(id)) {
      throw invalidRequest(
        `messages.${message.index}.content.${position}: each tool_use must have a single result. Found multiple \`tool_result\` blocks with id: ${id}`,
      );
    }
    // Results count only before any other content of the message.
    if (!other) leading.push(id);
  }
  const missing = open.filter((id) => !leading.includes(id));
  if (missing.length > 0) throw unanswered(message.index - 1, missing);
}

function unanswered(index: number, ids: readonly string[]): Error {
  return invalidRequest(
    `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${ids.join(", ")}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
  );
}

function validateBreakpoints(request: MessagesRequest): void {
  const marks: ("5m" | "1h")[] = [];
  const collect = (holder: { cache_control?: { ttl?: "5m" | "1h" } | null }): void => {
    if (holder.cache_control) marks.push(holder.cache_control.ttl ?? "5m");
  };
  for (const tool of request.tools ?? []) collect(tool);
  for (const block of blocksOf(request.system)) collect(block);
  for (const message of request.messages) {
    for (const block of blocksOf(message.content)) {
      collect(block);
      if (block.type === "tool_result") for (const part of blocksOf(block.content)) collect(part);
    }
  }
  collect(request);
  if (marks.length > maxBreakpoints) {
    throw invalidRequest(
      `A maximum of ${maxBreakpoints} blocks with cache_control may be provided. Found ${marks.length}.`,
    );
  }
  const firstShort = marks.indexOf("5m");
  if (firstShort >= 0 && marks.indexOf("1h", firstShort) > 0) {
    throw invalidRequest("a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block");
  }
}
