import { generateKeyPairSync } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ActionsHost } from "./actions.ts";
import { createActions } from "./actions-host.ts";
import { newServerToken, newUserToken } from "./auth.ts";
import { createFaults, type Faults } from "./faults.ts";
import { installHooks } from "./git-http.ts";
import { createLimits, GITHUB_LIMITS, type LimitSettings, type Limits } from "./limits.ts";
import { createPerson, type Person } from "./person.ts";
import type { PushRule } from "./push-rules.ts";
import type { Account, App, Installation, Permissions, Repo, Role } from "./records.ts";
import { addFilesCommit, createRepo, type RepoSpec } from "./repo-setup.ts";
import type { Route } from "./router.ts";
import { actionsRoutes } from "./routes-actions.ts";
import { appRoutes } from "./routes-apps.ts";
import { checkRoutes } from "./routes-checks.ts";
import { commentRoutes } from "./routes-comments.ts";
import { gitRoutes } from "./routes-git.ts";
import { issueRoutes } from "./routes-issues.ts";
import { labelRoutes } from "./routes-labels.ts";
import { pullRoutes } from "./routes-pulls.ts";
import { commitRoutes, repoRoutes, siteRoutes } from "./routes-repos.ts";
import { reviewRoutes } from "./routes-reviews.ts";
import { API_PATH, createHandler, type RequestRecord } from "./serve.ts";
import { createStore, findAccount, findRepo, type Store } from "./store.ts";
import { createWebhooks, type Webhooks } from "./webhooks.ts";
import type { World } from "./world.ts";

/** Every operation the embedded GitHub knows. */
export const ROUTES: readonly Route[] = [
  ...appRoutes,
  ...siteRoutes,
  ...repoRoutes,
  ...gitRoutes,
  ...issueRoutes.filter((one) => !one.template.endsWith("{issue_number}")),
  ...commentRoutes,
  ...issueRoutes.filter((one) => one.template.endsWith("{issue_number}")),
  ...labelRoutes,
  ...reviewRoutes,
  ...pullRoutes,
  ...checkRoutes,
  ...actionsRoutes,
  ...commitRoutes,
];

/** How to start it; everything has a default. */
export interface GitHubOptions {
  /** ms since the epoch; default is the real clock. It rules token expiry, rate limits, all times shown and the Date header. */
  now?: () => number;
  /** Folder for the bare repositories; kept on close when given, else a temporary one. */
  dir?: string;
  port?: number;
  limits?: Partial<LimitSettings>;
}

/** What makes a GitHub App. */
export interface AppSpec {
  slug: string;
  name?: string;
  owner?: string;
  permissions: Permissions;
  events?: string[];
  webhook?: { url: string; secret: string | null };
}

/** A small GitHub on 127.0.0.1. People act through `as(login)`, Apps and runs over the wire. */
export interface EmbeddedGitHub extends AsyncDisposable {
  /** GITHUB_SERVER_URL; git remotes are `<url>/<owner>/<repo>.git`. */
  readonly url: string;
  /** GITHUB_API_URL, Octokit's and Probot's baseUrl: `<url>/api/v3`. */
  readonly apiUrl: string;
  /** GITHUB_GRAPHQL_URL. */
  readonly graphqlUrl: string;
  readonly store: Store;
  readonly faults: Faults;
  readonly limits: Limits;
  readonly webhooks: Webhooks;
  readonly actions: ActionsHost;
  /** Branch protection, rulesets and secret push protection. */
  readonly pushRules: PushRule[];
  /** Every request, oldest first. */
  readonly requests: RequestRecord[];
  addUser(login: string): Account;
  addOrganization(login: string): Account;
  addRepo(spec: RepoSpec): Promise<Repo>;
  /** `none` takes the person out. */
  setRole(repo: Repo, login: string, role: Role | "none"): void;
  addApp(spec: AppSpec): App;
  /** Installs on all repositories of an account, or on some; sends `installation.created`. */
  install(app: App, account: string, options?: { repositories?: Repo[]; permissions?: Permissions }): Installation;
  /** A valid installation token without going over the wire. */
  mintInstallationToken(installation: Installation): string;
  /** Acts as a person; makes the account when it is new. */
  as(login: string): Person;
  /** Commits files on a branch as a person, with the events that a push has. */
  commit(
    repo: Repo,
    commit: { branch?: string; files: Record<string, string | null>; message: string; as?: string },
  ): Promise<string>;
  rename(repo: Repo, name: string): void;
  /** Deletes the repository: everything about it is 404 from now on. */
  remove(repo: Repo): void;
  repo(fullName: string): Repo;
  /** Resolves when no delivery and no event is on its way. */
  settled(): Promise<void>;
  /** Requests that had an effect, by operation. */
  countEffects(operation: string): number;
  close(): Promise<void>;
}

/** Starts the embedded GitHub on a free port of 127.0.0.1. */
export async function startGitHub(options: GitHubOptions = {}): Promise<EmbeddedGitHub> {
  const gitRoot = options.dir ?? (await mkdtemp(join(tmpdir(), "embedded-github-")));
  await mkdir(gitRoot, { recursive: true });
  await installHooks(gitRoot);
  const now = options.now ?? Date.now;
  const store = createStore({ now, gitRoot });
  const { world, settled } = createWorld(store, { ...GITHUB_LIMITS, secondary: null, ...options.limits });
  const requests: RequestRecord[] = [];
  const handler = createHandler(world, ROUTES, requests);
  const server = createServer((incoming, outgoing) => void handler(incoming, outgoing));
  server.keepAliveTimeout = 2000;
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  Object.assign(store.urls, { server: url, api: `${url}${API_PATH}`, graphql: `${url}/api/graphql` });
  const close = async () => {
    await closeServer(server);
    await settled();
    if (options.dir === undefined) await rm(gitRoot, { recursive: true, force: true, maxRetries: 5 });
  };
  return { ...createDoor(world), requests, settled, close, countEffects, [Symbol.asyncDispose]: close };

  function countEffects(operation: string): number {
    return requests.filter((request) => request.operation === operation && request.effective).length;
  }
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function createWorld(store: Store, settings: LimitSettings): { world: World; settled: () => Promise<void> } {
  const pending = new Set<Promise<void>>();
  let line = Promise.resolve();
  const locks = new Map<number, Promise<unknown>>();
  const track = (work: Promise<void>) => {
    const guarded = work.catch((error: unknown) => console.error("embedded GitHub:", error));
    pending.add(guarded);
    void guarded.finally(() => pending.delete(guarded));
  };
  const later = (work: () => Promise<void>) => track(Promise.resolve().then(work));
  const world: World = {
    store,
    faults: createFaults(),
    limits: createLimits(store.now, settings),
    webhooks: createWebhooks(store, later),
    actions: null as never,
    pushRules: [],
    later,
    inOrder: (work) => {
      line = line.then(work, work);
      track(line);
    },
    locked: async (repo, work) => {
      const before = locks.get(repo.id) ?? Promise.resolve();
      const mine = before.then(work, work);
      locks.set(
        repo.id,
        mine.catch(() => {}),
      );
      return mine;
    },
  };
  world.actions = createActions(world);
  const settled = async () => {
    while (pending.size > 0) await Promise.all(pending);
  };
  return { world, settled };
}

function createDoor(world: World) {
  const { store } = world;
  const addAccount = (login: string, type: Account["type"]): Account => {
    const known = findAccount(store, login);
    if (known) return known;
    const account: Account = { kind: "account", id: store.nextId(), login, type, createdAt: store.now() };
    store.accounts.set(account.id, account);
    return account;
  };
  const addUser = (login: string) => addAccount(login, "User");
  return {
    url: store.urls.server,
    apiUrl: store.urls.api,
    graphqlUrl: store.urls.graphql,
    store,
    faults: world.faults,
    limits: world.limits,
    webhooks: world.webhooks,
    actions: world.actions,
    pushRules: world.pushRules,
    addUser,
    addOrganization: (login: string) => addAccount(login, "Organization"),
    addRepo: (spec: RepoSpec) => createRepo(world, spec, addUser),
    setRole: (repo: Repo, login: string, role: Role | "none") => {
      const { id } = addUser(login);
      if (role === "none") repo.roles.delete(id);
      else repo.roles.set(id, role);
    },
    addApp: (spec: AppSpec) => createApp(store, spec, addAccount),
    install: (app: App, login: string, options?: { repositories?: Repo[]; permissions?: Permissions }) =>
      install(world, app, addUser(login), options ?? {}),
    mintInstallationToken: (installation: Installation) => {
      const value = newServerToken(store, installation.appId);
      const { id: installationId, permissions } = installation;
      const expiresAt = store.now() + 3_600_000;
      store.tokens.set(value, {
        kind: "installation",
        value,
        installationId,
        permissions,
        repositoryIds: null,
        expiresAt,
      });
      return value;
    },
    as: (login: string): Person => {
      const account = addUser(login);
      const known = [...store.tokens.values()].find((token) => token.kind === "user" && token.accountId === account.id);
      const value = known?.value ?? newUserToken();
      store.tokens.set(value, {
        kind: "user",
        value,
        accountId: account.id,
        expiresAt: null,
        scopes: ["repo", "workflow"],
      });
      return createPerson(store.urls.api, login, value);
    },
    commit: (
      repo: Repo,
      commit: { branch?: string; files: Record<string, string | null>; message: string; as?: string },
    ) => addFilesCommit(world, repo, commit, addUser),
    rename: (repo: Repo, name: string) => {
      repo.formerNames.push(`${store.accounts.get(repo.ownerId)!.login}/${repo.name}`);
      repo.name = name;
    },
    remove: (repo: Repo) => {
      store.repos.delete(repo.id);
      for (const records of [
        store.issues,
        store.comments,
        store.reviews,
        store.reviewComments,
        store.checkRuns,
        store.suites,
      ]) {
        for (const [id, record] of records) if (record.repoId === repo.id) records.delete(id);
      }
      for (const [id, run] of store.runs) if (run.repo_id === repo.id) store.runs.delete(id);
    },
    repo: (fullName: string): Repo => {
      const [owner, name] = fullName.split("/");
      const repo = findRepo(store, owner!, name!);
      if (!repo) throw new Error(`there is no repository ${fullName}`);
      return repo;
    },
  };
}

function createApp(store: Store, spec: AppSpec, addAccount: (login: string, type: Account["type"]) => Account): App {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const id = store.nextId();
  const app: App = {
    kind: "app",
    id,
    slug: spec.slug,
    name: spec.name ?? spec.slug,
    ownerId: addAccount(spec.owner ?? "baton-makers", "Organization").id,
    botId: addAccount(`${spec.slug}[bot]`, "Bot").id,
    privateKey,
    publicKey,
    clientId: `Iv23li${id.toString(36).padStart(14, "0")}`,
    permissions: spec.permissions,
    events: spec.events ?? [],
    webhook: spec.webhook ?? null,
    createdAt: store.now(),
  };
  store.apps.set(id, app);
  return app;
}

function install(
  world: World,
  app: App,
  account: Account,
  options: { repositories?: Repo[]; permissions?: Permissions },
): Installation {
  const { store } = world;
  const installation: Installation = {
    kind: "installation",
    id: store.nextId(),
    appId: app.id,
    accountId: account.id,
    repositoryIds: options.repositories?.map((repo) => repo.id) ?? null,
    permissions: { ...(options.permissions ?? app.permissions) },
    events: [...app.events],
    suspendedAt: null,
    createdAt: store.now(),
  };
  store.installations.set(installation.id, installation);
  world.webhooks.announce(installation, "created", account);
  return installation;
}
