import { Octokit } from "@octokit/rest";
import { ProtocolError } from "../domain/errors.ts";
import { followMove } from "./moved.ts";
import { isUnknownOutcome, nameMissingRight, readWait, statusOf } from "./outcome.ts";
import { createPatience, HeldBack, type Patience } from "./patience.ts";

/** A token for GitHub; `fresh` asks for a new one after the old was refused. */
export type TokenSource = (fresh?: boolean) => Promise<string>;

/** How to reach one GitHub. Everything that reads a clock or waits can be replaced. */
export interface GitHubOptions {
  token: TokenSource;
  /** REST base: `https://api.github.com`, `https://<host>/api/v3`, or a loopback address. */
  baseUrl?: string;
  /** Milliseconds until one request is given up. */
  timeoutMs?: number;
  /** Longest time in ms that one read waits for a rate limit before it is given up. */
  maxWaitMs?: number;
  /** The same of a write. Default a little more than an hour, after which every limit of GitHub's is new (row 9). */
  maxWriteWaitMs?: number;
  /** Shares GitHub's wish for a pause with other clients of the same account; default this client alone. */
  patience?: Patience;
  userAgent?: string;
  signal?: AbortSignal;
  now?: () => number;
  sleep?: (ms: number) => Promise<void>;
}

export interface Reply<T> {
  status: number;
  data: T;
  headers: { [name: string]: string | number | undefined };
}

type Params = { [name: string]: unknown };

/** The one way to GitHub's API. Reads are retried, writes never: a repeated POST is a second effect. */
export interface GitHub {
  /** A read: retried on 5xx, lost connections and limits; answers from memory when GitHub says 304. */
  get<T>(route: string, params?: Params): Promise<Reply<T>>;
  /** A read that may find nothing: null on 404. */
  find<T>(route: string, params?: Params): Promise<T | null>;
  /** All pages of a list, up to `maxPages` of 100. */
  list<T>(route: string, params?: Params, maxPages?: number): Promise<T[]>;
  /** A write: sent once; a thrown error may hide an effect (`isUnknownOutcome`). */
  write<T>(route: string, params?: Params): Promise<Reply<T>>;
  /** A GraphQL query, retried as a read. */
  query<T>(text: string, variables: Params): Promise<T>;
  /** A GraphQL mutation, sent once. */
  mutate<T>(text: string, variables: Params): Promise<T>;
  /** GitHub's own time of the last answer in ms, or null before the first. */
  serverTime(): number | null;
  sleep(ms: number): Promise<void>;
  readonly baseUrl: string;
  readonly maxWriteWaitMs: number;
}

const readAttempts = 5;
const maxCached = 500;
const redirects = new Set<number>([301, 302, 307, 308]);

/** Opens a client; no request is made until the first call. */
export function createGitHub(options: GitHubOptions): GitHub {
  const baseUrl = (options.baseUrl ?? "https://api.github.com").replace(/\/+$/, "");
  // Bare @octokit/rest: no retry and no throttling plugin. The default retries turned one POST into four effects (6-github-facts, row 14).
  const octokit = new Octokit({ baseUrl, userAgent: options.userAgent ?? "baton", log: silent });
  const sleep = options.sleep ?? ((ms) => new Promise((done) => setTimeout(done, ms)));
  const now = options.now ?? Date.now;
  const cache = new Map<string, { etag: string; reply: Reply<unknown> }>();
  const patience = options.patience ?? createPatience();
  const maxWaitMs = options.maxWaitMs ?? 90_000;
  const maxWriteWaitMs = options.maxWriteWaitMs ?? 3_660_000;
  let serverTime: number | null = null;

  async function waitTurn(longestMs: number): Promise<void> {
    const wait = (await patience.until()) - now();
    if (wait > longestMs) throw new HeldBack(wait);
    if (wait > 0) await sleep(wait);
  }

  async function send<T>(route: string, params: Params, longestMs: number, fresh = false): Promise<Reply<T>> {
    await waitTurn(longestMs);
    const timeout = AbortSignal.timeout(options.timeoutMs ?? 15_000);
    const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
    const headers = { ...(params.headers as Params | undefined), authorization: `token ${await options.token(fresh)}` };
    try {
      const reply = await request(route, { ...params, headers }, signal);
      noteTime(reply.headers.date);
      return { status: reply.status, data: reply.data as T, headers: reply.headers as Reply<T>["headers"] };
    } catch (error) {
      const status = statusOf(error);
      // 401 is refused before any effect: one new token, then the truth (an installation token lives an hour, row 39).
      if (status === 401 && !fresh) return send(route, params, longestMs, true);
      nameMissingRight(error);
      const wait = readWait(error, 1, now());
      if (wait !== null) await patience.hold(now() + wait);
      throw error;
    }
  }

  /** Reads follow redirects by themselves; a write is repeated where its repository lies now, and nowhere else. */
  async function request(route: string, params: Params, signal: AbortSignal) {
    if (route.startsWith("GET ")) return await octokit.request(route, { ...params, request: { signal } });
    const reply = await octokit.request(route, { ...params, request: { signal, redirect: "manual" } });
    const { location } = reply.headers;
    if (!redirects.has(reply.status) || location === undefined) return reply;
    const sent = octokit.request.endpoint(route, params);
    const url = followMove(sent.url, location);
    const again = { ...(sent.body as Params | undefined), headers: sent.headers };
    return await octokit.request(`${sent.method} ${url}`, { ...again, request: { signal, redirect: "error" } });
  }

  async function read<T>(once: () => Promise<Reply<T>>): Promise<Reply<T>> {
    let waited = 0;
    for (let attempt = 1; ; attempt++) {
      try {
        return await once();
      } catch (error) {
        const wait =
          readWait(error, attempt, now()) ?? (isUnknownOutcome(error) ? Math.min(8_000, 250 * 2 ** attempt) : null);
        if (wait === null || attempt >= readAttempts || options.signal?.aborted) throw error;
        waited += wait;
        if (waited > maxWaitMs) throw error;
        await sleep(wait);
      }
    }
  }

  async function get<T>(route: string, params: Params = {}): Promise<Reply<T>> {
    const key = `${route} ${JSON.stringify(params)}`;
    const known = cache.get(key);
    const headers = known ? { ...(params.headers as Params | undefined), "if-none-match": known.etag } : params.headers;
    try {
      const reply = await read(() => send<T>(`GET ${route}`, { ...params, headers }, maxWaitMs));
      const etag = reply.headers.etag;
      if (typeof etag === "string") remember(key, etag, reply);
      return reply;
    } catch (error) {
      // 304 is free of the primary limit (row 13).
      if (known && statusOf(error) === 304) return known.reply as Reply<T>;
      throw error;
    }
  }

  function remember(key: string, etag: string, reply: Reply<unknown>): void {
    cache.delete(key);
    cache.set(key, { etag, reply });
    if (cache.size > maxCached) cache.delete(cache.keys().next().value ?? key);
  }

  function noteTime(date: string | undefined): void {
    const at = date === undefined ? Number.NaN : Date.parse(date);
    if (Number.isFinite(at)) serverTime = at;
  }

  async function graphql<T>(text: string, variables: Params, longestMs: number): Promise<Reply<T>> {
    const url = baseUrl.endsWith("/api/v3") ? `${baseUrl.slice(0, -2)}graphql` : `${baseUrl}/graphql`;
    const sent = { query: text, variables };
    const reply = await send<{ data?: T; errors?: { message: string; type?: string }[] }>(
      `POST ${url}`,
      sent,
      longestMs,
    );
    const failure = reply.data.errors?.[0];
    if (failure || !reply.data.data)
      throw new ProtocolError(failure?.message ?? "an answer without data", { source: "GitHub GraphQL" });
    return { ...reply, data: reply.data.data };
  }

  return {
    baseUrl,
    maxWriteWaitMs,
    get,
    find: async <T>(route: string, params: Params = {}) => {
      try {
        return (await get<T>(route, params)).data;
      } catch (error) {
        if (statusOf(error) === 404) return null;
        throw error;
      }
    },
    list: async <T>(route: string, params: Params = {}, maxPages = 30) => {
      const all: T[] = [];
      for (let page = 1; page <= maxPages; page++) {
        const { data } = await get<T[] | { [key: string]: T[] }>(route, { per_page: 100, ...params, page });
        const items = Array.isArray(data) ? data : (Object.values(data).find(Array.isArray) ?? []);
        all.push(...items);
        if (items.length < Number(params.per_page ?? 100)) break;
      }
      return all;
    },
    write: (route, params = {}) => send(route, params, maxWriteWaitMs),
    query: async <T>(text: string, variables: Params) =>
      (await read(() => graphql<T>(text, variables, maxWaitMs))).data,
    mutate: async <T>(text: string, variables: Params) => (await graphql<T>(text, variables, maxWriteWaitMs)).data,
    serverTime: () => serverTime,
    sleep,
  };
}

const nothing = () => {};
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };
