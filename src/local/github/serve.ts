import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Actor, authenticate, canSee, requireRight } from "./auth.ts";
import type { Fault, FaultAction } from "./faults.ts";
import { admitGit, readGitRequest, serveGit } from "./git-http.ts";
import { answerGraphql, firstField } from "./graphql.ts";
import { renderPage } from "./pages.ts";
import type { Repo } from "./records.ts";
import { type Answer, type Context, HttpError, matchRoute, notFound, type Route } from "./router.ts";
import { findIssue, findMovedRepo, findRepo, fullName } from "./store.ts";
import type { World } from "./world.ts";

/** One request as the log keeps it. */
export interface RequestRecord {
  at: number;
  method: string;
  path: string;
  query: string;
  /** OpenAPI operationId, `git/…`, `graphql/…` or `unknown`. */
  operation: string;
  /** Kind of actor and, for people, the login. */
  actor: string;
  body: unknown;
  headers: Record<string, string>;
  /** 0 when the connection was cut or left silent by a fault. */
  status: number;
  answer: unknown;
  /** True when the effect of a write took place. */
  effective: boolean;
}

/** The API lies where a GitHub Enterprise Server has it, so that Octokit finds `/api/graphql` by itself. */
export const API_PATH = "/api/v3";

/** Answers every request of the embedded GitHub. */
export function createHandler(world: World, routes: readonly Route[], log: RequestRecord[]) {
  return async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const url = new URL(incoming.url ?? "/", world.store.urls.server);
    outgoing.setHeader("date", new Date(world.store.now()).toUTCString());
    outgoing.setHeader("x-github-request-id", `EMBE:${(log.length + 1).toString(16).toUpperCase()}`);
    try {
      const git = readGitRequest(incoming.method ?? "GET", url);
      if (git) await handleGit(world, git, incoming, outgoing, url, log);
      else if (url.pathname.startsWith("/api/")) await handleApi(world, routes, incoming, outgoing, url, log);
      else await handlePage(world, outgoing, url);
    } catch (error) {
      if (outgoing.headersSent || outgoing.destroyed) return;
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      outgoing.writeHead(500, { "content-type": "application/json" }).end(JSON.stringify({ message }));
    }
  };
}

function newRecord(world: World, incoming: IncomingMessage, url: URL, operation: string): RequestRecord {
  const headers = Object.fromEntries(Object.entries(incoming.headers).map(([key, value]) => [key, String(value)]));
  const { authorization: _, ...shown } = headers;
  return {
    at: world.store.now(),
    method: incoming.method ?? "GET",
    path: url.pathname,
    query: url.search,
    operation,
    actor: "anonymous",
    body: null,
    headers: shown,
    status: 0,
    answer: null,
    effective: false,
  };
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function describeActor(actor: Actor): string {
  return actor.kind === "user" ? `user ${actor.account.login}` : actor.kind;
}

async function wait(faults: readonly Fault[]): Promise<void> {
  const delay = Math.max(0, ...faults.map((fault) => fault.delayMs ?? 0));
  if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
}

/** Carries out what a fault does to the line; true when the answer is thereby settled. */
function strikeLine(outgoing: ServerResponse, action: FaultAction | undefined): boolean {
  if (action === "reset") outgoing.destroy();
  return action === "reset" || action === "timeout";
}

async function handleGit(
  world: World,
  git: NonNullable<ReturnType<typeof readGitRequest>>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  url: URL,
  log: RequestRecord[],
): Promise<void> {
  const record = newRecord(world, incoming, url, git.operation);
  log.push(record);
  // curl silently repeats a request whose reused connection is cut, which would undo a fault.
  outgoing.setHeader("connection", "close");
  const fail = (error: HttpError) => {
    record.status = error.status;
    incoming.resume();
    outgoing
      .writeHead(error.status, { "content-type": "text/plain; charset=utf-8", ...error.headers })
      .end(`${error.message}\n`);
  };
  try {
    const admitted = admitGit(world, git, incoming.headers);
    record.actor = describeActor(admitted.actor);
    const request = {
      method: record.method,
      path: url.pathname,
      operation: git.operation,
      actor: admitted.actor.kind,
      body: null,
    };
    const faults = world.faults.strike(request);
    await wait(faults);
    const before = faults.find((fault) => fault.before !== undefined)?.before;
    if (strikeLine(outgoing, before)) return;
    if (typeof before === "number") throw new HttpError(before, "fault");
    record.effective = true;
    await serveGit(
      world,
      git,
      admitted,
      incoming,
      outgoing,
      url,
      faults.find((fault) => fault.after !== undefined)?.after,
    );
    record.status = outgoing.destroyed ? 0 : outgoing.statusCode;
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    fail(error);
  }
}

async function handlePage(world: World, outgoing: ServerResponse, url: URL): Promise<void> {
  const page = await renderPage(world, url.pathname);
  // Nothing on these pages may run, whatever a body holds.
  const policy = { "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'" };
  if (page) outgoing.writeHead(200, { "content-type": page.type, ...policy }).end(page.body);
  else outgoing.writeHead(404, { "content-type": "text/html; charset=utf-8" }).end("<h1>404</h1>");
}

async function handleApi(
  world: World,
  routes: readonly Route[],
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  url: URL,
  log: RequestRecord[],
): Promise<void> {
  const graphql = /^\/api(\/v3)?\/graphql\/?$/.test(url.pathname);
  const path = url.pathname.startsWith(API_PATH) ? url.pathname.slice(API_PATH.length) || "/" : url.pathname;
  const record = newRecord(world, incoming, url, "unknown");
  Object.assign(record, { path });
  log.push(record);
  const bytes = await readBody(incoming);
  let actor: Actor = { kind: "anonymous" };
  let faults: Fault[] = [];
  let answer: Answer;
  try {
    record.body = parseBody(bytes);
    const matched = graphql ? undefined : matchRoute(routes, record.method, path);
    record.operation = graphql ? `graphql/${firstField(asObject(record.body))}` : (matched?.route.name ?? "unknown");
    actor = authenticate(world.store, incoming.headers);
    record.actor = describeActor(actor);
    faults = world.faults.strike({
      method: record.method,
      path,
      operation: record.operation,
      actor: actor.kind,
      body: record.body,
    });
    await wait(faults);
    const before = faults.find((fault) => fault.before !== undefined);
    if (strikeLine(outgoing, before?.before)) return;
    if (before) answer = faultAnswer(before, before.before as number);
    else {
      world.limits.count(actor, { method: record.method, operation: record.operation });
      const lagMs = Math.max(0, ...faults.map((fault) => fault.lagMs ?? 0));
      if (graphql) answer = { status: 200, body: await answerGraphql(world, actor, asObject(record.body)) };
      else answer = await callRoute(world, matched, { record, incoming, url, path, actor, lagMs });
      record.effective = answer.status < 400;
    }
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    answer = errorAnswer(error);
  }
  const after = faults.find((fault) => fault.after !== undefined);
  if (after && strikeLine(outgoing, after.after)) return;
  if (after) answer = faultAnswer(after, after.after as number);
  const extra = Object.assign({}, ...faults.map((fault) => fault.headers ?? {}));
  answer = { ...answer, headers: { ...answer.headers, ...extra } };
  send(world, actor, record, answer, incoming, outgoing);
}

function faultAnswer(fault: Fault, status: number): Answer {
  return { status, body: fault.body ?? { message: `Injected ${status}` } };
}

function errorAnswer(error: HttpError): Answer {
  const body = {
    message: error.message,
    ...(error.errors ? { errors: error.errors } : {}),
    documentation_url: "https://docs.github.com/rest",
    status: String(error.status),
  };
  return { status: error.status, body, headers: error.headers };
}

function parseBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return {};
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    throw new HttpError(400, "Problems parsing JSON");
  }
}

function asObject(body: unknown): Record<string, unknown> {
  return body !== null && typeof body === "object" ? (body as Record<string, unknown>) : {};
}

async function callRoute(
  world: World,
  matched: ReturnType<typeof matchRoute>,
  asked: { record: RequestRecord; incoming: IncomingMessage; url: URL; path: string; actor: Actor; lagMs: number },
): Promise<Answer> {
  if (!matched) throw notFound();
  const { route, params } = matched;
  const { actor, record } = asked;
  const repo = repoOf(world, actor, params, asked);
  if (repo && "moved" in repo) return repo.moved;
  if (repo) {
    requireRight(actor, repo, fittingNeeds(world, repo, route, params));
    if (repo.archived && record.method !== "GET") throw new HttpError(403, "Repository was archived so is read-only.");
  }
  const context: Context = {
    world,
    method: record.method,
    path: asked.path,
    params,
    query: asked.url.searchParams,
    headers: asked.incoming.headers,
    body: asObject(record.body),
    actor,
    repo: repo as Repo,
    lagMs: asked.lagMs,
  };
  return route.handler(context);
}

/** The repository that a path names; one that was renamed or transferred answers 301 to reads and 307 to writes, which are to be repeated. */
function repoOf(
  world: World,
  actor: Actor,
  params: Record<string, string>,
  { path, url, record }: { path: string; url: URL; record: RequestRecord },
): Repo | { moved: Answer } | null {
  if (params.owner === undefined || params.repo === undefined) return null;
  const repo = findRepo(world.store, params.owner, params.repo);
  if (repo && (actor.kind === "app" || canSee(actor, repo))) return repo;
  const former = `${params.owner}/${params.repo}`;
  const moved = findMovedRepo(world.store, params.owner, params.repo);
  if (!moved || !canSee(actor, moved)) throw notFound();
  const rest = path.slice(`/repos/${former}`.length);
  const location = `${world.store.urls.api}/repos/${fullName(world.store, moved)}${rest}${url.search}`;
  return {
    moved: {
      status: record.method === "GET" ? 301 : 307,
      body: { message: "Moved Permanently", url: location },
      headers: { location },
    },
  };
}

/** A right on pull requests opens the issue endpoints only for what stands on a pull request. */
function fittingNeeds(world: World, repo: Repo, route: Route, params: Record<string, string>): string[] {
  const { store } = world;
  const comment = route.template.includes("/issues/comments/") ? store.comments.get(Number(params.comment_id)) : null;
  if (params.issue_number === undefined && !comment) return route.needs;
  const issue = comment ? store.issues.get(comment.issueId) : findIssue(store, repo, Number(params.issue_number));
  return issue && !issue.pull ? route.needs.filter((need) => !need.startsWith("pull_requests")) : route.needs;
}

function send(
  world: World,
  actor: Actor,
  record: RequestRecord,
  answer: Answer,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): void {
  record.status = answer.status;
  record.answer = Buffer.isBuffer(answer.body) ? `(${answer.body.length} bytes)` : (answer.body ?? null);
  const headers: Record<string, string> = { ...world.limits.headers(actor), ...answer.headers };
  if (answer.body === undefined) {
    outgoing.writeHead(answer.status, headers).end();
    return;
  }
  const body = Buffer.isBuffer(answer.body) ? answer.body : Buffer.from(JSON.stringify(answer.body));
  headers["content-type"] ??= "application/json; charset=utf-8";
  if (record.method === "GET" && answer.status === 200) {
    headers.etag = `W/"${createHash("sha256").update(body).digest("hex")}"`;
    const known = String(incoming.headers["if-none-match"] ?? "");
    if (known.split(/,\s*/).some((tag) => tag.replace(/^W\//, "") === headers.etag!.slice(2))) {
      world.limits.refund(actor);
      record.status = 304;
      outgoing.writeHead(304, { ...headers, ...world.limits.headers(actor) }).end();
      return;
    }
  }
  outgoing.writeHead(answer.status, { ...headers, "content-length": String(body.length) }).end(body);
}
