import { type Actor, authorOf } from "./auth.ts";
import { showAccount } from "./present-account.ts";
import { showRepo } from "./present-repo.ts";
import { accountOf, nodeId, type Store } from "./store.ts";
import type { Happening, World } from "./world.ts";

/** Tells the world what happened: webhooks to every App that listens, and runs of the workflows that wait for it. */
export function emit(world: World, happening: Happening): void {
  const payload = buildPayload(world.store, happening);
  happening.repo.updatedAt = world.store.now();
  world.webhooks.send(happening, payload);
  world.inOrder(() => world.actions.react(happening, payload));
}

function buildPayload(store: Store, { action, repo, actor, payload }: Happening): Record<string, unknown> {
  const owner = accountOf(store, repo.ownerId);
  return {
    ...(action === null ? {} : { action }),
    repository: showRepo(store, repo),
    ...payload,
    ...(owner.type === "Organization" ? { organization: showOrganization(store, owner.id, owner.login) } : {}),
    sender: senderOf(store, actor),
  };
}

/** The `sender` of a payload. */
export function senderOf(store: Store, actor: Actor): Record<string, unknown> {
  return showAccount(store, actor.kind === "anonymous" || actor.kind === "app" ? store.ghost : authorOf(actor));
}

function showOrganization(store: Store, id: number, login: string): Record<string, unknown> {
  const url = `${store.urls.api}/orgs/${login}`;
  return {
    login,
    id,
    node_id: nodeId("O", id),
    url,
    repos_url: `${store.urls.api}/orgs/${login}/repos`,
    events_url: `${url}/events`,
    hooks_url: `${url}/hooks`,
    issues_url: `${url}/issues`,
    members_url: `${url}/members{/member}`,
    public_members_url: `${url}/public_members{/member}`,
    avatar_url: `${store.urls.server}/avatars/u/${id}?v=4`,
    description: "",
  };
}
