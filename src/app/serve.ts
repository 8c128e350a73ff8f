import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createNodeMiddleware, Probot } from "probot";
import { ConfigError, describeError } from "../domain/errors.ts";
import { signAppToken } from "../github/app-token.ts";
import { statusOf } from "../github/outcome.ts";
import type { Log } from "../intake/intake-hands.ts";
import type { AppHands } from "./app-hands.ts";
import { createHands } from "./create-hands.ts";
import { createApp } from "./index.ts";
import { createQueue } from "./queue.ts";
import { createReceive } from "./receive.ts";
import { openRedis } from "./redis.ts";
import { sweep, sweepEveryMs } from "./sweep.ts";

/** Everything the App's server needs; its caller reads it from the environment or makes it up for a demo. */
export interface ServeOptions {
  appId: string;
  privateKey: string;
  webhookSecret: string;
  /** The workflow that a repository needs, as text: the onboarding pull request links to it. */
  workflow: string;
  /** REST base of the GitHub; default api.github.com. */
  baseUrl?: string;
  webhookPath?: string;
  port?: number;
  host?: string;
  /** Where replicas tell each other of pauses that GitHub asked for. */
  redisUrl?: string;
  /** Replaces `longestPauseMs`. */
  longestPauseMs?: number;
  /** Lets a short secret pass: for the demo on a loopback address only. */
  isDemo?: boolean;
  /** ms between sweeps; 0 sweeps only at boot, null never. */
  sweepEveryMs?: number | null;
  log: Log;
}

export interface AppServer extends AsyncDisposable {
  port: number;
  url: string;
  /** Resolves when everything received so far is done. */
  idle(): Promise<void>;
  sweepNow(): Promise<void>;
  close(): Promise<void>;
}

/** Shortest webhook secret in bytes (5-security, T09). */
export const minSecretBytes = 32;
/** Largest delivery that is read, in bytes: GitHub sends up to 25 MB, Baton needs a few kB. */
export const maxPayloadBytes = 2 * 1024 * 1024;

/** Starts the App: checks its secret, listens, sweeps at boot and every ten minutes. */
export async function serveApp(options: ServeOptions): Promise<AppServer> {
  checkOptions(options);
  const timers = new Set<NodeJS.Timeout>();
  const redis = options.redisUrl ? await openRedis(options.redisUrl) : null;
  const hands = createHands(options, timers, redis);
  const queue = createQueue({
    concurrency: 8,
    capacity: 10_000,
    onError: (error, key) =>
      options.log({ key, error: describeError(error) }, "a delivery failed; the sweep will find it"),
  });
  const probot = new Probot({
    appId: options.appId,
    privateKey: options.privateKey,
    secret: options.webhookSecret,
    logLevel: "fatal",
    ...(options.baseUrl ? { baseUrl: options.baseUrl } : {}),
  });
  const webhooksPath = options.webhookPath ?? "/api/github/webhooks";
  const middleware = await createNodeMiddleware(createApp(createReceive(hands, queue)), { probot, webhooksPath });
  const tellRefused = createRefusalLog(options.log);
  const server = createServer((request, response) => {
    response.once("finish", () => tellRefused(request, response.statusCode));
    answer(request, response, middleware);
  });
  await listen(server, options);
  const sweepNow = createSweep(hands, options);
  const every = options.sweepEveryMs === undefined ? sweepEveryMs : options.sweepEveryMs;
  if (every !== null) void sweepNow();
  if (every) timers.add(setInterval(() => void sweepNow(), every).unref());
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    await closeAll(server, timers, queue.idle);
    await redis?.[Symbol.asyncDispose]();
  };
  return {
    port,
    url: `http://${options.host ?? "127.0.0.1"}:${port}${webhooksPath}`,
    idle: queue.idle,
    sweepNow,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Throws ConfigError for what can be seen to be wrong before anything is asked of GitHub. */
function checkOptions(options: ServeOptions): void {
  const bytes = Buffer.byteLength(options.webhookSecret);
  if (!options.isDemo && bytes < minSecretBytes) {
    throw new ConfigError(`the webhook secret has ${bytes} bytes; at least ${minSecretBytes} are needed`, {
      hint: "Make one with `openssl rand -hex 32` and set it here and in the App's settings.",
    });
  }
  if (!/^\d+$/.test(options.appId)) {
    throw new ConfigError(`the App's id is ${JSON.stringify(options.appId)}; allowed is a number`, {
      hint: 'It stands on the App\'s settings page as "App ID".',
    });
  }
  if (options.baseUrl !== undefined && !/^https?:\/\/[^/]/.test(options.baseUrl)) {
    throw new ConfigError(`the address of GitHub's API is ${JSON.stringify(options.baseUrl)}`, {
      hint: "Set GITHUB_API_URL to its REST base, such as https://ghe.example.com/api/v3.",
    });
  }
  signAppToken({ appId: options.appId, privateKey: options.privateKey }, Date.now());
}

async function listen(server: Server, { port = 3000, host = "127.0.0.1" }: ServeOptions): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, resolve);
    });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const known: { [code: string]: string } = {
      EADDRINUSE: "something else listens there",
      EADDRNOTAVAIL: "this machine has no such address",
      EACCES: "ports below 1024 need more rights than this process has",
      ENOTFOUND: "the name is unknown",
    };
    throw new ConfigError(`cannot listen on ${host}:${port}: ${known[code ?? ""] ?? describeError(cause)}`, {
      hint: "Set PORT and HOST, or give --port and --host.",
      cause,
    });
  }
}

const refusalLogEveryMs = 10_000;

/** One line in ten seconds for requests to the webhook that were refused: a wrong secret must be seen, a flood must not fill the disk. */
function createRefusalLog(log: Log): (request: IncomingMessage, status: number) => void {
  let since = 0;
  let silent = 0;
  return ({ method, headers }, status) => {
    if (method !== "POST" || status < 400) return;
    if (Date.now() - since < refusalLogEveryMs) {
      silent += 1;
      return;
    }
    const fields = { status, event: headers["x-github-event"], delivery: headers["x-github-delivery"] };
    log(
      { ...fields, ...(silent > 0 ? { more: silent } : {}) },
      "a delivery was refused: where GitHub sends these, WEBHOOK_SECRET or the content type (application/json) differs from the App's settings",
    );
    since = Date.now();
    silent = 0;
  };
}

type Middleware = Awaited<ReturnType<typeof createNodeMiddleware>>;

// Too large is acknowledged and dropped: GitHub would only send it again, and no event of ours is that big.
function answer(request: IncomingMessage, response: ServerResponse, middleware: Middleware): void {
  const length = Number(request.headers["content-length"]);
  if (request.method === "POST" && (!Number.isFinite(length) || length > maxPayloadBytes)) {
    request.resume();
    response.writeHead(Number.isFinite(length) ? 202 : 411).end();
    return;
  }
  if (request.url === "/ping" || request.url === "/healthz") {
    response.writeHead(200, { "content-type": "text/plain" }).end("baton\n");
    return;
  }
  void Promise.resolve(
    middleware(request, response, () => {
      response.writeHead(404).end();
    }),
  ).then((handled) => {
    if (handled === false && !response.headersSent) response.writeHead(404).end();
  });
}

function createSweep(hands: AppHands, options: ServeOptions): () => Promise<void> {
  let running: Promise<void> | null = null;
  return () => {
    running ??= sweep(hands)
      .catch((error: unknown) => options.log({ error: describeError(error) }, explainSweep(error)))
      .finally(() => {
        running = null;
      });
    return running;
  };
}

function explainSweep(error: unknown): string {
  const isUnknown = [401, 404].includes(statusOf(error) ?? 0);
  const hint = isUnknown ? "GitHub does not know this App: look at APP_ID, PRIVATE_KEY and GITHUB_API_URL; " : "";
  return `the sweep failed; ${hint}the next one follows`;
}

async function closeAll(server: Server, timers: Set<NodeJS.Timeout>, idle: () => Promise<void>): Promise<void> {
  for (const timer of timers) clearTimeout(timer);
  timers.clear();
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
  await idle();
}
