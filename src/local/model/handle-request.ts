import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { BillBook } from "./bill.ts";
import { composeMessage } from "./compose.ts";
import type { ModelCard } from "./model-cards.ts";
import { findModelCard, renderModelInfo, renderModelList } from "./model-cards.ts";
import type { CacheReading, PromptCache } from "./prompt-cache.ts";
import { readPromptBlocks } from "./prompt-cache.ts";
import { authorise, parseBody, readBody } from "./read-request.ts";
import type { LoggedRequest } from "./request-log.ts";
import { openEntry } from "./request-log.ts";
import type { Script } from "./script.ts";
import { isFault, roleOf } from "./script.ts";
import type { OwnedMemory } from "./script-memory.ts";
import type { StreamFault } from "./send.ts";
import { errorBody, replyOfFault, sendMessage } from "./send.ts";
import { validateRequest } from "./validate.ts";
import type { MessagesRequest } from "./wire.ts";
import { invalidRequest, WireError } from "./wire.ts";

/** Where a server that runs as its own process shows its bill and its log. */
export const ledgerPath = "/_scripted/ledger";

export interface HandlerParts {
  script: Script;
  cards: readonly ModelCard[];
  apiKeys: readonly string[];
  cache: PromptCache;
  book: BillBook;
  memory: OwnedMemory;
  log: LoggedRequest[];
  problems: string[];
  latencyMs: number;
  keepBodies: number;
  now: () => number;
}

/** The request listener: authorisation, routes, and the log. */
export function createHandler(parts: HandlerParts): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const started = performance.now();
    const entry = openEntry(parts.log, request, parts.now(), parts.keepBodies);
    const requestId = `req_${randomUUID().replaceAll("-", "")}`;
    response.once("close", () => {
      entry.durationMs = performance.now() - started;
    });
    route(parts, request, response, entry, requestId).catch((error: unknown) =>
      fail(parts, response, entry, requestId, error),
    );
  };
}

function fail(
  parts: HandlerParts,
  response: ServerResponse,
  entry: LoggedRequest,
  requestId: string,
  error: unknown,
): void {
  const known = error instanceof WireError ? error : null;
  const message = error instanceof Error ? error.message : String(error);
  // A broken script ends the caller at once instead of sending it into retries.
  if (!known || message.startsWith("scripted model:")) parts.problems.push(`request ${entry.number}: ${message}`);
  const wire = known ?? invalidRequest(`scripted model: the script threw: ${message}`);
  entry.status = wire.status;
  entry.error = wire.message;
  if (response.headersSent) response.destroy();
  else sendJson(response, wire.status, errorBody(wire.errorType, wire.message, requestId), requestId);
}

async function route(
  parts: HandlerParts,
  request: IncomingMessage,
  response: ServerResponse,
  entry: LoggedRequest,
  requestId: string,
): Promise<void> {
  const path = new URL(entry.path, "http://127.0.0.1").pathname;
  const raw = await readBody(request);
  if (path === ledgerPath) {
    // For whoever started the server as a process of its own; not part of the API, not logged.
    parts.log.splice(parts.log.indexOf(entry), 1);
    return sendJson(
      response,
      200,
      { bill: parts.book.total(), by_model: parts.book.byModel(), requests: parts.log, problems: parts.problems },
      requestId,
    );
  }
  authorise(request, parts.apiKeys);
  const modelPath = /^\/v1\/models(?:\/([^/]+))?$/.exec(path);
  if (request.method === "GET" && modelPath) {
    const id = modelPath[1];
    entry.status = 200;
    entry.complete = true;
    return sendJson(
      response,
      200,
      id ? renderModelInfo(findModelCard(parts.cards, decodeURIComponent(id))) : renderModelList(parts.cards),
      requestId,
    );
  }
  if (request.method !== "POST" || !/^\/v1\/messages(\/count_tokens)?$/.test(path)) {
    throw new WireError(404, "not_found_error", "Not found");
  }
  const body = parseBody(raw);
  entry.body = body;
  const card = findModelCard(parts.cards, body.model);
  const counting = path.endsWith("/count_tokens");
  validateRequest(body, card, counting);
  const blocks = readPromptBlocks(body);
  const tokens = blocks.at(-1)?.tokens ?? 0;
  if (counting) {
    entry.status = 200;
    entry.complete = true;
    return sendJson(response, 200, { input_tokens: tokens }, requestId);
  }
  if (tokens > card.window) throw invalidRequest(`prompt is too long: ${tokens} tokens > ${card.window} maximum`);
  await answer(parts, body, card, response, entry, {
    requestId,
    seed: blocks.at(-1)?.prefix ?? requestId,
    read: () => parts.cache.pass(card.id, blocks),
  });
}

interface AnswerContext {
  requestId: string;
  /** The same for the same prompt: ids of messages and calls come from it. */
  seed: string;
  /** Passes the prompt through the cache: called only when the request is really served. */
  read: () => CacheReading;
}

async function answer(
  parts: HandlerParts,
  body: MessagesRequest,
  card: ModelCard,
  response: ServerResponse,
  entry: LoggedRequest,
  context: AnswerContext,
): Promise<void> {
  entry.role = roleOf(body);
  parts.memory.countRequest();
  const said = await parts.script(body, parts.memory);
  const fault = isFault(said) ? said : null;
  entry.fault = fault?.kind ?? null;
  if (fault?.kind === "status") {
    entry.status = fault.status;
    const made = errorBody(
      fault.errorType ?? errorTypeOf(fault.status),
      fault.message ?? "scripted fault",
      context.requestId,
    );
    return sendJson(response, fault.status, fault.body ?? made, context.requestId, fault.headers);
  }
  if (fault?.kind === "html_502") {
    entry.status = 502;
    response.writeHead(502, { "content-type": "text/html" });
    response.end(
      "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad Gateway</h1></center></body>\r\n</html>\r\n",
    );
    return;
  }
  const reply = isFault(said) ? replyOfFault(said as StreamFault) : said;
  const wait = reply.delayMs ?? parts.latencyMs;
  entry.waitedMs = wait;
  // Who hangs up before the first byte is not charged, and keeps no timer alive.
  if (wait > 0 && !(await waited(wait, response))) return;
  const cutEarly = fault?.kind === "reset" && fault.afterEvents === undefined;
  // What is cut off unserved is neither billed nor known to the cache.
  if (cutEarly && !fault.billed) {
    response.socket?.resetAndDestroy();
    return;
  }
  const message = composeMessage(body, reply, card, context.read(), context.seed);
  entry.status = cutEarly ? 0 : 200;
  entry.reply = reply;
  if (!fault) parts.memory.countReply(entry.role);
  entry.complete = await sendMessage(response, message, fault as StreamFault | null, {
    stream: body.stream === true,
    chunking: reply.chunking,
    requestId: context.requestId,
    charge: (outputTokens) => {
      // A refusal before any output is not billed (vendor's guide on stop reasons).
      if (message.stopReason === "refusal" && message.blocks.length === 0) return;
      const usage = { ...message.usage, output_tokens: outputTokens };
      parts.book.charge(body.model, usage, entry.usage);
      entry.usage = usage;
    },
  });
}

/** True after the time, false as soon as the client has gone. */
async function waited(ms: number, response: ServerResponse): Promise<boolean> {
  const gone = new AbortController();
  const onClose = (): void => gone.abort();
  response.once("close", onClose);
  const stayed = await sleep(ms, true, { signal: gone.signal }).catch(() => false);
  response.off("close", onClose);
  return stayed;
}

function errorTypeOf(status: number): string {
  const types: Record<number, string> = {
    ...{ 400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error" },
    ...{
      408: "timeout_error",
      413: "request_too_large",
      429: "rate_limit_error",
      529: "overloaded_error",
      504: "timeout_error",
    },
  };
  return types[status] ?? "api_error";
}

function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  requestId: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", "request-id": requestId, ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}
