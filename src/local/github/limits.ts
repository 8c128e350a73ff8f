import type { Actor } from "./auth.ts";
import { HttpError } from "./router.ts";

/** GitHub's limits, rates-limits-for-the-rest-api: 5,000 an hour for an installation or a person, 1,000 for a GITHUB_TOKEN, 60 without. */
export interface LimitSettings {
  /** Requests an hour per kind of actor. */
  primary: Record<Actor["kind"], number>;
  /** Null switches the secondary limits off. */
  secondary: { pointsPerMinute: number; contentPerMinute: number; contentPerHour: number } | null;
}

/** The published limits. The secondary ones are only switched on where a test asks for them. */
export const GITHUB_LIMITS: LimitSettings = {
  primary: { anonymous: 60, user: 5000, app: 5000, installation: 5000, job: 1000 },
  secondary: { pointsPerMinute: 900, contentPerMinute: 80, contentPerHour: 500 },
};

interface Bucket {
  used: number;
  resetAt: number;
}

export interface Limits {
  settings: LimitSettings;
  /** Takes the rest of the actor's hour away until `resetAt` (ms). */
  exhaust(actorKey: string, resetAt: number): void;
  /** Counts a request; throws 403 (primary) or 403/429 with retry-after (secondary). */
  count(actor: Actor, request: { method: string; operation: string }): void;
  /** A 304 is free. */
  refund(actor: Actor): void;
  headers(actor: Actor): Record<string, string>;
  view(actor: Actor): { limit: number; used: number; remaining: number; reset: number };
}

/** Whose hour a request counts against. */
export function actorKey(actor: Actor): string {
  switch (actor.kind) {
    case "anonymous":
      return "anonymous";
    case "user":
      return `user-${actor.account.id}`;
    case "app":
      return `app-${actor.app.id}`;
    case "installation":
      return `installation-${actor.installation.id}`;
    case "job":
      return `job-${actor.run.repo_id}`;
  }
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** Counts requests per actor on the world's clock. */
export function createLimits(now: () => number, settings: LimitSettings): Limits {
  const buckets = new Map<string, Bucket>();
  const writes = new Map<string, { at: number; operation: string; points: number; creates: boolean }[]>();
  const bucketOf = (actor: Actor): Bucket => {
    const key = actorKey(actor);
    let bucket = buckets.get(key);
    if (!bucket || bucket.resetAt <= now()) {
      bucket = { used: 0, resetAt: now() + HOUR_MS };
      buckets.set(key, bucket);
    }
    return bucket;
  };
  const view = (actor: Actor) => {
    const bucket = bucketOf(actor);
    const limit = limits.settings.primary[actor.kind];
    const used = Math.min(bucket.used, limit);
    return { limit, used, remaining: limit - used, reset: Math.ceil(bucket.resetAt / 1000) };
  };
  const headers = (actor: Actor): Record<string, string> => {
    const { limit, used, remaining, reset } = view(actor);
    return {
      "x-ratelimit-limit": String(limit),
      "x-ratelimit-remaining": String(remaining),
      "x-ratelimit-reset": String(reset),
      "x-ratelimit-used": String(used),
      "x-ratelimit-resource": "core",
    };
  };
  const countSecondary = (actor: Actor, request: { method: string; operation: string }) => {
    const rules = limits.settings.secondary;
    if (!rules) return;
    const key = actorKey(actor);
    const recent = (writes.get(key) ?? []).filter((entry) => entry.at > now() - HOUR_MS);
    const points = request.method === "GET" ? 1 : 5;
    const creates = request.method === "POST" && /create|dispatch|add/.test(request.operation);
    recent.push({ at: now(), operation: request.operation, points, creates });
    writes.set(key, recent);
    const lastMinute = recent.filter((entry) => entry.at > now() - MINUTE_MS);
    const sum = lastMinute
      .filter((entry) => entry.operation === request.operation)
      .reduce((total, entry) => total + entry.points, 0);
    const contentMinute = lastMinute.filter((entry) => entry.creates).length;
    const contentHour = recent.filter((entry) => entry.creates).length;
    if (sum > rules.pointsPerMinute || (creates && contentMinute > rules.contentPerMinute)) throw tooFast(60);
    if (creates && contentHour > rules.contentPerHour) throw tooFast(Math.ceil(HOUR_MS / 1000));
  };
  const limits: Limits = {
    settings,
    exhaust: (key, resetAt) => void buckets.set(key, { used: Number.MAX_SAFE_INTEGER, resetAt }),
    count: (actor, request) => {
      if (request.operation === "rate-limit/get") return;
      const bucket = bucketOf(actor);
      bucket.used += 1;
      if (bucket.used > limits.settings.primary[actor.kind]) {
        throw new HttpError(403, `API rate limit exceeded for ${actorKey(actor)}.`, { headers: headers(actor) });
      }
      countSecondary(actor, request);
    },
    refund: (actor) => {
      bucketOf(actor).used -= 1;
    },
    headers,
    view,
  };
  return limits;
}

function tooFast(retryAfterSeconds: number): HttpError {
  return new HttpError(
    403,
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
    { headers: { "retry-after": String(retryAfterSeconds) } },
  );
}
