import { z } from "zod";
import type { Command } from "../domain/command.ts";
import { mayWrite, type PermissionOutcome } from "../domain/permission.ts";
import type { RepositoryName } from "../domain/trigger.ts";
import type { GitHub } from "./client.ts";
import { fetchEditedNodes } from "./fetch-trigger.ts";
import { fetchActorType, fetchPermission } from "./permission.ts";
import { renderVisibleText } from "./visible-text.ts";

/** A command of a person who may steer, never edited. */
export interface InboxItem {
  commentId: number;
  number: number;
  actor: string;
  actorId: number;
  command: Command;
  at: string;
}

export interface InboxSpec {
  repository: RepositoryName;
  /** Issue and pull requests of the session. */
  numbers: readonly number[];
  /** Comments up to this id were read before. */
  after: number;
  /** ISO time before which nothing needs to be read: comments are listed from there. */
  since?: string | null;
  /** The grammar of `triggers/`, on visible text. */
  parse(visible: string): Command | null;
  /** Account ids that are Baton itself. */
  ownIds: readonly number[];
  /** Bots that the policy allows, by id. */
  allowedBots: readonly number[];
}

const Comment = z.object({
  id: z.int(),
  node_id: z.string(),
  body: z.string().nullish(),
  user: z.object({ id: z.int(), login: z.string(), type: z.string() }).nullable(),
  created_at: z.string(),
});
type Comment = z.infer<typeof Comment>;

/**
 * Commands after the cursor in the order of comment ids. Unchanged lists cost no rate limit (ETag); rights are asked for
 * the authors of commands only, and once per call. A comment whose author's right cannot be checked now is left for the
 * next call: nothing after it is returned, so that the cursor never passes it.
 */
export async function fetchInbox(github: GitHub, spec: InboxSpec): Promise<InboxItem[]> {
  const found: { number: number; comment: Comment; command: Command }[] = [];
  for (const number of new Set(spec.numbers)) {
    for (const comment of await fetchComments(github, spec, number)) {
      if (comment.id <= spec.after || !comment.body?.includes("/") || !comment.user) continue;
      if (spec.ownIds.includes(comment.user.id)) continue;
      const command = spec.parse(renderVisibleText(comment.body).text);
      if (command) found.push({ number, comment, command });
    }
  }
  if (found.length === 0) return [];
  found.sort((a, b) => a.comment.id - b.comment.id);
  const edited = await fetchEditedNodes(
    github,
    found.map(({ comment }) => comment.node_id),
  );
  const rights = new Map<number, PermissionOutcome>();
  const items: InboxItem[] = [];
  for (const { number, comment, command } of found) {
    const user = comment.user;
    if (!user || edited.has(comment.node_id)) continue;
    const right = rights.get(user.id) ?? (await fetchRight(github, spec, user));
    rights.set(user.id, right);
    if (right.kind === "unknown") break;
    if (!mayWrite(right)) continue;
    items.push({ commentId: comment.id, number, actor: user.login, actorId: user.id, command, at: comment.created_at });
  }
  return items;
}

async function fetchRight(
  github: GitHub,
  spec: InboxSpec,
  user: { id: number; login: string; type: string },
): Promise<PermissionOutcome> {
  if (user.type !== "User" || user.login.endsWith("[bot]")) {
    return spec.allowedBots.includes(user.id)
      ? { kind: "known", permission: "write", role: "allowed bot" }
      : { kind: "absent", why: "a bot" };
  }
  const type = await fetchActorType(github, user);
  if (type === null) return { kind: "unknown", why: "the account type could not be learnt" };
  if (type !== "User") return { kind: "absent", why: type };
  return fetchPermission(github, spec.repository, user);
}

async function fetchComments(github: GitHub, spec: InboxSpec, number: number): Promise<Comment[]> {
  const since = spec.since ? { since: spec.since } : {};
  const raw = await github.list<unknown>("/repos/{owner}/{repo}/issues/{issue_number}/comments", {
    ...spec.repository,
    issue_number: number,
    ...since,
  });
  return raw.flatMap((value) => {
    const comment = Comment.safeParse(value);
    return comment.success ? [comment.data] : [];
  });
}
