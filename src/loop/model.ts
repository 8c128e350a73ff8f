import Anthropic, { APIConnectionError, APIError } from "@anthropic-ai/sdk";
import { Stream } from "@anthropic-ai/sdk/core/streaming";
import type { TokenUsage } from "../domain/limits.ts";
import { classifyFailure, type FailureClass, readRetryAfter } from "./failure.ts";
import { factsFromTable, type ModelFacts, makeFacts } from "./models.ts";
import { createStreamReader, type PartialMessage } from "./read-stream.ts";
import type { Block, ModelRequest } from "./wire.ts";

export interface ModelReply {
  kind: "reply";
  model: string;
  content: Block[];
  stopReason: string | null;
  stopDetails: unknown;
  /** Null when the API's figures were missing or impossible. */
  usage: TokenUsage | null;
}

export interface ModelFailure {
  kind: "failed";
  class: FailureClass;
  retryable: boolean;
  error: string;
  status: number | null;
  /** What the server asked to wait, ms. */
  retryAfterMs: number | null;
  /** Usage of `message_start` and later, when the stream had come so far. */
  partialUsage: TokenUsage | null;
  /** UTF-8 bytes of the answer that were read and thrown away. */
  partialBytes: number;
  /** `no`: refused or never reached. `prompt`: taken in, no answer begun. `started`: the answer had begun. `unknown`: the request may have been answered unseen. */
  billed: "no" | "prompt" | "started" | "unknown";
}

export type ModelOutcome = ModelReply | ModelFailure;

export interface AskOptions {
  /** `/stop`, cancel: ends the request at once as `aborted`. */
  signal: AbortSignal;
  /** Milliseconds until the run's deadline: then the request ends as `deadline`. */
  timeoutMs: number;
}

/** The model's API: one request, one answer, and no retry. Never throws for what an API does. */
export interface Model {
  ask(request: ModelRequest, options: AskOptions): Promise<ModelOutcome>;
  /** Window and limits, from the Models API or, failing that, from the table. */
  facts(model: string): Promise<ModelFacts>;
}

export interface ModelOptions {
  apiKey: string;
  baseUrl?: string;
  /** Silence after which a stream counts as stalled, ms; pings count as life. Default 90 s. */
  idleMs?: number;
}

/** Opens the only door to the SDK. Its own retries are off: it would repeat unseen and unreserved. */
export function createModel(options: ModelOptions): Model {
  const client = new Anthropic({
    apiKey: options.apiKey,
    authToken: null,
    baseURL: options.baseUrl,
    maxRetries: 0,
    timeout: 600_000,
  });
  const known = new Map<string, Promise<ModelFacts>>();
  return {
    ask: (request, how) => ask(client, request, how, options.idleMs ?? 90_000),
    facts(model) {
      const found = known.get(model) ?? fetchFacts(client, model);
      known.set(model, found);
      return found;
    },
  };
}

async function fetchFacts(client: Anthropic, model: string): Promise<ModelFacts> {
  const table = factsFromTable(model);
  try {
    const info = await client.models.retrieve(model, null, { timeout: 10_000 });
    return makeFacts({
      window: info.max_input_tokens ?? table.window,
      maxOutput: info.max_tokens ?? table.maxOutput,
      effort: info.capabilities?.effort?.supported ?? table.effort,
    });
  } catch {
    return table;
  }
}

async function ask(client: Anthropic, request: ModelRequest, how: AskOptions, idleMs: number): Promise<ModelOutcome> {
  const watch = startWatch(how, idleMs);
  const reader = createStreamReader();
  let answered = false;
  try {
    const params = { ...request, stream: true } as unknown as Anthropic.MessageCreateParamsStreaming;
    const response = await watch.race(client.messages.create(params, { signal: watch.controller.signal }).asResponse());
    answered = true;
    watch.beat();
    const events = Stream.rawEvents(response, watch.controller)[Symbol.asyncIterator]();
    while (!reader.message.complete) {
      const next = await watch.race(events.next());
      if (next.done) break;
      watch.beat();
      const { event, data } = next.value;
      if (event === "error") return failed(new StreamError(data), reader.message, watch.ended(), true);
      if (event && event !== "ping" && data) reader.push(event, JSON.parse(data));
    }
    if (!reader.message.complete)
      return failed(new Error("the stream ended without message_stop"), reader.message, watch.ended(), true);
    watch.letGo(events);
    return replyOf(reader.message, request.model);
  } catch (error) {
    return failed(error, reader.message, watch.ended(), answered);
  } finally {
    watch.stop();
  }
}

function replyOf(message: PartialMessage, asked: string): ModelReply {
  const { content, stopReason, stopDetails, usage } = message;
  return {
    kind: "reply",
    model: message.model || asked,
    content,
    stopReason,
    stopDetails,
    usage,
  };
}

/** An `error` event inside a 200. */
class StreamError extends Error {
  readonly type: string | null;
  constructor(data: string) {
    const body = parse(data) as { error?: { type?: string; message?: string } } | null;
    super(body?.error?.message ?? `the stream ended with an error: ${data.slice(0, 200)}`);
    this.type = body?.error?.type ?? null;
  }
}

function failed(error: unknown, message: PartialMessage, ended: EndedBy | null, answered: boolean): ModelFailure {
  const api = error instanceof APIError ? error : null;
  const status = typeof api?.status === "number" ? api.status : null;
  const text = api?.apiMessage ?? (error instanceof Error ? describe(error) : String(error));
  const failure = classifyFailure({
    ended,
    status,
    type: api?.type ?? (error instanceof StreamError ? error.type : null),
    text,
    answered,
    inStream: error instanceof StreamError,
    shouldRetry: api?.headers?.get("x-should-retry") ?? null,
  });
  const refused = status !== null;
  const unreached =
    error instanceof APIConnectionError && /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|CERT/.test(describe(error));
  return {
    kind: "failed",
    ...failure,
    error: text.slice(0, 1_000),
    status,
    retryAfterMs: readRetryAfter(api?.headers ?? null),
    partialUsage: message.usage,
    partialBytes: message.bytes,
    billed: message.started
      ? "started"
      : refused || unreached
        ? "no"
        : error instanceof StreamError
          ? "prompt"
          : "unknown",
  };
}

type EndedBy = "aborted" | "deadline" | "stalled";

/** Time for what may follow the last event of an answer, ms. */
const tailMs = 1_000;

/** Races every await of one request against cancel, deadline and silence. */
function startWatch(how: AskOptions, idleMs: number) {
  const controller = new AbortController();
  let ended: EndedBy | null = null;
  let fail: (error: Error) => void = () => {};
  const gone = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  gone.catch(() => {});
  const end = (by: EndedBy): void => {
    if (ended) return;
    ended = by;
    fail(new Error(by === "stalled" ? `no sign of life for ${idleMs} ms` : `the request was ended: ${by}`));
    controller.abort();
  };
  const onAbort = (): void => end("aborted");
  if (how.signal.aborted) onAbort();
  how.signal.addEventListener("abort", onAbort, { once: true });
  const deadline = setTimeout(() => end("deadline"), Math.min(Math.max(0, how.timeoutMs), 2_147_483_647));
  let isWhole = false;
  // Before the headers the API may be silent for long; the SDK's own timeout covers that.
  let idle: NodeJS.Timeout | undefined;
  return {
    controller,
    race: <T>(promise: Promise<T>): Promise<T> => Promise.race([promise, gone]),
    beat(): void {
      clearTimeout(idle);
      idle = setTimeout(() => end("stalled"), idleMs);
    },
    ended: (): EndedBy | null => ended,
    /** Reads a whole answer's stream to its end in the background: its connection can serve the next request then. */
    letGo(events: AsyncIterator<unknown>): void {
      isWhole = true;
      const timer = setTimeout(() => controller.abort(), tailMs);
      const readOn = async (): Promise<void> => {
        while (!(await events.next()).done);
      };
      readOn()
        .catch(() => {})
        .finally(() => clearTimeout(timer));
    },
    stop(): void {
      clearTimeout(idle);
      clearTimeout(deadline);
      how.signal.removeEventListener("abort", onAbort);
      if (!isWhole) controller.abort();
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The message with those of its causes: the network's reason is at the bottom. */
function describe(error: Error, depth = 0): string {
  const cause = error.cause;
  const code = "code" in error && typeof error.code === "string" ? ` (${error.code})` : "";
  const own = `${error.message}${code}`;
  return cause instanceof Error && depth < 5 ? `${own}: ${describe(cause, depth + 1)}` : own;
}
