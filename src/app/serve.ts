import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createNodeMiddleware, Probot } from "probot";
import { ConfigError, describeError } from "../domain/errors.ts";
import { createAppGitHub, createInstallationTokens, fetchInstallationId } from "../github/app-token.ts";
import { createGitHub, type GitHub } from "../github/client.ts";
import { createMemoryIntents } from "../github/memory-intents.ts";
import type { Patience } from "../github/patience.ts";
import type { BatonIdentity, Log } from "../intake/intake-hands.ts";
import type { AppHands } from "./app-hands.ts";
import { createApp } from "./index.ts";
import { createKeyedLock } from "./keyed-lock.ts";
import { createQueue } from "./queue.ts";
import { createReceive } from "./receive.ts";
import { openRedis, type Redis } from "./redis.ts";
import { createSharedPatience } from "./shared-patience.ts";
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
/**
 * Longest pause in ms that a piece of work sits out when GitHub asks for one: a secondary limit asks for a minute. Longer
 * ones end the work, and the sweep finds it again.
 */
export const longestPauseMs = 90_000;
/** Largest delivery that is read, in bytes: GitHub sends up to 25 MB, Baton needs a few kB. */
export const maxPayloadBytes = 2 * 1024 * 1024;

/** Starts the App: checks its secret, listens, sweeps at boot and every ten minutes. */
export async function serveApp(options: ServeOptions): Promise<AppServer> {
  if (!options.isDemo && Buffer.byteLength(options.webhookSecret) < minSecretBytes) {
    throw new ConfigError(
      `the webhook secret has ${Buffer.byteLength(options.webhookSecret)} bytes; at least ${minSecretBytes} are needed`,
      {
        hint: "Make one with `openssl rand -hex 32` and set it here and in the App's settings.",
      },
    );
  }
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
  const server = createServer((request, response) => answer(request, response, middleware));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 3000, options.host ?? "127.0.0.1", resolve);
  });
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

function createHands(options: ServeOptions, timers: Set<NodeJS.Timeout>, redis: Redis | null): AppHands {
  const shared = {
    ...(options.baseUrl ? { baseUrl: options.baseUrl } : {}),
    maxWaitMs: options.longestPauseMs ?? longestPauseMs,
    maxWriteWaitMs: options.longestPauseMs ?? longestPauseMs,
  };
  const patienceOf = (account: string): { patience?: Patience } =>
    redis ? { patience: createSharedPatience(redis, `baton:${options.appId}:${account}`, options.log) } : {};
  const app = createAppGitHub(
    { appId: options.appId, privateKey: options.privateKey },
    { ...shared, ...patienceOf("app") },
  );
  const clients = new Map<number, GitHub>();
  const written = new Set<string>();
  const owners = new Map<string, { id: number | null; at: number }>();
  let identity: Promise<BatonIdentity> | null = null;
  return {
    app,
    workflow: options.workflow,
    log: options.log,
    now: Date.now,
    exclusive: createKeyedLock(),
    intents: (scope) => createMemoryIntents(scope, written),
    identity: () => {
      identity ??= fetchIdentity(app, options.appId).catch((error: unknown) => {
        identity = null;
        throw error;
      });
      return identity;
    },
    installation: (installationId) => {
      const known = clients.get(installationId);
      if (known) return known;
      const tokens = createInstallationTokens(
        app,
        { installationId },
        { revokeWith: (token) => createGitHub({ ...shared, token: async () => token }) },
      );
      const github = createGitHub({ ...shared, ...patienceOf(String(installationId)), token: tokens.token });
      clients.set(installationId, github);
      return github;
    },
    installationOf: async ({ owner, repo }) => {
      const key = `${owner}/${repo}`;
      const known = owners.get(key);
      if (known && Date.now() - known.at < 60_000) return known.id;
      const id = await fetchInstallationId(app, { owner, repo });
      owners.set(key, { id, at: Date.now() });
      return id;
    },
    later: (ms, work) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        work().catch((error: unknown) => options.log({ error: describeError(error) }, "what was put off failed"));
      }, ms);
      timers.add(timer.unref());
    },
  };
}

async function fetchIdentity(app: GitHub, appId: string): Promise<BatonIdentity> {
  const { data } = await app.get<{ id: number; slug: string }>("/app");
  const logins = [`${data.slug}[bot]`, "github-actions[bot]"];
  const ids: number[] = [];
  for (const username of logins) {
    const account = await app.find<{ id: number }>("/users/{username}", { username });
    if (account) ids.push(account.id);
  }
  return { appId: data.id ?? Number(appId), slug: data.slug, logins, ids };
}

function createSweep(hands: AppHands, options: ServeOptions): () => Promise<void> {
  let running: Promise<void> | null = null;
  return () => {
    running ??= sweep(hands)
      .catch((error: unknown) => options.log({ error: describeError(error) }, "the sweep failed; the next one follows"))
      .finally(() => {
        running = null;
      });
    return running;
  };
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
