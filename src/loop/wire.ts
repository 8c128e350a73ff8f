/** One content block of the Messages API, as it goes over the wire. */
export interface Block {
  type: string;
  [key: string]: unknown;
}

export interface Message {
  role: "user" | "assistant";
  content: Block[];
}

/** A tool as the model is told of it. */
export interface ToolDefinition {
  name: string;
  description: string;
  input_schema: { type: "object"; [key: string]: unknown };
}

export type ToolChoice = { type: "auto" } | { type: "tool"; name: string };
export type Effort = "low" | "medium" | "high" | "max";

/** The body of one request, without `stream`. */
export interface ModelRequest {
  model: string;
  max_tokens: number;
  system: Block[];
  tools: ToolDefinition[];
  messages: Message[];
  tool_choice?: ToolChoice;
  output_config?: { effort: Effort };
}

/** UTF-8 bytes that count as one token where no tokenizer is at hand; an estimate, never a bound. */
export const bytesPerToken = 3.5;

/** Estimated tokens of a text: bytes / 3.5, rounded up. */
export function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / bytesPerToken);
}
