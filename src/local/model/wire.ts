/** The part of the Anthropic Messages wire format that the scripted model reads and writes. */

export interface CacheControl {
  type: "ephemeral";
  ttl?: "5m" | "1h";
}

/** A content block as requests carry it; unknown kinds pass through as records. */
export interface WireBlock {
  type: string;
  text?: string;
  id?: string;
  name?: string;
  input?: unknown;
  tool_use_id?: string;
  content?: string | WireBlock[];
  is_error?: boolean;
  thinking?: string;
  signature?: string;
  data?: string;
  cache_control?: CacheControl | null;
  [key: string]: unknown;
}

export interface WireMessage {
  role: string;
  content: string | WireBlock[];
}

export interface WireTool {
  name: string;
  type?: string;
  description?: string;
  input_schema?: { type?: string; [key: string]: unknown };
  cache_control?: CacheControl | null;
  [key: string]: unknown;
}

/** The body of `POST /v1/messages`. */
export interface MessagesRequest {
  model: string;
  max_tokens: number;
  messages: WireMessage[];
  system?: string | WireBlock[];
  tools?: WireTool[];
  tool_choice?: { type: string; name?: string; disable_parallel_tool_use?: boolean };
  thinking?: { type: string; [key: string]: unknown } | null;
  cache_control?: CacheControl | null;
  stream?: boolean;
  [key: string]: unknown;
}

/** Tokens as the API reports them; `input_tokens` is the uncached rest. */
export interface WireUsage {
  input_tokens: number;
  cache_creation_input_tokens: number;
  cache_read_input_tokens: number;
  cache_creation: { ephemeral_5m_input_tokens: number; ephemeral_1h_input_tokens: number };
  output_tokens: number;
  output_tokens_details: { thinking_tokens: number };
  server_tool_use: null;
  service_tier: "standard";
}

/** An answer of the API that is not a message: its status and error body. */
export class WireError extends Error {
  readonly status: number;
  readonly errorType: string;

  constructor(status: number, errorType: string, message: string) {
    super(message);
    this.name = "WireError";
    this.status = status;
    this.errorType = errorType;
  }
}

/** A 400 as the API words it. */
export function invalidRequest(message: string): WireError {
  return new WireError(400, "invalid_request_error", message);
}

/** Content as blocks, whichever form the request used. */
export function blocksOf(content: string | WireBlock[] | undefined): WireBlock[] {
  if (content === undefined) return [];
  return typeof content === "string" ? [{ type: "text", text: content }] : content;
}

/** The text of a tool result, its text parts joined. */
export function textOfContent(content: string | WireBlock[] | undefined): string {
  return blocksOf(content)
    .map((block) => (typeof block.text === "string" ? block.text : ""))
    .join("");
}
