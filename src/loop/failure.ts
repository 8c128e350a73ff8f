/** Why a request to the model failed, as far as it matters for what to do next. */
export type FailureClass =
  | "overloaded"
  | "rate_limit"
  | "server"
  | "timeout"
  | "connection"
  | "stalled"
  | "truncated_stream"
  | "auth"
  | "not_found"
  | "bad_request"
  | "transcript"
  | "prompt_too_long"
  | "deadline"
  | "aborted";

export interface FailureFacts {
  ended: "aborted" | "deadline" | "stalled" | null;
  status: number | null;
  /** `error.type` of the API. */
  type: string | null;
  text: string;
  /** The headers of a 200 had come. */
  answered: boolean;
  /** The API itself said the error, inside the stream. */
  inStream: boolean;
  shouldRetry: string | null;
}

const retryableClasses: ReadonlySet<FailureClass> = new Set([
  "overloaded",
  "rate_limit",
  "server",
  "timeout",
  "connection",
  "stalled",
  "truncated_stream",
]);

/** Names a failure and says whether the same request may be sent again. */
export function classifyFailure(facts: FailureFacts): { class: FailureClass; retryable: boolean } {
  const name = nameFailure(facts);
  return { class: name, retryable: retryableClasses.has(name) && facts.shouldRetry !== "false" };
}

function nameFailure({ ended, status, type, text, answered, inStream }: FailureFacts): FailureClass {
  if (ended) return ended;
  if (type === "overloaded_error" || status === 529) return "overloaded";
  if (type === "rate_limit_error" || status === 429) return "rate_limit";
  if (type === "request_too_large" || status === 413) return "prompt_too_long";
  if (status === 400 || status === 422 || type === "invalid_request_error") return nameBadRequest(text);
  if (status === 401 || status === 403 || status === 402) return "auth";
  if (type === "authentication_error" || type === "permission_error") return "auth";
  if (status === 404 || type === "not_found_error") return "not_found";
  if (status === 408 || status === 409 || type === "timeout_error") return "timeout";
  if ((status !== null && status >= 500) || inStream) return "server";
  if (status !== null) return "bad_request";
  return answered ? "truncated_stream" : "connection";
}

function nameBadRequest(text: string): FailureClass {
  if (/prompt is too long|exceed.{0,40}context (window|limit)|too many (input )?tokens/i.test(text))
    return "prompt_too_long";
  if (/tool_use|tool_result|thinking` block|signature/i.test(text)) return "transcript";
  return "bad_request";
}

/** What the server asks to wait, ms; `retry-after-ms`, seconds or a date. */
export function readRetryAfter(headers: { get(name: string): string | null } | null, now = Date.now()): number | null {
  const ms = Number(headers?.get("retry-after-ms") ?? Number.NaN);
  if (Number.isFinite(ms) && ms >= 0) return Math.ceil(ms);
  const text = headers?.get("retry-after");
  if (!text) return null;
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return seconds >= 0 ? Math.ceil(seconds * 1_000) : null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
