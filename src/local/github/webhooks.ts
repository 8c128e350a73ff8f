import { createHmac, randomUUID } from "node:crypto";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { showAccount, showInstallation } from "./present-account.ts";
import type { Account, App, Delivery, Installation } from "./records.ts";
import { fullName, nodeId, type Store } from "./store.ts";
import type { Happening } from "./world.ts";

/** GitHub cuts a delivery that is not answered within 10 s: best-practices-for-using-webhooks. */
const CUT_MS = 10_000;
/** Payloads above 25 MB are not sent at all. */
const MAX_PAYLOAD_BYTES = 25 * 1024 * 1024;

/** What a test may decide about a delivery before its first attempt. */
export type Interception = "deliver" | "drop" | "hold";

export interface Webhooks {
  /** ms after which an unanswered delivery is cut and counts as failed. */
  cutMs: number;
  /** Asked before each first attempt; null delivers all. A dropped one is in no list, as if GitHub had lost it. */
  intercept: ((delivery: Delivery) => Interception) | null;
  /** Deliveries that were held, oldest first. */
  readonly held: Delivery[];
  /** Sends what was held, in the order that `order` makes of it. */
  flush(order?: (held: Delivery[]) => Delivery[]): Promise<void>;
  send(happening: Happening, payload: Record<string, unknown>): void;
  /** `installation.*`: only the App itself gets it. */
  announce(installation: Installation, action: string, sender: Account): void;
  /** One more attempt with the same guid. */
  redeliver(delivery: Delivery): Promise<Delivery>;
}

/** Makes the sender; `later` runs a delivery in the background. */
export function createWebhooks(store: Store, later: (work: () => Promise<void>) => void): Webhooks {
  const held: Delivery[] = [];
  const attempt = async (delivery: Delivery) => {
    store.deliveries.push(delivery);
    await deliver(store, delivery, webhooks.cutMs);
  };
  const dispatch = (delivery: Delivery) => {
    if (Buffer.byteLength(delivery.request.raw) > MAX_PAYLOAD_BYTES) return;
    const decision = webhooks.intercept?.(delivery) ?? "deliver";
    if (decision === "hold") held.push(delivery);
    if (decision === "deliver") later(() => attempt(delivery));
  };
  const webhooks: Webhooks = {
    cutMs: CUT_MS,
    intercept: null,
    held,
    flush: async (order = (all) => all) => {
      const waiting = order(held.splice(0));
      for (const delivery of waiting) await attempt(delivery);
    },
    send: (happening, payload) => {
      for (const installation of listeners(store, happening)) {
        const app = store.apps.get(installation.appId)!;
        const body = { ...payload, installation: { id: installation.id, node_id: nodeId("IN", installation.id) } };
        dispatch(newDelivery(store, app, happening.event, happening.action, installation, happening.repo.id, body));
      }
    },
    announce: (installation, action, sender) => {
      const app = store.apps.get(installation.appId)!;
      if (!app.webhook) return;
      const covered = [...store.repos.values()].filter(
        (repo) =>
          repo.ownerId === installation.accountId &&
          (installation.repositoryIds === null || installation.repositoryIds.includes(repo.id)),
      );
      const repositories = covered.map((repo) => ({
        id: repo.id,
        node_id: nodeId("R", repo.id),
        name: repo.name,
        full_name: fullName(store, repo),
        private: repo.private,
      }));
      const shown = showInstallation(store, installation);
      const body = { action, installation: shown, repositories, requester: null, sender: showAccount(store, sender) };
      dispatch(newDelivery(store, app, "installation", action, installation, null, body));
    },
    redeliver: async (delivery) => {
      const again: Delivery = {
        ...delivery,
        id: store.nextId(),
        redelivery: true,
        deliveredAt: store.now(),
        response: { headers: {}, payload: "" },
      };
      await attempt(again);
      return again;
    },
  };
  return webhooks;
}

function listeners(store: Store, { event, repo }: Happening): Installation[] {
  return [...store.installations.values()].filter((installation) => {
    const app = store.apps.get(installation.appId);
    if (!app?.webhook || installation.suspendedAt !== null || installation.accountId !== repo.ownerId) return false;
    if (installation.repositoryIds !== null && !installation.repositoryIds.includes(repo.id)) return false;
    return installation.events.includes(event);
  });
}

function newDelivery(
  store: Store,
  app: App,
  event: string,
  action: string | null,
  installation: Installation,
  repositoryId: number | null,
  payload: Record<string, unknown>,
): Delivery {
  const webhook = app.webhook!;
  const raw = JSON.stringify(payload);
  const guid = randomUUID();
  const headers: Record<string, string> = {
    "content-type": "application/json",
    "user-agent": "GitHub-Hookshot/embedded",
    "x-github-delivery": guid,
    "x-github-event": event,
    "x-github-hook-id": String(app.id),
    "x-github-hook-installation-target-id": String(app.id),
    "x-github-hook-installation-target-type": "integration",
  };
  if (webhook.secret !== null) {
    headers["x-hub-signature-256"] = `sha256=${createHmac("sha256", webhook.secret).update(raw).digest("hex")}`;
    headers["x-hub-signature"] = `sha1=${createHmac("sha1", webhook.secret).update(raw).digest("hex")}`;
  }
  return {
    kind: "delivery",
    id: store.nextId(),
    guid,
    appId: app.id,
    event,
    action,
    installationId: installation.id,
    repositoryId,
    redelivery: false,
    deliveredAt: store.now(),
    throttledAt: null,
    duration: 0,
    status: "pending",
    statusCode: 0,
    url: webhook.url,
    request: { headers, payload: JSON.parse(raw), raw },
    response: { headers: {}, payload: "" },
  };
}

/** One attempt: writes status and answer into the record, never throws. */
async function deliver(store: Store, delivery: Delivery, cutMs: number): Promise<void> {
  const url = store.apps.get(delivery.appId)?.webhook?.url ?? delivery.url;
  delivery.url = url;
  delivery.deliveredAt = store.now();
  const started = performance.now();
  try {
    const { status, headers, body } = await post(url, delivery.request.headers, delivery.request.raw, cutMs);
    delivery.statusCode = status;
    delivery.status = status >= 200 && status < 300 ? "OK" : `Invalid HTTP Response: ${status}`;
    delivery.response = { headers, payload: body };
  } catch (error) {
    delivery.statusCode = error instanceof Error && error.message === "cut" ? 504 : 502;
    delivery.status = delivery.statusCode === 504 ? "timed out" : "failed to connect to host";
  }
  delivery.duration = Math.round((performance.now() - started) / 10) / 100;
}

function post(
  url: string,
  headers: Record<string, string>,
  raw: string,
  cutMs: number,
): Promise<{ status: number; headers: Record<string, string>; body: string }> {
  return new Promise((resolve, reject) => {
    const length = String(Buffer.byteLength(raw));
    const outgoing = httpRequest(url, {
      method: "POST",
      headers: { ...headers, "content-length": length },
      agent: false,
    });
    const timer = setTimeout(() => outgoing.destroy(new Error("cut")), cutMs);
    outgoing.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    outgoing.on("response", (incoming: IncomingMessage) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk) => chunks.push(chunk));
      incoming.on("error", reject);
      incoming.on("close", () => {
        clearTimeout(timer);
        const flat = Object.entries(incoming.headers).map(([key, value]) => [key, String(value)]);
        const body = Buffer.concat(chunks).toString("utf8");
        resolve({ status: incoming.statusCode ?? 0, headers: Object.fromEntries(flat), body });
      });
    });
    outgoing.end(raw);
  });
}
