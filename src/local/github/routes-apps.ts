import { type Actor, canSee, newServerToken } from "./auth.ts";
import { isoTime, showApp, showInstallation } from "./present-account.ts";
import { showRepo } from "./present-repo.ts";
import type { App, Delivery, Installation, Permissions, Repo } from "./records.ts";
import { type Context, cutPage, HttpError, invalid, notFound, page, type Route, route } from "./router.ts";
import { findAccount, findRepo, type Store } from "./store.ts";

/** Installation tokens live one hour: generating-an-installation-access-token. */
const TOKEN_MS = 3_600_000;

function appOf(actor: Actor): App {
  if (actor.kind === "app") return actor.app;
  throw new HttpError(401, "A JSON web token could not be decoded");
}

function installationsOf(store: Store, app: App): Installation[] {
  return [...store.installations.values()].filter((installation) => installation.appId === app.id);
}

function installationOf({ world, actor, params }: Context): Installation {
  const installation = world.store.installations.get(Number(params.installation_id));
  if (!installation || installation.appId !== appOf(actor).id) throw notFound();
  return installation;
}

function reposOf(store: Store, installation: Installation, ids: number[] | null): Repo[] {
  return [...store.repos.values()].filter(
    (repo) =>
      repo.ownerId === installation.accountId &&
      (installation.repositoryIds === null || installation.repositoryIds.includes(repo.id)) &&
      (ids === null || ids.includes(repo.id)),
  );
}

const LEVELS: Record<string, number> = { read: 1, write: 2, admin: 3 };

function narrowPermissions(installation: Installation, asked: unknown): Permissions {
  if (asked === undefined || asked === null) return { ...installation.permissions };
  const wanted = Object.entries(asked as Permissions);
  const granted: Permissions = { metadata: "read", ...installation.permissions };
  for (const [scope, level] of wanted) {
    if (!granted[scope] || LEVELS[granted[scope]]! < (LEVELS[level] ?? 9)) {
      throw new HttpError(422, "The permissions requested are not granted to this installation.");
    }
  }
  return Object.fromEntries(wanted);
}

function narrowRepos(context: Context, installation: Installation): number[] | null {
  const names = context.body.repositories as string[] | undefined;
  const ids = context.body.repository_ids as number[] | undefined;
  if (!names && !ids) return null;
  if ((names?.length ?? 0) + (ids?.length ?? 0) > 500) throw invalid("Too many repositories (maximum is 500)");
  const all = reposOf(context.world.store, installation, null);
  const found = all.filter(
    (repo) => names?.some((name) => name.toLowerCase() === repo.name.toLowerCase()) || ids?.includes(repo.id),
  );
  if (found.length < (names?.length ?? 0) + (ids?.length ?? 0)) {
    throw new HttpError(
      422,
      "There is at least one repository that does not exist or is not accessible to the parent installation.",
    );
  }
  return found.map((repo) => repo.id);
}

function createToken(context: Context) {
  const { store } = context.world;
  const installation = installationOf(context);
  if (installation.suspendedAt !== null) throw new HttpError(403, "This installation has been suspended");
  const permissions = narrowPermissions(installation, context.body.permissions);
  const repositoryIds = narrowRepos(context, installation);
  const value = newServerToken(store, installation.appId);
  const expiresAt = store.now() + TOKEN_MS;
  const installationId = installation.id;
  store.tokens.set(value, { kind: "installation", value, installationId, permissions, repositoryIds, expiresAt });
  const selected = repositoryIds !== null || installation.repositoryIds !== null;
  const body = {
    token: value,
    expires_at: isoTime(expiresAt),
    permissions: { metadata: "read", ...permissions },
    repository_selection: selected ? "selected" : "all",
    ...(repositoryIds === null
      ? {}
      : { repositories: reposOf(store, installation, repositoryIds).map((repo) => showRepo(store, repo)) }),
  };
  return { status: 201, body };
}

function showDelivery(delivery: Delivery, whole: boolean): Record<string, unknown> {
  const { payload, headers } = delivery.request;
  return {
    id: delivery.id,
    guid: delivery.guid,
    delivered_at: new Date(delivery.deliveredAt).toISOString(),
    redelivery: delivery.redelivery,
    duration: delivery.duration,
    status: delivery.status,
    status_code: delivery.statusCode,
    event: delivery.event,
    action: delivery.action,
    installation_id: delivery.installationId,
    repository_id: delivery.repositoryId,
    throttled_at: delivery.throttledAt === null ? null : isoTime(delivery.throttledAt),
    ...(whole ? { url: delivery.url, request: { headers, payload }, response: delivery.response } : {}),
  };
}

/** Newest first, by cursor: `GET /app/hook/deliveries` has no page numbers. */
function listDeliveries(context: Context) {
  const { store } = context.world;
  const app = appOf(context.actor);
  const cursor = context.query.get("cursor");
  const perPage = Math.min(100, Number(context.query.get("per_page") ?? 30) || 30);
  const status = context.query.get("status");
  const all = store.deliveries
    .filter((delivery) => delivery.appId === app.id && delivery.status !== "pending")
    .filter((delivery) => status === null || (status === "success") === delivery.statusCode < 300)
    .reverse();
  const from =
    cursor === null
      ? 0
      : Math.max(
          0,
          all.findIndex((delivery) => `v1_${delivery.id}` === cursor),
        );
  const slice = all.slice(from, from + perPage);
  const next = all[from + perPage];
  const url = `${store.urls.api}/app/hook/deliveries?per_page=${perPage}&cursor=v1_${next?.id}`;
  const headers: Record<string, string> = next ? { link: `<${url}>; rel="next"` } : {};
  return { status: 200, body: slice.map((delivery) => showDelivery(delivery, false)), headers };
}

function deliveryOf(context: Context): Delivery {
  const app = appOf(context.actor);
  const id = Number(context.params.delivery_id);
  const delivery = context.world.store.deliveries.find((one) => one.id === id && one.appId === app.id);
  if (!delivery) throw notFound();
  return delivery;
}

function repoInstallation(context: Context) {
  const { store } = context.world;
  const app = appOf(context.actor);
  const repo = findRepo(store, context.params.owner!, context.params.repo!);
  const found = installationsOf(store, app).find(
    (one) =>
      repo && one.accountId === repo.ownerId && (one.repositoryIds === null || one.repositoryIds.includes(repo.id)),
  );
  if (!found) throw notFound();
  return { status: 200, body: showInstallation(store, found) };
}

function accountInstallation(context: Context) {
  const { store } = context.world;
  const account = findAccount(store, (context.params.username ?? context.params.org)!);
  const found = installationsOf(store, appOf(context.actor)).find((one) => one.accountId === account?.id);
  if (!found) throw notFound();
  return { status: 200, body: showInstallation(store, found) };
}

function accessibleRepos(context: Context) {
  const { actor, world } = context;
  if (actor.kind !== "installation" && actor.kind !== "job")
    throw new HttpError(403, "Resource not accessible by integration");
  const repos =
    actor.kind === "installation"
      ? reposOf(world.store, actor.installation, actor.repositoryIds)
      : [...world.store.repos.values()].filter((repo) => actor.repositoryIds.includes(repo.id));
  const visible = repos.filter((repo) => canSee(actor, repo));
  const { slice, headers } = cutPage(context, visible);
  const repositories = slice.map((repo) => showRepo(world.store, repo));
  return { status: 200, headers, body: { total_count: visible.length, repositories } };
}

/** What an App does as itself: its installations, their tokens, its webhook deliveries. */
export const appRoutes: Route[] = [
  route("GET", "/app", "apps/get-authenticated", [], ({ world, actor }) => {
    const app = appOf(actor);
    const body = { ...showApp(world.store, app), installations_count: installationsOf(world.store, app).length };
    return { status: 200, body };
  }),
  route("GET", "/app/installations", "apps/list-installations", [], (context) =>
    page(context, installationsOf(context.world.store, appOf(context.actor)), (one) =>
      showInstallation(context.world.store, one),
    ),
  ),
  route("GET", "/app/installations/{installation_id}", "apps/get-installation", [], (context) => ({
    status: 200,
    body: showInstallation(context.world.store, installationOf(context)),
  })),
  route(
    "POST",
    "/app/installations/{installation_id}/access_tokens",
    "apps/create-installation-access-token",
    [],
    createToken,
  ),
  route("DELETE", "/installation/token", "apps/revoke-installation-access-token", [], ({ world, actor }) => {
    if (actor.kind !== "installation") throw new HttpError(403, "Resource not accessible by integration");
    world.store.tokens.delete(actor.token.value);
    return { status: 204 };
  }),
  route("GET", "/installation/repositories", "apps/list-repos-accessible-to-installation", [], accessibleRepos),
  route("GET", "/repos/{owner}/{repo}/installation", "apps/get-repo-installation", [], repoInstallation),
  route("GET", "/users/{username}/installation", "apps/get-user-installation", [], accountInstallation),
  route("GET", "/orgs/{org}/installation", "apps/get-org-installation", [], accountInstallation),
  route("GET", "/app/hook/deliveries", "apps/list-webhook-deliveries", [], listDeliveries),
  route("GET", "/app/hook/deliveries/{delivery_id}", "apps/get-webhook-delivery", [], (context) => ({
    status: 200,
    body: showDelivery(deliveryOf(context), true),
  })),
  route("POST", "/app/hook/deliveries/{delivery_id}/attempts", "apps/redeliver-webhook-delivery", [], (context) => {
    const delivery = deliveryOf(context);
    context.world.later(async () => void (await context.world.webhooks.redeliver(delivery)));
    return { status: 202, body: {} };
  }),
];
