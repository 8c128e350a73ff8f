import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Door } from "../../src/action/door.ts";
import { openIdentity } from "../../src/action/identity.ts";
import { runPermissions } from "../../src/github/app-token.ts";
import { type EmbeddedGitHub, startGitHub } from "../../src/local/github/start-github.ts";

const minute = 60_000;
let github: EmbeddedGitHub;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  github = await startGitHub();
});
afterEach(async () => {
  await github.close();
  vi.useRealTimers();
});

/** An App with more rights than a run needs, installed on everything of its owner's. */
async function setUp(install = true) {
  github.addOrganization("acme");
  const repo = await github.addRepo({ fullName: "acme/app" });
  const other = await github.addRepo({ fullName: "acme/secret", private: true });
  const permissions = { ...runPermissions, administration: "write", workflows: "write" } as const;
  const { app } = { app: github.addApp({ slug: "own", owner: "acme", permissions, events: [] }) };
  if (install) github.install(app, "acme");
  const inputs = { app_id: String(app.id), app_private_key: app.privateKey, github_token: "ghs_job" };
  const door = { inputs, apiUrl: github.apiUrl, repository: { owner: "acme", repo: "app" } } as unknown as Door;
  const open = async () => await openIdentity(door, new AbortController().signal);
  return { repo, other, open };
}

it("a run mints a token for its own repository alone, with the least rights", async () => {
  const { repo, open } = await setUp();
  await using identity = await open();
  const token = github.store.tokens.get(await identity.token());
  expect(token).toMatchObject({ kind: "installation", permissions: runPermissions, repositoryIds: [repo.id] });
  expect(Object.keys(runPermissions).sort()).toEqual(
    ["actions", "checks", "contents", "issues", "metadata", "pull_requests"].sort(),
  );
  expect(await identity.github.find("/repos/acme/secret")).toBeNull();
  expect(identity).toMatchObject({ startsWorkflows: true, logins: ["own[bot]", "github-actions[bot]"] });
});

it("renews it before its hour is over, so that a run of many hours never meets a dead one", async () => {
  const { open } = await setUp();
  await using identity = await open();
  const seen = new Set<string>();
  for (let at = 0; at < 5 * 60; at += 4) {
    seen.add(await identity.token());
    await identity.github.get("/repos/acme/app");
    vi.setSystemTime(Date.now() + 4 * minute);
  }
  // One for each 55 minutes of five hours.
  expect(seen.size).toBe(6);
  expect(github.requests.filter(({ status }) => status === 401)).toEqual([]);
});

it("revokes all that it minted at the end, also one that was replaced a minute ago", async () => {
  const { open } = await setUp();
  const identity = await open();
  await identity.token();
  vi.setSystemTime(Date.now() + 56 * minute);
  await identity.token();
  const minted = () => [...github.store.tokens.values()].filter(({ kind }) => kind === "installation");
  expect(minted()).toHaveLength(2);
  await identity[Symbol.asyncDispose]();
  expect(minted()).toEqual([]);
});

it("says where the App has to be installed", async () => {
  const { open } = await setUp(false);
  await expect(open()).rejects.toThrow(/The App \d+ is not installed on acme\/app\./);
});
