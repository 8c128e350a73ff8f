import type { AppHands } from "./app-hands.ts";
import { handleDelivery } from "./handle.ts";
import type { Receive } from "./index.ts";
import type { Queue } from "./queue.ts";

const rememberedIds = 10_000;

/** Puts deliveries into the queue, keyed by issue, so that one subject is handled in order; a repeated id is dropped unread. */
export function createReceive(hands: AppHands, queue: Queue): Receive {
  // Only an optimisation: what makes a delivery harmless twice is that its effects are found by key.
  const seen = new Set<string>();
  return ({ id, event, payload }) => {
    if (seen.has(id)) return;
    const accepted = queue.push(keyOf(payload), async () => {
      try {
        await handleDelivery(event, payload, hands);
      } catch (error) {
        // So that a redelivery is taken again.
        seen.delete(id);
        throw error;
      }
    });
    if (!accepted) {
      hands.log({ id, event }, "the queue is full; the sweep will find this");
      return;
    }
    seen.add(id);
    if (seen.size > rememberedIds) seen.delete(seen.values().next().value ?? id);
  };
}

function keyOf(payload: unknown): string {
  // JSON's null is a body too.
  const { repository, issue, pull_request } = (payload ?? {}) as {
    repository?: { id?: number };
    issue?: { number?: number };
    pull_request?: { number?: number };
  };
  return `${repository?.id ?? 0}#${issue?.number ?? pull_request?.number ?? 0}`;
}
