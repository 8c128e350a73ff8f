import type { Record } from "../domain/event.ts";
import {
  buildCheckpoint,
  type CheckpointChain,
  type CheckpointHands,
  type CheckpointInput,
  type CheckpointOutcome,
  pushCheckpoint,
} from "./checkpoint.ts";

export interface Checkpointer {
  force(input: CheckpointInput): Promise<CheckpointOutcome>;
  soon(input: CheckpointInput): void;
  settled(): Promise<CheckpointOutcome | null>;
  last(): CheckpointOutcome | null;
  acknowledgedAllowance(): number;
  ownsRemote(): Promise<boolean>;
  /** Does something to the chain while no checkpoint is being made. */
  alone<T>(act: () => Promise<T>): Promise<T>;
}

interface Wanted {
  input: CheckpointInput;
  waiters: { resolve(outcome: CheckpointOutcome): void; reject(error: unknown): void }[];
}

/** Makes one checkpoint at a time; while one is under way, all that are asked for become the next one. */
export function createCheckpointer(hands: CheckpointHands & { record: Record; chain: CheckpointChain }): Checkpointer {
  const { chain } = hands;
  const own = new Set<string | null>([chain.head]);
  let wanted: Wanted | null = null;
  let working: Promise<void> | null = null;
  let last: CheckpointOutcome | null = null;
  let acknowledged = 0;
  let turn: Promise<unknown> = Promise.resolve();

  const alone = <T>(act: () => Promise<T>): Promise<T> => {
    const result = turn.then(act);
    turn = result.catch(() => {});
    return result;
  };
  const ownsRemote = async (): Promise<boolean> => {
    const remote = (await hands.store.lsRemote([chain.ref])).get(chain.ref) ?? null;
    return own.has(remote);
  };
  const make = async (input: CheckpointInput): Promise<CheckpointOutcome> => {
    if (last?.kind === "superseded") return last;
    const started = performance.now();
    const before = chain.head;
    const built = await buildCheckpoint(hands, chain, input);
    const { commit, workBranch } = built;
    own.add(commit);
    // An unknown outcome leaves the commit as the parent of the next: whichever way it went, that is a fast-forward.
    chain.head = commit;
    const pushed = await pushCheckpoint(hands, chain, built, ownsRemote);
    if (pushed.kind !== "pushed") {
      if (pushed.kind === "refused") chain.head = before;
      return pushed;
    }
    acknowledged = input.allowanceUsdMicro;
    if (workBranch) chain.workHead = workBranch.sha;
    const ms = Math.round(performance.now() - started);
    await hands.record("checkpoint_pushed", { checkpoint: commit, allowance_usd_micro: acknowledged, ms });
    if (pushed.movedTo) {
      await hands.record("warned", {
        text: `The repository refused the session's own ref; checkpoints are kept on ${pushed.movedTo}.`,
      });
    }
    return { kind: "pushed", checkpoint: commit, allowanceUsdMicro: acknowledged, ms };
  };
  const work = async () => {
    while (wanted) {
      const { input, waiters } = wanted;
      wanted = null;
      try {
        last = await alone(() => make(input));
        for (const { resolve } of waiters) resolve(last);
      } catch (error) {
        last = { kind: "unreachable", detail: error instanceof Error ? error.message : String(error) };
        for (const { reject } of waiters) reject(error);
      }
    }
    working = null;
  };
  const want = (input: CheckpointInput, waiter?: Wanted["waiters"][number]) => {
    const beside = input.beside ?? wanted?.input.beside;
    wanted = {
      input: { ...input, ...(beside ? { beside } : {}) },
      waiters: [...(wanted?.waiters ?? []), ...(waiter ? [waiter] : [])],
    };
    working ??= Promise.resolve().then(work);
  };
  return {
    force: (input) => new Promise((resolve, reject) => want(input, { resolve, reject })),
    soon: (input) => want(input),
    async settled() {
      while (working) await working;
      return last;
    },
    last: () => last,
    acknowledgedAllowance: () => acknowledged,
    alone,
    async ownsRemote() {
      return last?.kind !== "superseded" && (await ownsRemote());
    },
  };
}
