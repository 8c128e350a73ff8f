import type { ActionsServer } from "./actions-host.ts";
import type { Actor } from "./auth.ts";
import type { Faults } from "./faults.ts";
import type { Limits } from "./limits.ts";
import type { PushRule } from "./push-rules.ts";
import type { Repo } from "./records.ts";
import type { Store } from "./store.ts";
import type { Webhooks } from "./webhooks.ts";

/** All parts of the embedded GitHub, as handlers see them. */
export interface World {
  store: Store;
  faults: Faults;
  limits: Limits;
  webhooks: Webhooks;
  actions: ActionsServer;
  pushRules: PushRule[];
  /** Runs something after the answer; `settled()` of the server waits for it. */
  later(work: () => Promise<void>): void;
  /** The same, one after the other in the order of the calls. */
  inOrder(work: () => Promise<void>): void;
  /** One change of a repository's refs at a time. */
  locked<T>(repo: Repo, work: () => Promise<T>): Promise<T>;
}

/** Something that happened, on its way to webhooks and workflows. */
export interface Happening {
  /** Webhook event name, e.g. `issues`. */
  event: string;
  action: string | null;
  repo: Repo;
  actor: Actor;
  /** All of the payload but action, repository, sender, installation. */
  payload: Record<string, unknown>;
}
