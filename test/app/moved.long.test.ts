import { afterEach, expect, test } from "vitest";
import { followMove } from "../../src/github/moved.ts";
import { type AppWorld, startAppWorld } from "./embedded-app.ts";

let world: AppWorld;
afterEach(async () => world?.[Symbol.asyncDispose]());

/** Requests of the App that one sweep may make of a repository on which nothing can be done. */
const fewRequests = 30;

/** An issue of a writer with the label and a command, of which no App has heard yet. */
async function prepare(): Promise<number> {
  world = await startAppWorld();
  world.github.webhooks.intercept = () => "hold";
  const wendy = world.github.as("wendy");
  const number = await wendy.openIssue("acme/shop", { title: "T", body: "B" });
  await wendy.label("acme/shop", number, "baton");
  await wendy.comment("acme/shop", number, "/continue");
  await world.github.settled();
  return number;
}

const asked = () => world.github.requests.filter(({ actor }) => actor === "installation").length;
const block = (status: number, path = /^\/repos\/acme\/shop/) =>
  world.github.faults.add({
    match: { path, actor: "installation", times: Number.POSITIVE_INFINITY },
    before: status,
    body: { message: "Repository access blocked" },
  });

test.each<[string, (number: number) => unknown]>([
  ["archived", () => Object.assign(world.repo, { archived: true })],
  ["disabled", () => block(403)],
  ["blocked for legal reasons", () => block(451)],
  ["deleted", () => world.github.remove(world.repo)],
  ["transferred to somebody without the App", () => transfer()],
  ["without issues", () => block(410, /^\/repos\/acme\/shop\/issues/)],
  ["taken from the App", () => world.github.store.installations.clear()],
])("a repository that is %s starts nothing, crashes nothing and costs little", async (_what, happen) => {
  happen(await prepare());
  const before = asked();
  await world.github.webhooks.flush();
  await world.server.idle();
  await world.server.sweepNow();
  const first = asked() - before;
  await world.server.sweepNow();
  expect(world.dispatches(), JSON.stringify(world.lines)).toEqual([]);
  expect(first).toBeLessThan(3 * fewRequests);
  expect(asked() - before - first).toBeLessThanOrEqual(fewRequests);
  expect((await fetch(new URL("/healthz", world.server.url))).status).toBe(200);
});

test("a repository that was renamed after the delivery was sent is worked on under its new name, once", async () => {
  await prepare();
  world.github.rename(world.repo, "store");
  await world.github.webhooks.flush();
  await world.server.idle();
  await world.server.sweepNow();
  const sentOn = world.github.requests.filter(({ status }) => status === 307).map(({ path }) => path);
  expect(sentOn).toContain("/repos/acme/shop/actions/workflows/baton.yml/dispatches");
  expect(new Set(world.dispatches()).size, JSON.stringify(world.lines)).toBe(world.dispatches().length);
  expect(world.dispatches().length).toBeGreaterThan(0);
  const statuses = [...world.github.store.comments.values()].filter(({ body }) => body.startsWith("<!-- baton:status"));
  expect(statuses).toHaveLength(1);
});

test("on a locked issue the App still answers, and starts what a writer asked for", async () => {
  const number = await prepare();
  await world.github.as("acme").request("PUT", `/repos/acme/shop/issues/${number}/lock`, {});
  await world.github.webhooks.flush();
  await world.server.idle();
  expect(world.dispatches().length, JSON.stringify(world.lines)).toBeGreaterThan(0);
});

test("an issue that was moved to another repository starts nothing, here or there", async () => {
  const number = await prepare();
  const other = await world.github.addRepo({ fullName: "acme/other", files: { a: "b" }, roles: { wendy: "write" } });
  const issue = [...world.github.store.issues.values()].find((one) => one.number === number);
  const location = `${world.github.apiUrl}/repos/acme/other/issues/7`;
  if (issue) Object.assign(issue, { repoId: other.id, number: 7 });
  for (const [method, status] of [
    ["GET", 301],
    ["POST", 307],
  ] as const) {
    world.github.faults.add({
      match: { method, path: new RegExp(`^/repos/acme/shop/issues/${number}`), times: Number.POSITIVE_INFINITY },
      before: status,
      headers: { location },
    });
  }
  await world.github.webhooks.flush();
  await world.server.idle();
  await world.server.sweepNow();
  expect(world.dispatches(), JSON.stringify(world.lines)).toEqual([]);
  const written = world.github.requests.filter(({ actor, method }) => actor === "installation" && method !== "GET");
  expect(written.filter(({ path }) => path.startsWith("/repos/acme/other"))).toEqual([]);
});

test.each([
  ["https://api.test/repos/a/b/issues/1/comments", "https://api.test/repositories/9/issues/1/comments", true],
  ["https://ghe.test/api/v3/repos/a/b", "https://ghe.test/api/v3/repos/c/d", true],
  ["https://api.test/repos/a/b/issues/1/comments", "https://api.test/repositories/9/issues/7/comments", false],
  ["https://api.test/repos/a/b/issues/1/comments", "https://evil.test/repos/c/d/issues/1/comments", false],
  ["https://api.test/repos/a/b/issues/1/comments", "https://api.test/user/issues", false],
])("a write to %s that is sent to %s is repeated there: %s", (sent, location, isRepeated) => {
  if (isRepeated) expect(followMove(sent, location)).toBe(location);
  else expect(() => followMove(sent, location)).toThrow("nothing was written");
});

function transfer(): void {
  const { repo, github } = world;
  repo.formerNames.push("acme/shop");
  repo.ownerId = github.addUser("stranger").id;
}
