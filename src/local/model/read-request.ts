import type { IncomingMessage } from "node:http";
import type { MessagesRequest } from "./wire.ts";
import { invalidRequest, WireError } from "./wire.ts";

/** Largest request of the Messages API, bytes. */
const maxBodyBytes = 32 * 1024 * 1024;

/** Reads a request body; 413 above the API's 32 MB. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size <= maxBodyBytes) chunks.push(chunk as Buffer);
  }
  if (size > maxBodyBytes) throw new WireError(413, "request_too_large", "Request exceeds the maximum size");
  return Buffer.concat(chunks);
}

/** Lets in who brings a known key and names the API version; else 401 or 400. */
export function authorise(request: IncomingMessage, keys: readonly string[]): void {
  const bearer = request.headers.authorization?.replace(/^Bearer /, "");
  const key = request.headers["x-api-key"] ?? bearer;
  if (!key) throw new WireError(401, "authentication_error", "x-api-key header is required");
  if (!keys.includes(String(key))) throw new WireError(401, "authentication_error", "invalid x-api-key");
  if (!request.headers["anthropic-version"]) throw invalidRequest("anthropic-version: header is required");
}

/** Only an escape can smuggle a lone surrogate past the UTF-8 decoder. */
const escapedSurrogate = /\\u[dD][89a-fA-F]/;

function refuseLoneSurrogate(_key: string, value: unknown): unknown {
  if (typeof value === "string" && !value.isWellFormed()) throw new Error("no low surrogate in string");
  return value;
}

/** The body as JSON, refused like the API where it is none, also for lone surrogates. */
export function parseBody(raw: Buffer): MessagesRequest {
  let body: MessagesRequest;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(raw);
    body = JSON.parse(text, escapedSurrogate.test(text) ? refuseLoneSurrogate : undefined);
  } catch (error) {
    throw invalidRequest(
      `The request body is not valid JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (body === null || typeof body !== "object" || Array.isArray(body))
    throw invalidRequest("Input should be a valid dictionary");
  if (typeof body.model !== "string") throw invalidRequest("model: Field required");
  return body;
}
