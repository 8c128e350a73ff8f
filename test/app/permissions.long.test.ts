import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { appPermissions } from "../../bench/app/stage.ts";
import { ensureCheckRun } from "../../src/github/check-run.ts";
import { createGitHub } from "../../src/github/client.ts";
import { noIntentLog } from "../../src/github/ensure-once.ts";
import type { Permissions } from "../../src/local/github/records.ts";
import { startAppWorld } from "./embedded-app.ts";

/** What the App gets done with these permissions: installed on a repository without a policy, then a writer's label. */
async function play(permissions: Permissions) {
  await using world = await startAppWorld({ policy: null, permissions });
  const wendy = world.github.as("wendy");
  const pulls = (await wendy.request("GET", "/repos/acme/shop/pulls")).body as unknown[];
  const number = await wendy.openIssue("acme/shop", { title: "T", body: "B" });
  await wendy.label("acme/shop", number, "baton");
  await world.settled();
  const comments = await world.comments(number);
  return {
    onboarding: pulls.length,
    started: world.dispatches().length,
    said: comments.length,
    checks: await check(world),
    text: comments[0]?.body ?? "",
  };
}

async function check(world: Awaited<ReturnType<typeof startAppWorld>>): Promise<number> {
  const installation = [...world.github.store.installations.values()][0];
  if (!installation) return 0;
  const token = world.github.mintInstallationToken(installation);
  const github = createGitHub({ baseUrl: world.github.apiUrl, token: async () => token });
  const { object } = (await world.github.as("wendy").request("GET", "/repos/acme/shop/git/ref/heads/main")).body;
  const words = { name: "Baton", externalId: "issue-1", title: "T", summary: "S", text: "", conclusion: null };
  const spec = { repository: { owner: "acme", repo: "shop" }, sha: object.sha, ...words, log: noIntentLog };
  return await ensureCheckRun(github, spec).then(
    () => 1,
    () => 0,
  );
}

test("the permissions played with are those of app.yml", () => {
  const { default_permissions } = parse(readFileSync("app.yml", "utf8")) as { default_permissions: Permissions };
  expect(appPermissions).toEqual(default_permissions);
});

test("with all permissions a repository is set up, a run is started, told of and checked", async () => {
  expect(await play(appPermissions)).toMatchObject({ onboarding: 1, started: 1, said: 1, checks: 1 });
});

// `metadata: read` is the one that GitHub gives to every App and lets nobody take away.
test.each([
  ["actions", { started: 0 }],
  ["checks", { checks: 0 }],
  ["contents", { onboarding: 0 }],
  ["issues", { started: 0, said: 0 }],
  ["pull_requests", { onboarding: 0 }],
])("without the permission %s something of this fails", async (name, missing) => {
  const { [name]: removed, ...rest } = appPermissions;
  expect(removed).toBe("write");
  const done = await play(rest);
  expect(done).toMatchObject(missing);
  if (name === "actions") expect(done.text).toContain("Actions: write");
});
