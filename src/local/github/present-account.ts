import type { Account, App, Installation } from "./records.ts";
import { accountOf, nodeId, type Store } from "./store.ts";

/** ISO 8601 in whole seconds, as GitHub writes times. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

/** The same for a time that may be missing. */
export function isoTimeOrNull(ms: number | null): string | null {
  return ms === null ? null : isoTime(ms);
}

const PREFIX_OF_TYPE = { User: "U", Bot: "BOT", Organization: "O" } as const;

/** The global id of an account. */
export function accountNodeId(account: Account): string {
  return nodeId(PREFIX_OF_TYPE[account.type], account.id);
}

/** A simple user, as it stands inside everything else. */
export function showAccount(store: Store, account: Account): Record<string, unknown> {
  const { login } = account;
  const url = `${store.urls.api}/users/${encodeURIComponent(login)}`;
  const page = account.type === "Bot" ? `apps/${login.replace("[bot]", "")}` : login;
  return {
    login,
    id: account.id,
    node_id: accountNodeId(account),
    avatar_url: `${store.urls.server}/avatars/u/${account.id}?v=4`,
    gravatar_id: "",
    url,
    html_url: `${store.urls.server}/${page}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: account.type,
    user_view_type: "public",
    site_admin: false,
  };
}

/** The account of an id in the simple form. */
export function showAccountId(store: Store, id: number): Record<string, unknown> {
  return showAccount(store, accountOf(store, id));
}

/** A user with its public profile. */
export function showProfile(store: Store, account: Account): Record<string, unknown> {
  return {
    ...showAccount(store, account),
    name: account.type === "Bot" ? null : account.login,
    company: null,
    blog: "",
    location: null,
    email: null,
    hireable: null,
    bio: null,
    twitter_username: null,
    public_repos: [...store.repos.values()].filter((repo) => repo.ownerId === account.id && !repo.private).length,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: isoTime(account.createdAt),
    updated_at: isoTime(account.createdAt),
  };
}

/** A GitHub App. */
export function showApp(store: Store, app: App): Record<string, unknown> {
  return {
    id: app.id,
    client_id: app.clientId,
    slug: app.slug,
    node_id: nodeId("A", app.id),
    owner: showAccountId(store, app.ownerId),
    name: app.name,
    description: "",
    external_url: `${store.urls.server}/apps/${app.slug}`,
    html_url: `${store.urls.server}/apps/${app.slug}`,
    created_at: isoTime(app.createdAt),
    updated_at: isoTime(app.createdAt),
    permissions: { metadata: "read", ...app.permissions },
    events: [...app.events],
  };
}

/** The App as the short mark `performed_via_github_app`, or null. */
export function showViaApp(store: Store, appId: number | null): Record<string, unknown> | null {
  const app = appId === null ? undefined : store.apps.get(appId);
  return app ? showApp(store, app) : null;
}

/** An installation of an App. */
export function showInstallation(store: Store, installation: Installation): Record<string, unknown> {
  const app = store.apps.get(installation.appId)!;
  const account = accountOf(store, installation.accountId);
  return {
    id: installation.id,
    account: showAccount(store, account),
    repository_selection: installation.repositoryIds === null ? "all" : "selected",
    access_tokens_url: `${store.urls.api}/app/installations/${installation.id}/access_tokens`,
    repositories_url: `${store.urls.api}/installation/repositories`,
    html_url: `${store.urls.server}/settings/installations/${installation.id}`,
    app_id: app.id,
    app_slug: app.slug,
    client_id: app.clientId,
    target_id: account.id,
    target_type: account.type,
    permissions: { metadata: "read", ...installation.permissions },
    events: [...installation.events],
    created_at: isoTime(installation.createdAt),
    updated_at: isoTime(installation.createdAt),
    single_file_name: null,
    has_multiple_single_files: false,
    single_file_paths: [],
    suspended_by: null,
    suspended_at: isoTimeOrNull(installation.suspendedAt),
  };
}
