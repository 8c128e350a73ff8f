/** Which requests a fault meets; all given conditions must hold. */
export interface FaultMatch {
  method?: string;
  /** Against the path without the API base, e.g. `/repos/o/r/issues/1/comments`; for git `/o/r.git/git-receive-pack`. */
  path?: RegExp;
  /** The OpenAPI operationId (`issues/create-comment`), `git/upload-pack`, `git/receive-pack`, `graphql/<first field>`. */
  operation?: string | RegExp;
  /** Kind of who asks: `installation`, `job`, `user`, `app`, `anonymous`. */
  actor?: string;
  /** The first matching request that is hit, from 1. */
  nth?: number;
  /** How many are hit from there on; default 1 (for lag: without end). */
  times?: number;
  when?: (request: { method: string; path: string; operation: string; body: unknown }) => boolean;
}

/** What a fault does instead of answering: a status, a cut connection, or silence until the client gives up. */
export type FaultAction = number | "reset" | "timeout";

export interface FaultSpec {
  match: FaultMatch;
  /** Strikes before the effect: nothing happened. */
  before?: FaultAction;
  /** Strikes after the effect: it happened, the answer is lost or replaced. */
  after?: FaultAction;
  headers?: Record<string, string>;
  body?: unknown;
  /** Lists do not yet show what is younger than this. */
  lagMs?: number;
  /** The answer comes this much later (real time). */
  delayMs?: number;
}

export interface Fault extends FaultSpec {
  /** How many requests matched, and how many of them were struck. */
  seen: number;
  hits: number;
  remove(): void;
}

export interface Faults {
  add(spec: FaultSpec): Fault;
  clear(): void;
  /** All answers become this status (503 by default) until `up()`; git too. */
  down(status?: number): void;
  up(): void;
  /** The faults that strike this request; counts it. */
  strike(request: { method: string; path: string; operation: string; actor: string; body: unknown }): Fault[];
  readonly all: readonly Fault[];
}

/** Makes an empty list of faults. */
export function createFaults(): Faults {
  let faults: Fault[] = [];
  let outage: Fault | null = null;
  const add = (spec: FaultSpec): Fault => {
    const fault: Fault = {
      ...spec,
      seen: 0,
      hits: 0,
      remove: () => {
        faults = faults.filter((other) => other !== fault);
      },
    };
    faults.push(fault);
    return fault;
  };
  const up = () => {
    outage?.remove();
    outage = null;
  };
  return {
    add,
    clear: () => {
      faults = [];
      outage = null;
    },
    down: (status = 503) => {
      up();
      outage = add({ match: { times: Number.POSITIVE_INFINITY }, before: status });
    },
    up,
    strike: (request) => faults.filter((fault) => strikes(fault, request)),
    get all() {
      return faults;
    },
  };
}

function strikes(fault: Fault, request: Parameters<Faults["strike"]>[0]): boolean {
  const { match } = fault;
  if (match.method !== undefined && match.method.toUpperCase() !== request.method) return false;
  if (match.path !== undefined && !match.path.test(request.path)) return false;
  if (match.actor !== undefined && match.actor !== request.actor) return false;
  if (typeof match.operation === "string" && match.operation !== request.operation) return false;
  if (match.operation instanceof RegExp && !match.operation.test(request.operation)) return false;
  if (match.when && !match.when(request)) return false;
  fault.seen += 1;
  const first = match.nth ?? 1;
  const times = match.times ?? (fault.lagMs === undefined ? 1 : Number.POSITIVE_INFINITY);
  if (fault.seen < first || fault.seen >= first + times) return false;
  fault.hits += 1;
  return true;
}
