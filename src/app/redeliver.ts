import { z } from "zod";
import type { IntakeHands } from "../intake/intake-hands.ts";

/** How far back failed deliveries are asked for again: GitHub's own window is three days (6-github-facts, row 4). */
export const redeliverWithinMs = 3 * 24 * 3_600_000;
/** Attempts per delivery, ours and GitHub's first one together. */
export const maxDeliveryAttempts = 5;

const Delivery = z.object({ id: z.int(), guid: z.string(), delivered_at: z.string(), status_code: z.int() });
type Delivery = z.infer<typeof Delivery>;

/** Asks GitHub for failed deliveries again: it never does so by itself (row 2). */
export async function redeliverFailed(hands: IntakeHands): Promise<number> {
  const deliveries = await fetchDeliveries(hands);
  const failed = planRedelivery(deliveries, hands.now());
  for (const id of failed)
    await hands.app.write("POST /app/hook/deliveries/{delivery_id}/attempts", { delivery_id: id });
  return failed.length;
}

/** Ids to deliver again: the newest attempt of each delivery that never succeeded and has attempts left. */
export function planRedelivery(deliveries: readonly Delivery[], now: number): number[] {
  const byGuid = new Map<string, Delivery[]>();
  for (const delivery of deliveries) {
    if (now - Date.parse(delivery.delivered_at) > redeliverWithinMs) continue;
    byGuid.set(delivery.guid, [...(byGuid.get(delivery.guid) ?? []), delivery]);
  }
  return [...byGuid.values()]
    .filter(
      (attempts) =>
        attempts.length < maxDeliveryAttempts &&
        attempts.every(({ status_code }) => status_code < 200 || status_code > 299),
    )
    .map((attempts) => Math.max(...attempts.map(({ id }) => id)));
}

async function fetchDeliveries(hands: IntakeHands): Promise<Delivery[]> {
  const found: Delivery[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < 20; page++) {
    const { data, headers } = await hands.app.get<unknown[]>("/app/hook/deliveries", {
      per_page: 100,
      ...(cursor ? { cursor } : {}),
    });
    for (const value of data) {
      const delivery = Delivery.safeParse(value);
      if (delivery.success) found.push(delivery.data);
    }
    const oldest = found.at(-1);
    cursor = /[?&]cursor=([^&>]+)[^>]*>; rel="next"/.exec(String(headers.link ?? ""))?.[1];
    if (!cursor || (oldest && hands.now() - Date.parse(oldest.delivered_at) > redeliverWithinMs)) break;
  }
  return found;
}
