import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Bill, PriceRow } from "./bill.ts";
import { createBillBook, defaultPrices } from "./bill.ts";
import { createHandler } from "./handle-request.ts";
import type { ModelCard } from "./model-cards.ts";
import { defaultModelCards } from "./model-cards.ts";
import { createPromptCache } from "./prompt-cache.ts";
import type { LoggedRequest } from "./request-log.ts";
import type { Script, ScriptMemory } from "./script.ts";
import { createScriptMemory } from "./script-memory.ts";

export interface ScriptedModelOptions {
  script: Script;
  /** USD per million tokens. */
  prices?: readonly PriceRow[];
  models?: readonly ModelCard[];
  /** Keys that are let in; default one that is made up. */
  apiKeys?: readonly string[];
  /** Clock of the prompt cache, ms. */
  now?: () => number;
  /** Milliseconds before each answer, unless the reply says otherwise. */
  latencyMs?: number;
  /** Shortest prefix that is cached, tokens. Default 1,024. */
  minCachedTokens?: number;
  /** Newest requests whose bodies stay in the log; the bench lowers it. Default 500. */
  keepBodies?: number;
  port?: number;
}

/** A server on 127.0.0.1 that speaks the Messages API and says what a script says. */
export interface ScriptedModel extends AsyncDisposable {
  readonly url: string;
  readonly apiKey: string;
  readonly memory: ScriptMemory;
  /** Everything that was asked so far, refused requests included. */
  requests(): readonly LoggedRequest[];
  bill(): Bill;
  billByModel(): Record<string, Bill>;
  /** Mistakes of the script itself; a test ends by asserting that there are none. */
  problems(): readonly string[];
  setScript(script: Script): void;
  close(): Promise<void>;
}

/** Starts the scripted model. */
export async function startScriptedModel(options: ScriptedModelOptions): Promise<ScriptedModel> {
  const apiKeys = options.apiKeys ?? [`sk-ant-api03-${randomUUID().replaceAll("-", "")}`];
  const log: LoggedRequest[] = [];
  const problems: string[] = [];
  const book = createBillBook(options.prices ?? defaultPrices);
  const memory = createScriptMemory();
  let script = options.script;
  const server = createServer(
    createHandler({
      script: (request, box) => script(request, box),
      cards: options.models ?? defaultModelCards,
      apiKeys,
      cache: createPromptCache({ now: options.now ?? Date.now, minPrefixTokens: options.minCachedTokens ?? 1_024 }),
      book,
      memory,
      log,
      problems,
      latencyMs: options.latencyMs ?? 0,
      keepBodies: options.keepBodies ?? 500,
      now: options.now ?? Date.now,
    }),
  );
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    apiKey: apiKeys[0] ?? "",
    memory,
    requests: () => log,
    bill: () => book.total(),
    billByModel: () => book.byModel(),
    problems: () => problems,
    setScript: (next) => {
      script = next;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
