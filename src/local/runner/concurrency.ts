/** Most that wait in a group with `queue: max` (docs: larger queues, 2026-05-07). */
const longestQueue = 100;

/** Something that wants to be alone in its group. */
export interface Contender {
  cancelInProgress: boolean;
  queueMax: boolean;
  /** Asked to end because a newer one has `cancel-in-progress`. */
  cancel: () => void;
}

/** A place in a group. */
export interface Place {
  /** `replaced` when a newer one took the waiting place. */
  readonly turn: Promise<"granted" | "replaced">;
  /** True while it waits. */
  waiting(): boolean;
  /** Gives the place up, waiting or granted. */
  leave(): void;
}

interface Waiter extends Contender {
  settle: (how: "granted" | "replaced") => void;
}

interface Group {
  running: Waiter | null;
  pending: Waiter[];
}

/** Concurrency groups: one runs, one waits (or 100 with `queue: max`), a newer waiter replaces an older; names ignore case. */
export interface ConcurrencyGroups {
  enter(group: string, contender: Contender): Place;
}

/** Opens an empty set of groups. */
export function createConcurrencyGroups(): ConcurrencyGroups {
  const groups = new Map<string, Group>();
  const advance = (name: string, group: Group): void => {
    if (group.running) return;
    const next = group.pending.shift() ?? null;
    group.running = next;
    if (next) next.settle("granted");
    else groups.delete(name);
  };
  return {
    enter(rawName, contender) {
      const name = rawName.toLowerCase();
      const group = groups.get(name) ?? { running: null, pending: [] };
      groups.set(name, group);
      let settle: Waiter["settle"] = () => {};
      const turn = new Promise<"granted" | "replaced">((resolve) => {
        settle = resolve;
      });
      const waiter: Waiter = { ...contender, settle };
      const most = contender.queueMax && !contender.cancelInProgress ? longestQueue : 1;
      while (group.running && group.pending.length >= most) group.pending.shift()?.settle("replaced");
      group.pending.push(waiter);
      if (group.running && contender.cancelInProgress) group.running.cancel();
      advance(name, group);
      return {
        turn,
        waiting: () => group.pending.includes(waiter),
        leave: () => {
          const at = group.pending.indexOf(waiter);
          if (at >= 0) {
            group.pending.splice(at, 1);
            settle("replaced");
          }
          if (group.running !== waiter) return;
          group.running = null;
          advance(name, group);
        },
      };
    },
  };
}
