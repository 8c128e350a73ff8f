import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { ProtocolError } from "../domain/errors.ts";
import { MicroUsd } from "../domain/limits.ts";
import { dayLedgerRefOf } from "../domain/session-key.ts";
import type { PushOutcome } from "../git/push-refusal.ts";
import type { RefPush } from "../git/remote.ts";
import type { GitStore } from "../git/store.ts";
import { fetchHead } from "./restore.ts";

/** One entry of a day: what a run reserved, or what it gave back of it. */
export const LedgerEntry = z.object({
  v: z.literal(1),
  kind: z.enum(["reserved", "returned"]),
  /** `<session>/<run>/<attempt>`: the same run never reserves twice. */
  id: z.string(),
  session: z.string(),
  run: z.string(),
  person: z.string(),
  usd_micro: MicroUsd,
});
export type LedgerEntry = z.infer<typeof LedgerEntry>;

export interface LedgerTotals {
  /** Micro-USD that are reserved or spent. */
  usdMicro: number;
  /** Runs by person, as far as they reserved anything. */
  runsOf: ReadonlyMap<string, number>;
  byId: ReadonlyMap<string, number>;
}

export interface ReserveRequest {
  session: string;
  run: string;
  person: string;
  /** What is wanted; less is granted when the day has less left. Micro-USD. */
  usdMicro: number;
  /** Caps of the day. */
  cap: { usdMicro: number; runsPerPerson: number };
}

export type ReserveDecision =
  | { kind: "granted"; usdMicro: number; entry: LedgerEntry | null }
  | { kind: "refused"; why: "day_usd" | "runs_per_person"; reason: string };

export type ReserveOutcome =
  | { kind: "granted"; usdMicro: number }
  | Extract<ReserveDecision, { kind: "refused" }>
  | { kind: "unavailable"; detail: string };

/** Sums a day's entries. */
export function readTotals(entries: readonly LedgerEntry[]): LedgerTotals {
  const byId = new Map<string, number>();
  const runs = new Map<string, Set<string>>();
  for (const entry of entries) {
    const amount = byId.get(entry.id) ?? 0;
    byId.set(entry.id, entry.kind === "reserved" ? amount + entry.usd_micro : Math.max(0, amount - entry.usd_micro));
    if (entry.kind === "reserved") runs.set(entry.person, (runs.get(entry.person) ?? new Set()).add(entry.id));
  }
  const usdMicro = [...byId.values()].reduce((sum, amount) => sum + amount, 0);
  return { usdMicro, byId, runsOf: new Map([...runs].map(([person, ids]) => [person, ids.size])) };
}

/** Decides a reservation from the day's totals; a run that has one already gets the same again. */
export function decideReservation(totals: LedgerTotals, request: ReserveRequest): ReserveDecision {
  const id = `${request.session}/${request.run}`;
  const held = totals.byId.get(id);
  if (held !== undefined) return { kind: "granted", usdMicro: held, entry: null };
  const { usdMicro: cap, runsPerPerson } = request.cap;
  if ((totals.runsOf.get(request.person) ?? 0) >= runsPerPerson) {
    return {
      kind: "refused",
      why: "runs_per_person",
      reason: `${request.person} has started ${runsPerPerson} runs today, which is the limit.`,
    };
  }
  const usdMicro = Math.min(request.usdMicro, cap - totals.usdMicro);
  if (usdMicro <= 0)
    return { kind: "refused", why: "day_usd", reason: "The day's budget of this repository is used up or reserved." };
  const { session, run, person } = request;
  return {
    kind: "granted",
    usdMicro,
    entry: { v: 1, kind: "reserved", id, session, run, person, usd_micro: usdMicro },
  };
}

/** How an entry reaches the remote: by itself, or in the same push as something else. */
export type EntryPush = (update: RefPush, usdMicro: number) => Promise<PushOutcome>;

export interface DayLedger {
  /** Begins to read the ledger for the reservation that is about to come. */
  look(): void;
  /** Reserves before anything is spent; what the remote has not acknowledged is not reserved. `push` is called once an attempt. */
  reserve(request: ReserveRequest, push?: EntryPush): Promise<ReserveOutcome>;
  /** Gives back what a run did not use. */
  giveBack(request: {
    session: string;
    run: string;
    person: string;
    usdMicro: number;
  }): Promise<{ kind: "returned" } | { kind: "unavailable"; detail: string }>;
  totals(): Promise<LedgerTotals>;
}

/** Path of the entries in the ledger's tree. */
export const ledgerFile = "ledger.jsonl";
const attempts = 12;

/** The ledger of one UTC day, a chain of small commits that grows only by fast-forward. */
export function createDayLedger(options: { store: GitStore; day: string; clock(): number }): DayLedger {
  const { store } = options;
  const ref = dayLedgerRefOf(options.day);
  let looked: ReturnType<typeof load> | null = null;
  const pushAlone: EntryPush = (update) => store.push([update]);
  const load = async (): Promise<{ head: string | null; entries: LedgerEntry[] }> => {
    const seen = (await store.lsRemote([ref])).get(ref);
    if (!seen) return { head: null, entries: [] };
    const head = await fetchHead(store, ref, seen);
    const bytes = await store.readBlob(await store.treeOf(head), ledgerFile);
    return { head, entries: readLedger(bytes ? Buffer.from(bytes).toString("utf8") : "", ref) };
  };
  const commit = async (head: string | null, entries: LedgerEntry[], message: string): Promise<RefPush> => {
    const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
    const tree = await store.graft(emptyTree, [{ path: ledgerFile, sha: await store.writeBlob(text) }]);
    // The random trailer keeps two runs that say the same at the same second from making one and the same commit.
    const trailer = `Baton-Entry: ${crypto.randomUUID()}`;
    const sha = await store.commit({
      tree,
      parents: head ? [head] : [],
      message: `${message}\n\n${trailer}\n`,
      at: options.clock(),
    });
    return { ref, sha };
  };
  const change = async <T>(
    act: (entries: LedgerEntry[]) => { add: LedgerEntry | null; answer: T },
    push = pushAlone,
  ): Promise<T | { kind: "unavailable"; detail: string }> => {
    let detail = "";
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      if (attempt > 0) await wait(Math.random() * 100 * attempt);
      const { head, entries } = await (looked ?? load());
      looked = null;
      const { add, answer } = act(entries);
      if (!add) return answer;
      const message = `baton: ${add.kind} ${add.usd_micro} for ${add.id}`;
      const outcome = await push(await commit(head, [...entries, add], message), add.usd_micro);
      if (outcome.kind === "pushed") return answer;
      detail = outcome.detail;
      if (outcome.kind === "unreachable" || outcome.why !== "non_fast_forward") break;
    }
    return { kind: "unavailable", detail };
  };
  return {
    look() {
      looked = load();
      looked.catch(() => {});
    },
    reserve: (request, push) =>
      change<ReserveOutcome>((entries) => {
        const decision = decideReservation(readTotals(entries), request);
        if (decision.kind === "refused") return { add: null, answer: decision };
        return { add: decision.entry, answer: { kind: "granted", usdMicro: decision.usdMicro } };
      }, push),
    giveBack: ({ session, run, person, usdMicro }) =>
      change<{ kind: "returned" }>((entries) => {
        const id = `${session}/${run}`;
        const given = entries.some((entry) => entry.kind === "returned" && entry.id === id);
        const amount = Math.min(usdMicro, readTotals(entries).byId.get(id) ?? 0);
        const entry: LedgerEntry = { v: 1, kind: "returned", id, session, run, person, usd_micro: amount };
        return { add: given || amount <= 0 ? null : entry, answer: { kind: "returned" } };
      }),
    totals: async () => readTotals((await load()).entries),
  };
}

const emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/** Reads a ledger file; throws ProtocolError when a line is not an entry. */
export function readLedger(text: string, source: string): LedgerEntry[] {
  try {
    return text
      .split("\n")
      .filter(Boolean)
      .map((line) => LedgerEntry.parse(JSON.parse(line)));
  } catch (error) {
    throw new ProtocolError(`The day ledger ${source} holds something that is not Baton's.`, { source, cause: error });
  }
}
