import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer } from "../../bench/app/start-app.ts";
import type { AppServer } from "../../src/app/serve.ts";
import type { Delivery } from "../../src/local/github/records.ts";
import { type AppWorld, startAppWorld } from "./embedded-app.ts";

let world: AppWorld;
let second: AppServer;
beforeAll(async () => {
  world = await startAppWorld();
  second = await world.startReplica();
  world.github.webhooks.intercept = () => "hold";
});
afterAll(async () => {
  await second.close();
  await world[Symbol.asyncDispose]();
});

const wendy = () => world.github.as("wendy");

async function post(url: string, { request }: Delivery): Promise<void> {
  await (await fetch(url, { method: "POST", headers: request.headers, body: request.raw })).arrayBuffer();
}

/** Sends what GitHub holds to these Apps at the same time, until nothing new comes of it. */
async function deliverTo(...urls: string[]): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await world.github.settled();
    const held = world.github.webhooks.held.splice(0);
    await Promise.all(held.flatMap((delivery) => urls.map((url) => post(url, delivery))));
    await Promise.all([world.server.idle(), second.idle()]);
  }
}

async function effectsOn(number: number, commentId: number | null) {
  const at = commentId === null ? `issues/${number}` : `issues/comments/${commentId}`;
  const reactions = (await wendy().request("GET", `/repos/acme/shop/${at}/reactions`)).body as { content: string }[];
  const statuses = (await world.comments(number)).filter(({ body }) => body.startsWith("<!-- baton:status"));
  const key = commentId === null ? /^label-/ : new RegExp(`^comment-${commentId}$`);
  return {
    dispatches: world.dispatches().filter((one) => key.test(one)).length,
    statuses: statuses.length,
    reactions: reactions.map(({ content }) => content),
  };
}
const once = { dispatches: 1, statuses: 1, reactions: ["eyes"] };

test("two replicas that get every delivery at the same time have one effect each time", async () => {
  const label = await wendy().openIssue("acme/shop", { title: "T", body: "B" });
  await wendy().label("acme/shop", label, "baton");
  const places: [number, number][] = [];
  for (let round = 0; round < 4; round++) {
    const number = await wendy().openIssue("acme/shop", { title: `T${round}`, body: "B" });
    places.push([number, await wendy().comment("acme/shop", number, "/continue")]);
  }
  await deliverTo(world.server.url, second.url);
  expect(await effectsOn(label, null), JSON.stringify(world.lines)).toEqual(once);
  for (const place of places) expect(await effectsOn(...place)).toEqual(once);
});

test("two sweeps at the same time find what no delivery told of, and start it once", async () => {
  const number = await wendy().openIssue("acme/shop", { title: "T", body: "B" });
  const id = await wendy().comment("acme/shop", number, "/continue");
  world.github.webhooks.held.splice(0);
  await Promise.all([world.server.sweepNow(), second.sweepNow()]);
  await Promise.all([world.server.sweepNow(), second.sweepNow()]);
  expect(await effectsOn(number, id), JSON.stringify(world.lines)).toEqual(once);
});

test("a replica that is killed amid its work is made up for by the other, whatever it had done", async () => {
  const steps = ["issues/create-comment", "reactions/create-for-issue-comment", "actions/create-workflow-dispatch"];
  const places: [number, number][] = [];
  for (const _ of steps) {
    const number = await wendy().openIssue("acme/shop", { title: "T", body: "B" });
    places.push([number, await wendy().comment("acme/shop", number, "/continue")]);
  }
  await world.github.settled();
  // Each takes place, but the replica never hears of it: of three commands one is stopped at each.
  const faults = steps.map((operation) => world.github.faults.add({ match: { operation }, after: "timeout" }));
  await using victim = await startServer(world.order);
  await Promise.all(world.github.webhooks.held.splice(0).map((delivery) => post(victim.url, delivery)));
  await expect.poll(() => faults.map(({ hits }) => hits), { timeout: 14_000 }).toEqual([1, 1, 1]);
  await victim.kill();
  await second.sweepNow();
  for (const place of places) expect(await effectsOn(...place), JSON.stringify(world.lines)).toEqual(once);
});
