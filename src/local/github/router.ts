import type { IncomingHttpHeaders } from "node:http";
import type { Actor } from "./auth.ts";
import type { Repo } from "./records.ts";
import type { World } from "./world.ts";

/** What a handler gives back; `body` undefined means no body at all. */
export interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Ends a request with GitHub's error form. */
export class HttpError extends Error {
  readonly status: number;
  readonly errors: unknown[] | undefined;
  readonly headers: Record<string, string>;
  constructor(status: number, message: string, options: { errors?: unknown[]; headers?: Record<string, string> } = {}) {
    super(message);
    this.name = "HttpError";
    this.status = status;
    this.errors = options.errors;
    this.headers = options.headers ?? {};
  }
}

/** All a handler may look at. */
export interface Context {
  world: World;
  method: string;
  path: string;
  params: Record<string, string>;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Record<string, unknown>;
  actor: Actor;
  /** Set for every route under /repos/{owner}/{repo}. */
  repo: Repo;
  /** Lists do not show what is younger than this many ms (a fault). */
  lagMs: number;
}

export type Handler = (context: Context) => Answer | Promise<Answer>;

/** One operation; `name` is the operationId of GitHub's OpenAPI description. */
export interface Route {
  method: string;
  pattern: RegExp;
  names: string[];
  template: string;
  name: string;
  /** What the token must be allowed to do, e.g. `issues:write`; several: any one suffices. Empty = anybody who can see it. */
  needs: string[];
  handler: Handler;
}

/** Declares an operation: `route("GET", "/repos/{owner}/{repo}", "repos/get", [], handler)`. */
export function route(method: string, template: string, name: string, needs: string[], handler: Handler): Route {
  const names: string[] = [];
  const source = template.replace(/\{(\+?)(\w+)\}/g, (_, plus: string, param: string) => {
    names.push(param);
    return plus ? "(.+)" : "([^/]+)";
  });
  return { method, pattern: new RegExp(`^${source}/?$`), names, template, name, needs, handler };
}

/** Finds the operation of a request, or undefined. */
export function matchRoute(
  routes: readonly Route[],
  method: string,
  path: string,
): { route: Route; params: Record<string, string> } | undefined {
  for (const candidate of routes) {
    if (candidate.method !== method) continue;
    const match = candidate.pattern.exec(path);
    if (!match) continue;
    const params: Record<string, string> = {};
    candidate.names.forEach((name, index) => {
      params[name] = decodeURIComponent(match[index + 1]!);
    });
    return { route: candidate, params };
  }
  return undefined;
}

/** 404 as GitHub words it. */
export function notFound(): HttpError {
  return new HttpError(404, "Not Found");
}

/** 422 with GitHub's list of errors. */
export function invalid(message: string, ...errors: unknown[]): HttpError {
  return new HttpError(422, message, { errors });
}

/** `Validation Failed` for one field. */
export function invalidField(resource: string, field: string, code: string, message?: string): HttpError {
  return invalid("Validation Failed", { resource, field, code, ...(message === undefined ? {} : { message }) });
}

/** Reads a string field of the body; absent gives undefined, another type is a 422. */
export function text(body: Record<string, unknown>, field: string): string | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") {
    throw new HttpError(
      422,
      `Invalid request.\n\nFor 'properties/${field}', ${JSON.stringify(value)} is not a string.`,
    );
  }
  return value;
}

/** Reads a string field that must be there. */
export function requiredText(body: Record<string, unknown>, field: string): string {
  const value = text(body, field);
  if (value === undefined) throw new HttpError(422, `Invalid request.\n\n"${field}" wasn't supplied.`);
  return value;
}

/** Cuts a list to the asked page and adds the `Link` header. */
export function page<T>(context: Context, items: readonly T[], show: (item: T) => unknown): Answer {
  const { slice, headers } = cutPage(context, items);
  return { status: 200, body: slice.map(show), headers };
}

function ageKnown(item: unknown): number {
  const {
    createdAt,
    created_at: made,
    startedAt,
  } = item as { createdAt?: number; created_at?: number; startedAt?: number };
  return createdAt ?? made ?? startedAt ?? 0;
}

/** The asked page of a list, with its `Link` header and how many there are in all. */
export function cutPage<T>(
  context: Context,
  all: readonly T[],
): { slice: T[]; headers: Record<string, string>; visible: number } {
  const horizon = context.world.store.now() - context.lagMs;
  const items = context.lagMs > 0 ? all.filter((item) => ageKnown(item) <= horizon) : all;
  const perPage = Math.min(100, Math.max(1, Number(context.query.get("per_page") ?? 30) || 30));
  const current = Math.max(1, Number(context.query.get("page") ?? 1) || 1);
  const last = Math.max(1, Math.ceil(items.length / perPage));
  const link = (number: number, rel: string) => {
    const query = new URLSearchParams(context.query);
    query.set("page", String(number));
    return `<${context.world.store.urls.api}${context.path}?${query}>; rel="${rel}"`;
  };
  const links: string[] = [];
  if (current > 1) links.push(link(current - 1, "prev"));
  if (current < last) links.push(link(current + 1, "next"), link(last, "last"));
  if (current > 1) links.push(link(1, "first"));
  return {
    slice: items.slice((current - 1) * perPage, current * perPage),
    headers: links.length > 0 ? { link: links.join(", ") } : {},
    visible: items.length,
  };
}
