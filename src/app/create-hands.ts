import { describeError } from "../domain/errors.ts";
import { createAppGitHub, createInstallationTokens, fetchInstallationId } from "../github/app-token.ts";
import { createGitHub, type GitHub } from "../github/client.ts";
import { createMemoryIntents } from "../github/memory-intents.ts";
import type { Patience } from "../github/patience.ts";
import type { BatonIdentity } from "../intake/intake-hands.ts";
import type { AppHands } from "./app-hands.ts";
import { createKeyedLock } from "./keyed-lock.ts";
import type { Redis } from "./redis.ts";
import type { ServeOptions } from "./serve.ts";
import { createSharedPatience } from "./shared-patience.ts";

/**
 * Longest pause in ms that a piece of work sits out when GitHub asks for one: a secondary limit asks for a minute. Longer
 * ones end the work, and the sweep finds it again.
 */
export const longestPauseMs = 90_000;
/** Everything outward that the App uses, for one process. */
export function createHands(options: ServeOptions, timers: Set<NodeJS.Timeout>, redis: Redis | null): AppHands {
  const shared = {
    ...(options.baseUrl ? { baseUrl: options.baseUrl } : {}),
    maxWaitMs: options.longestPauseMs ?? longestPauseMs,
    maxWriteWaitMs: options.longestPauseMs ?? longestPauseMs,
  };
  const patienceOf = (account: string): { patience?: Patience } =>
    redis ? { patience: createSharedPatience(redis, `baton:${options.appId}:${account}`, options.log) } : {};
  const app = createAppGitHub(
    { appId: options.appId, privateKey: options.privateKey },
    { ...shared, ...patienceOf("app") },
  );
  const clients = new Map<number, GitHub>();
  const written = new Set<string>();
  const owners = new Map<string, { id: number | null; at: number }>();
  let identity: Promise<BatonIdentity> | null = null;
  return {
    app,
    workflow: options.workflow,
    log: options.log,
    now: Date.now,
    exclusive: createKeyedLock(),
    intents: (scope) => createMemoryIntents(scope, written),
    identity: () => {
      identity ??= fetchIdentity(app, options.appId).catch((error: unknown) => {
        identity = null;
        throw error;
      });
      return identity;
    },
    installation: (installationId) => {
      const known = clients.get(installationId);
      if (known) return known;
      const tokens = createInstallationTokens(
        app,
        { installationId },
        { revokeWith: (token) => createGitHub({ ...shared, token: async () => token }) },
      );
      const github = createGitHub({ ...shared, ...patienceOf(String(installationId)), token: tokens.token });
      clients.set(installationId, github);
      return github;
    },
    installationOf: async ({ owner, repo }) => {
      const key = `${owner}/${repo}`;
      const known = owners.get(key);
      if (known && Date.now() - known.at < 60_000) return known.id;
      const id = await fetchInstallationId(app, { owner, repo });
      owners.set(key, { id, at: Date.now() });
      return id;
    },
    later: (ms, work) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        work().catch((error: unknown) => options.log({ error: describeError(error) }, "what was put off failed"));
      }, ms);
      timers.add(timer.unref());
    },
  };
}

async function fetchIdentity(app: GitHub, appId: string): Promise<BatonIdentity> {
  const { data } = await app.get<{ id: number; slug: string }>("/app");
  const logins = [`${data.slug}[bot]`, "github-actions[bot]"];
  const ids: number[] = [];
  for (const username of logins) {
    const account = await app.find<{ id: number }>("/users/{username}", { username });
    if (account) ids.push(account.id);
  }
  return { appId: data.id ?? Number(appId), slug: data.slug, logins, ids };
}
