import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { AppServer } from "../../src/app/serve.ts";
import { type AppWorld, startAppWorld } from "./embedded-app.ts";

let world: AppWorld;
/** An App that sits out no pause of more than half a second. */
let hasty: AppServer;
let redis: Awaited<ReturnType<typeof startRedis>>;
beforeAll(async () => {
  world = await startAppWorld();
  redis = await startRedis();
  hasty = await world.startReplica({ longestPauseMs: 500, redisUrl: redis.url });
});
afterAll(async () => {
  await hasty.close();
  await redis.close();
  await world[Symbol.asyncDispose]();
});
let number: number;
beforeEach(async () => {
  number = await world.github.as("wendy").openIssue("acme/shop", { title: "T", body: "B" });
});

const statuses = async () =>
  (await world.comments(number)).filter(({ body }) => body.startsWith("<!-- baton:status")).length;
const rung = (id: number) => world.dispatches().filter((key) => key === `comment-${id}`).length;
const asked = () => world.github.requests.filter(({ actor }) => actor === "installation").length;

test.each([
  "repos/get-collaborator-permission-level",
  "issues/create-comment",
  "reactions/create-for-issue-comment",
  "actions/create-workflow-dispatch",
])("a secondary limit at %s is waited out, and the effect is one", async (operation) => {
  const fault = world.github.faults.add({
    match: { operation, actor: "installation" },
    before: 403,
    headers: { "retry-after": "1" },
    body: { message: "You have exceeded a secondary rate limit." },
  });
  const id = await world.github.as("wendy").comment("acme/shop", number, "/continue");
  await world.settled();
  expect([fault.hits, rung(id), await statuses()], JSON.stringify(world.lines)).toEqual([1, 1, 1]);
});

test("while the hour's requests are used up nothing is sent, by no replica; then the sweep starts what waited, once", async () => {
  const other = await world.startReplica({ longestPauseMs: 500, redisUrl: redis.url });
  try {
    const [installation] = [...world.github.store.installations.values()];
    await world.server.close();
    world.github.webhooks.intercept = () => "drop";
    const id = await world.github.as("wendy").comment("acme/shop", number, "/continue");
    world.github.limits.exhaust(`installation-${installation?.id}`, Date.now() + 2_000);
    const before = asked();
    await hasty.sweepNow();
    const refused = asked() - before;
    await hasty.sweepNow();
    await other.sweepNow();
    // Answers that were on their way together; not one request after the first refusal was heard.
    expect(refused).toBeLessThanOrEqual(2);
    expect(asked() - before).toBe(refused);
    expect(rung(id)).toBe(0);
    await expect.poll(() => redis.values.size, { timeout: 6_000 }).toBe(0);
    await Promise.all([hasty.sweepNow(), other.sweepNow()]);
    expect([rung(id), await statuses()], JSON.stringify(world.lines)).toEqual([1, 1]);
  } finally {
    await other.close();
  }
});

test("a Redis that hangs or goes away costs nothing but the sharing, and is said once", async () => {
  redis.hang();
  await hasty.sweepNow();
  redis.drop();
  const before = world.lines.length;
  await hasty.sweepNow();
  await hasty.sweepNow();
  const said = world.lines.slice(before).filter(({ text }) => /Redis does not answer/.test(String(text)));
  expect(said.length).toBeLessThanOrEqual(2);
  expect(world.lines.slice(before).filter(({ text }) => /could not finish/.test(String(text)))).toEqual([]);
});

test("an address that is no Redis is named before anything listens, without its password", async () => {
  for (const redisUrl of ["localhost:6379", "http://h/", "redis://h/x"])
    await expect(world.startReplica({ redisUrl })).rejects.toThrow("REDIS_URL is no address");
  const wrong = world.startReplica({ redisUrl: "redis://:hunter2@127.0.0.1:1" });
  await expect(wrong).rejects.toThrow(/^Redis at 127\.0\.0\.1:1 does not answer/);
  await expect(wrong).rejects.not.toThrow("hunter2");
});

test("a port that is taken is named, and deliveries that are refused are told of, once in a while", async () => {
  const port = Number(new URL(hasty.url).port);
  await expect(world.startReplica({ port })).rejects.toThrow(`cannot listen on 127.0.0.1:${port}: something else`);
  const headers = { "content-type": "application/json", "x-github-event": "issues", "x-github-delivery": "1" };
  const wrong = { ...headers, "x-hub-signature-256": `sha256=${"0".repeat(64)}` };
  for (let count = 0; count < 3; count++)
    expect((await fetch(hasty.url, { method: "POST", headers: wrong, body: "{}" })).status).toBe(400);
  const told = world.lines.filter(({ text }) => /WEBHOOK_SECRET/.test(String(text)));
  expect(told).toMatchObject([{ status: 400, event: "issues", delivery: "1" }]);
});

/** As much of a Redis as the App asks of it. */
async function startRedis() {
  const values = new Map<string, string>();
  const sockets = new Set<Socket>();
  let hangs = false;
  const server: Server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    socket.on("data", (chunk) => {
      for (const command of chunk.toString().split(/(?=\*\d+\r\n)/)) {
        const [name, key = "", value = "", , ms] = [...command.matchAll(/\$\d+\r\n(.*)\r\n/g)].map(([, word]) => word!);
        if (name === "SET") {
          values.set(key, value);
          setTimeout(() => values.delete(key), Number(ms)).unref();
        }
        if (hangs) return;
        const found = values.get(key);
        if (name === "GET") socket.write(found === undefined ? "$-1\r\n" : `$${found.length}\r\n${found}\r\n`);
        else socket.write("+OK\r\n");
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const drop = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    values,
    drop,
    hang: () => {
      hangs = true;
    },
    close: async () => drop(),
  };
}
