import { createHmac, randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import { openStage, stageSecret, stageWorkflow } from "./stage.ts";
import { type ServerProcess, startServer } from "./start-app.ts";

export interface AckResult {
  perSecond: number;
  floorPerSecond: number;
  /** ms from the first byte sent to the answer, at 200 deliveries a second while GitHub answers 503. */
  outageMs: number[];
  floorMs: number[];
  /** Share of the deliveries in the outage that were answered 2xx. */
  taken: number;
  peakMegabytes: number;
}

/** How fast the App acknowledges: as fast as it can, and at a steady rate during an outage of GitHub; a bare server beside it. */
export async function measureAcks(options: { burst: number; outageSeconds: number }): Promise<AckResult> {
  const { github, repo, app, pointAt } = await openStage();
  const order = {
    appId: String(app.id),
    privateKey: app.privateKey,
    webhookSecret: stageSecret,
    baseUrl: github.apiUrl,
    workflow: stageWorkflow,
    port: 0,
  };
  const server = await startServer({ ...order, kind: "app" });
  const floor = await startServer({ ...order, kind: "floor" });
  try {
    pointAt(server.url);
    github.install(app, "acme", { repositories: [repo] });
    const wendy = github.as("wendy");
    const number = await wendy.openIssue("acme/shop", { title: "T", body: "B" });
    github.webhooks.intercept = () => "hold";
    await wendy.comment("acme/shop", number, "What a pity. ".repeat(40));
    await wendy.comment("acme/shop", number, "/continue");
    await github.settled();
    const [talk, command] = github.webhooks.held.map((delivery) => delivery.request);
    if (!talk || !command) throw new Error("the comments were not delivered");
    const floorPerSecond = await burst(floor, talk, options.burst);
    const perSecond = await burst(server, talk, options.burst);
    github.faults.down();
    const floorMs = (await steady(floor, command, options.outageSeconds)).map(({ ms }) => ms);
    const answers = await steady(server, command, options.outageSeconds);
    return {
      perSecond,
      floorPerSecond,
      outageMs: answers.map(({ ms }) => ms),
      floorMs,
      taken: answers.filter(({ status }) => status >= 200 && status < 300).length / answers.length,
      peakMegabytes: (await server.peakBytes()) / 1024 ** 2,
    };
  } finally {
    await Promise.all([server.kill(), floor.kill()]);
    await github.close();
  }
}

interface Sent {
  headers: Record<string, string>;
  raw: string;
}

async function burst(server: ServerProcess, sent: Sent, count: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  for (let warm = 0; warm < 200; warm++) await post(server.url, sent, agent);
  const started = performance.now();
  let left = count;
  await Promise.all(
    Array.from({ length: 32 }, async () => {
      while (left-- > 0) await post(server.url, sent, agent);
    }),
  );
  agent.destroy();
  return count / ((performance.now() - started) / 1_000);
}

/** 200 deliveries a second, each at its time whether or not the ones before it were answered. */
async function steady(server: ServerProcess, sent: Sent, seconds: number): Promise<{ ms: number; status: number }[]> {
  const agent = new Agent({ keepAlive: true });
  const started = performance.now();
  const all: Promise<{ ms: number; status: number }>[] = [];
  for (let at = 0; at < seconds * 200; at++) {
    const wait = started + at * 5 - performance.now();
    if (wait > 1) await new Promise((done) => setTimeout(done, wait));
    all.push(post(server.url, sent, agent));
  }
  const answers = await Promise.all(all);
  agent.destroy();
  return answers;
}

function post(url: string, { headers, raw }: Sent, agent: Agent): Promise<{ ms: number; status: number }> {
  const signature = `sha256=${createHmac("sha256", stageSecret).update(raw).digest("hex")}`;
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      method: "POST",
      agent,
      headers: {
        ...headers,
        "content-length": String(Buffer.byteLength(raw)),
        "x-github-delivery": randomUUID(),
        "x-hub-signature-256": signature,
      },
    });
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => {
      incoming.resume();
      incoming.on("end", () => resolve({ ms: performance.now() - started, status: incoming.statusCode ?? 0 }));
    });
    outgoing.end(raw);
  });
}
