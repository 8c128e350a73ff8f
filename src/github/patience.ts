/** What all clients of one account know together: until when GitHub wants to be left alone. Going on can get an App banned (6-github-facts, row 11). */
export interface Patience {
  /** ms since the epoch; 0 where nothing was asked for. */
  until(): Promise<number>;
  hold(until: number): Promise<void>;
}

/** Patience of one process. */
export function createPatience(): Patience {
  let latest = 0;
  return {
    until: async () => latest,
    hold: async (until) => {
      latest = Math.max(latest, until);
    },
  };
}

/** A request that was not sent, because GitHub asked for a longer pause than its caller waits; read like GitHub's own 429. */
export class HeldBack extends Error {
  override name = "HeldBack";
  readonly status = 429;
  readonly response: { headers: { "retry-after": string } };

  constructor(ms: number) {
    const seconds = Math.ceil(ms / 1_000);
    super(`GitHub asked for a pause that ends in ${seconds} s; nothing was sent`);
    this.response = { headers: { "retry-after": String(seconds) } };
  }
}
