/** Work in memory, one at a time per key and few at a time in all; losing it is harmless, since the sweep finds everything again. */
export interface Queue {
  /** False when the queue is full: the sweep will find what is dropped. */
  push(key: string, work: () => Promise<void>): boolean;
  /** Resolves when nothing is queued or under way. */
  idle(): Promise<void>;
  readonly size: number;
}

/** Opens a queue; `onError` gets what a piece of work threw. */
export function createQueue(options: {
  concurrency: number;
  capacity: number;
  onError(error: unknown, key: string): void;
}): Queue {
  const waiting = new Map<string, (() => Promise<void>)[]>();
  const ready: string[] = [];
  let size = 0;
  let active = 0;
  let idlers: (() => void)[] = [];

  function pump(): void {
    while (active < options.concurrency) {
      const key = ready.shift();
      if (key === undefined) break;
      const work = waiting.get(key)?.shift();
      if (work) run(key, work);
    }
    if (size === 0) {
      for (const wake of idlers) wake();
      idlers = [];
    }
  }

  function run(key: string, work: () => Promise<void>): void {
    active += 1;
    void Promise.resolve()
      .then(work)
      .catch((error: unknown) => options.onError(error, key))
      .finally(() => {
        active -= 1;
        size -= 1;
        if (waiting.get(key)?.length) ready.push(key);
        else waiting.delete(key);
        pump();
      });
  }

  return {
    push: (key, work) => {
      if (size >= options.capacity) return false;
      size += 1;
      const line = waiting.get(key);
      if (line) line.push(work);
      else {
        waiting.set(key, [work]);
        ready.push(key);
      }
      // Started later, so that the acknowledgement goes out first.
      setImmediate(pump);
      return true;
    },
    idle: () => (size === 0 ? Promise.resolve() : new Promise((wake) => idlers.push(wake))),
    get size() {
      return size;
    },
  };
}
