import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, ProtocolError } from "../domain/errors.ts";
import type { Event } from "../domain/event.ts";
import { SessionKey } from "../domain/session-key.ts";
import type { State } from "../domain/state.ts";
import { type GitStore, openStore } from "../git/store.ts";
import { withoutBaton } from "../run/tree.ts";
import { makeScratch } from "../sandbox/scratch.ts";
import { createDiskFiles } from "../session/files.ts";
import { restoreSession } from "../session/restore.ts";
import { findRepository, type RepositoryPlace } from "./local-place.ts";

/** A session as its last checkpoint has it. */
export interface SavedSession {
  key: SessionKey;
  /** Ref that holds its checkpoints. */
  ref: string;
  state: State;
  /** Empty when the journal was damaged and the state file had to do. */
  events: readonly Event[];
  problems: readonly string[];
  /** Head of the work branch as it stands in the repository now; null when there is none. */
  head: { commit: string; tree: string; author: string } | null;
}

/** The sessions of a repository, read from its refs; nothing is written to the repository. */
export interface SessionShelf extends AsyncDisposable {
  readonly place: RepositoryPlace;
  readonly store: GitStore;
  keys(): Promise<SessionKey[]>;
  /** Throws ConfigError when there is no such session, ProtocolError when its checkpoint cannot be used. */
  load(key: SessionKey): Promise<SavedSession>;
}

/** Where sessions lie: their own refs, and where checkpoints go when a server refuses those. */
const patterns = ["refs/baton/*", "refs/heads/baton-session/*"];

/** Opens the sessions of the repository at a path. */
export async function openSessionShelf(repo: string): Promise<SessionShelf> {
  const place = await findRepository(repo);
  const dir = makeScratch("baton-shelf-");
  const store = await openStore({ dir: join(dir, "store.git"), remote: { url: place.root } });
  const keys = async (): Promise<SessionKey[]> => {
    const names = [...(await store.lsRemote(patterns)).keys()].map((ref) => ref.slice(ref.lastIndexOf("/") + 1));
    return [...new Set(names)].flatMap((name) => SessionKey.safeParse(name).data ?? []).sort();
  };
  const load = async (key: SessionKey): Promise<SavedSession> => {
    const found = await restoreSession(store, createDiskFiles(), key, join(dir, key));
    if (!found) throw noSuchSession(key, await keys(), place.root);
    const { state, events, problems } = found.restored;
    if (!state) throw new ProtocolError(`${found.remote.ref} holds no state.`, { source: found.remote.ref });
    return { key, ref: found.remote.ref, state, events, problems, head: await readHead(store, state.branch) };
  };
  return {
    place,
    store,
    keys,
    load,
    async [Symbol.asyncDispose]() {
      store.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** The mistake of naming a session that is not there: says which are. */
export function noSuchSession(name: string, keys: readonly string[], root: string): ConfigError {
  const found = keys.length > 0 ? `there are: ${keys.join(", ")}` : "there is none";
  return new ConfigError(`There is no session ${JSON.stringify(name)} in ${root}; ${found}.`, {
    hint:
      keys.length > 0
        ? "Name one of these, or another repository with --repo PATH."
        : 'Name its repository with --repo PATH, or start one with `baton run`; those of GitHub come with `git fetch origin "refs/baton/*:refs/baton/*"`.',
  });
}

/** A session key as a person typed it. Throws ConfigError. */
export function readSessionKey(text: string): SessionKey {
  const parsed = SessionKey.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new ConfigError(
    `${JSON.stringify(text)} is no session key; allowed are issue-12, pr-34, task-1a2b3c4d, maintenance-<playbook>-<yyyymmdd>.`,
    { hint: "`baton status` lists the sessions of a repository." },
  );
}

async function readHead(store: GitStore, branch: string): Promise<SavedSession["head"]> {
  const ref = `refs/heads/${branch}`;
  const commit = (await store.lsRemote([ref])).get(ref);
  if (!commit) return null;
  await store.fetch([ref]);
  const author = (await store.log(null, commit, 1))[0]?.author;
  return { commit, tree: await withoutBaton(store, await store.treeOf(commit)), author: author?.name ?? "unknown" };
}
