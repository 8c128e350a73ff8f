import { z } from "zod";
import { type Command, type CommandPlace, commandHeadLength, commandKeyOf } from "../domain/command.ts";
import { mayWrite, type PermissionOutcome } from "../domain/permission.ts";
import type { State } from "../domain/state.ts";
import type { RepositoryName } from "../domain/trigger.ts";
import type { GitHub } from "./client.ts";
import { fetchEditedNodes } from "./fetch-trigger.ts";
import { fetchActorType, fetchPermission } from "./permission.ts";
import { fetchReviewWords } from "./review-words.ts";
import { renderVisibleText } from "./visible-text.ts";

/** A command of a person who may steer, never edited. */
export interface InboxItem {
  place: CommandPlace;
  commentId: number;
  number: number;
  actor: string;
  actorId: number;
  command: Command;
  at: string;
}

export interface InboxSpec {
  repository: RepositoryName;
  /** The session, which says where people speak to it and what was read before. */
  state: State;
  /** ISO time before which nothing needs to be read. */
  since?: string | null;
  /** The grammar of `triggers/`, on visible text. */
  parse(visible: string): Command | null;
  /** Account ids that are Baton itself. */
  ownIds: readonly number[];
  /** Bots that the policy allows, by id. */
  allowedBots: readonly number[];
  /** Only the first line of a command counts, and no more than the head of a text is read: for the App, which serves many. */
  headOnly?: boolean;
}

/** Words that look like a command, before their author and their edits were looked at: whole texts of strangers are never read. */
export interface FoundWords {
  place: CommandPlace;
  id: number;
  nodeId: string;
  number: number;
  user: { id: number; login: string; type: string };
  at: string;
  read(): Promise<Command | null>;
}

const Comment = z.object({
  id: z.int(),
  node_id: z.string(),
  body: z.string().nullish(),
  user: z.object({ id: z.int(), login: z.string(), type: z.string() }).nullable(),
  created_at: z.string(),
});

/**
 * Commands that were not read before, in the order of time. Unchanged lists cost no rate limit (ETag); rights are asked for
 * the authors of commands only, and once per call. A command whose author's right cannot be checked now is left for the
 * next call: nothing after it is returned, so that the cursor never passes it.
 */
export async function fetchInbox(github: GitHub, spec: InboxSpec): Promise<InboxItem[]> {
  const found = (await fetchWords(github, spec)).filter(({ user }) => !spec.ownIds.includes(user.id));
  if (found.length === 0) return [];
  found.sort((a, b) => Date.parse(a.at) - Date.parse(b.at) || a.id - b.id);
  const edited = await fetchEditedNodes(
    github,
    found.map(({ nodeId }) => nodeId),
  );
  const rights = new Map<number, PermissionOutcome>();
  const items: InboxItem[] = [];
  for (const { place, id, nodeId, number, user, at, read } of found) {
    if (edited.has(nodeId)) continue;
    const right = rights.get(user.id) ?? (await fetchRight(github, spec, user));
    rights.set(user.id, right);
    if (right.kind === "unknown") break;
    const command = mayWrite(right) ? await read() : null;
    if (command) items.push({ place, commentId: id, number, actor: user.login, actorId: user.id, command, at });
  }
  return items;
}

async function fetchWords(github: GitHub, spec: InboxSpec): Promise<FoundWords[]> {
  const { state } = spec;
  const own = Number(state.published.pull_request);
  const ours = Number.isSafeInteger(own) && own > 0 ? own : null;
  const subject = state.request.number;
  const numbers = new Set([subject, ours].filter((number) => number !== null));
  const pulls = new Set([state.session.startsWith("pr-") ? subject : null, ours].filter((number) => number !== null));
  const found: FoundWords[] = [];
  for (const number of numbers) found.push(...(await fetchComments(github, spec, number)));
  for (const number of pulls) {
    const words = await fetchReviewWords(github, { ...spec, number, isOurs: number === ours });
    found.push(...words.filter(({ place, id }) => !state.reviews_read.includes(commandKeyOf(place, id))));
  }
  return found;
}

async function fetchComments(github: GitHub, spec: InboxSpec, number: number): Promise<FoundWords[]> {
  const since = spec.since ? { since: spec.since } : {};
  const raw = await github.list<unknown>("/repos/{owner}/{repo}/issues/{issue_number}/comments", {
    ...spec.repository,
    issue_number: number,
    ...since,
  });
  return raw.flatMap((value) => {
    const { data: comment } = Comment.safeParse(value);
    if (!comment?.user || comment.id <= spec.state.comment_cursor) return [];
    const read = readerOf(comment.body ?? "", spec);
    const { id, node_id: nodeId, user, created_at: at } = comment;
    return read ? [{ place: "comment", id, nodeId, number, user, at, read }] : [];
  });
}

/** How to read a comment whose head is a command; null for every other comment. */
export function readerOf(body: string, spec: Pick<InboxSpec, "parse" | "headOnly">): FoundWords["read"] | null {
  if (!body.includes("/")) return null;
  const head = spec.parse(renderVisibleText(body.slice(0, commandHeadLength)).text);
  if (!head) return null;
  if (spec.headOnly || body.length <= commandHeadLength) return async () => head;
  return async () => spec.parse(renderVisibleText(body).text);
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
