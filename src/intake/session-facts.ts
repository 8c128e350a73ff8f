import type { SessionKey } from "../domain/session-key.ts";
import { fallbackSessionRefOf, sessionRefOf } from "../domain/session-key.ts";
import type { State } from "../domain/state.ts";
import type { RepositoryName } from "../domain/trigger.ts";
import type { GitHub } from "../github/client.ts";
import { isRunAlive } from "../github/runs.ts";
import { blobPathOf } from "../session/blobs.ts";
import { listOutsourced, readStateFile } from "../session/state-file.ts";

/** Paths of the state in the tree of a checkpoint: by itself, or as the work tree carries it. */
const statePaths = (session: SessionKey) => [`session/state.json`, `work/.baton/${session}/state.json`];

/** What the App knows of a session: read from GitHub each time, never kept. */
export interface SessionFacts {
  exists: boolean;
  /** null when there is no session, or its state cannot be read by this version. */
  state: State | null;
}

/** Reads a session's state from its newest checkpoint. */
export async function loadSessionFacts(
  github: GitHub,
  repository: RepositoryName,
  session: SessionKey,
): Promise<SessionFacts> {
  const sha =
    (await findRef(github, repository, sessionRefOf(session))) ??
    (await findRef(github, repository, fallbackSessionRefOf(session)));
  if (!sha) return { exists: false, state: null };
  for (const path of statePaths(session)) {
    const text = await loadText(github, repository, sha, path);
    const state = text === null ? null : await readState(github, repository, sha, text);
    if (state?.session === session) return { exists: true, state };
  }
  return { exists: true, state: null };
}

/** Sessions that have a ref in the repository, those included whose checkpoints went to the fallback branch. */
export async function listSessions(github: GitHub, repository: RepositoryName): Promise<string[]> {
  const [own, fallback] = await Promise.all(
    ["baton/", "heads/baton-session/"].map((prefix) => listRefsBelow(github, repository, prefix)),
  );
  return [...new Set([...own!, ...fallback!])];
}

/** Names of the refs below a prefix without `refs/`, without that prefix. */
export async function listRefsBelow(github: GitHub, repository: RepositoryName, prefix: string): Promise<string[]> {
  const path = "/repos/{owner}/{repo}/git/matching-refs/{+ref}";
  const refs = await github.list<{ ref?: string }>(path, { ...repository, ref: prefix });
  const whole = `refs/${prefix}`;
  return refs.flatMap(({ ref }) => (ref?.startsWith(whole) ? [ref.slice(whole.length)] : []));
}

/**
 * Whether the state says that a run is under way, and whether GitHub agrees. `ending`: it reads no commands any more, but
 * is still telling its end; `over`: it died, either amid the work or before people were told how it ended.
 */
export async function fetchRunCondition(
  github: GitHub,
  repository: RepositoryName,
  state: State | null,
): Promise<"none" | "alive" | "ending" | "over"> {
  const run = state?.runs.at(-1);
  if (!run || isClosed(run)) return "none";
  if (!(await isRunAlive(github, repository, run.run_id, run.run_attempt))) return "over";
  return run.stop_reason === null ? "alive" : "ending";
}

/** Whether a run came to its end and people were told. */
export function isClosed(run: State["runs"][number]): boolean {
  return run.stop_reason !== null && run.closed !== false;
}

/** Commit of a ref by its full name, or null. */
export async function findRef(github: GitHub, repository: RepositoryName, ref: string): Promise<string | null> {
  const found = await github.find<{ object?: { sha?: string } }>("/repos/{owner}/{repo}/git/ref/{+ref}", {
    ...repository,
    ref: ref.replace(/^refs\//, ""),
  });
  return found?.object?.sha ?? null;
}

/** A state file as text; what was too long for it lies beside it in the checkpoint. */
async function readState(github: GitHub, repository: RepositoryName, ref: string, text: string): Promise<State | null> {
  try {
    const ids = listOutsourced(JSON.parse(text));
    const parts = new Map<string, string>();
    for (const id of ids) {
      const part = await loadText(github, repository, ref, `session/${blobPathOf(id)}`);
      if (part !== null) parts.set(id, part);
      if (part !== null)
        for (const inner of part.startsWith("{") ? listOutsourced(JSON.parse(part)) : []) ids.add(inner);
    }
    return readStateFile(text, (id) => parts.get(id) ?? null);
  } catch {
    return null;
  }
}

/** A text file at a commit, or null where there is none or it is too long for the contents API (1 MB). */
export async function loadText(
  github: GitHub,
  repository: RepositoryName,
  ref: string,
  path: string,
): Promise<string | null> {
  const found = await github.find<{ content?: string; encoding?: string }>("/repos/{owner}/{repo}/contents/{+path}", {
    ...repository,
    path,
    ref,
  });
  return found?.content && found.encoding === "base64" ? Buffer.from(found.content, "base64").toString("utf8") : null;
}
