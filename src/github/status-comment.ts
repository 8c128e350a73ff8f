import { z } from "zod";
import type { RepositoryName } from "../domain/trigger.ts";
import type { GitHub } from "./client.ts";
import { ensureOnce, ensureSet, type IntentLog } from "./ensure-once.ts";
import { cutTo, markerOf, maxBodyLength } from "./marker.ts";
import { statusOf } from "./outcome.ts";

export const Comment = z.object({
  id: z.int(),
  node_id: z.string(),
  body: z.string().nullish(),
  html_url: z.string(),
  created_at: z.string(),
  user: z.object({ id: z.int(), login: z.string(), type: z.string() }).nullable(),
});
export type Comment = z.infer<typeof Comment>;

export interface StatusSpec {
  repository: RepositoryName;
  number: number;
  session: string;
  /** Markdown without the marker. */
  body: string;
  /** Logins that are Baton: our App's bot and `github-actions[bot]`; anybody can post a marker (row 72). */
  authors: readonly string[];
  /** Id from envelope or state: a hint that saves the look-up. */
  knownId?: number | null;
  log: IntentLog;
}

/** The one status comment of a session: edited if there is one, else created; a double from a race is minimised. */
export async function ensureStatusComment(github: GitHub, spec: StatusSpec): Promise<{ id: number; url: string }> {
  const marker = markerOf("status", spec.session);
  const body = cutTo(`${marker}\n${spec.body}`, maxBodyLength);
  const known = await findKnown(github, spec, marker);
  const before = known ?? (await findAny(github, spec, marker));
  if (!before) return createStatus(github, spec, marker, body);
  if (before.body === body) return { id: before.id, url: before.html_url };
  try {
    await ensureSet(github, () =>
      github.write("PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}", {
        ...spec.repository,
        comment_id: before.id,
        body,
      }),
    );
    return { id: before.id, url: before.html_url };
  } catch (error) {
    const status = statusOf(error);
    if (status !== 403 && status !== 404) throw error;
    // Not ours to edit any more: a new one that links the old, which is folded away.
    const linked = cutTo(`${body}\n\nEarlier: ${before.html_url}`, maxBodyLength);
    const made = await createStatus(github, { ...spec, knownId: null }, marker, linked, before.id);
    await minimise(github, before.node_id);
    return made;
  }
}

async function createStatus(
  github: GitHub,
  spec: StatusSpec,
  marker: string,
  body: string,
  above = 0,
): Promise<{ id: number; url: string }> {
  const made = await ensureOnce<Comment>(github, spec.log, {
    key: "status_comment",
    op: "create_comment",
    args: { number: spec.number, session: spec.session },
    find: () => findAny(github, spec, marker, above),
    act: () => createComment(github, spec.repository, spec.number, body),
    idOf: (comment) => String(comment.id),
  });
  // Two writers at once (App and run, two replicas): the oldest stays, whoever sees a younger one folds it away.
  const all = (await listOwn(github, spec, marker)).filter((comment) => comment.id > above);
  const first = all[0] ?? made;
  for (const extra of all) if (extra.id !== first.id) await retire(github, spec.repository, extra, first);
  return { id: first.id, url: first.html_url };
}

/** Posts one comment; not idempotent by itself. */
export async function createComment(
  github: GitHub,
  repository: RepositoryName,
  number: number,
  body: string,
): Promise<Comment> {
  const { data } = await github.write<unknown>("POST /repos/{owner}/{repo}/issues/{issue_number}/comments", {
    ...repository,
    issue_number: number,
    body: cutTo(body, maxBodyLength),
  });
  return Comment.parse(data);
}

/** One answer per key, ever: a second call finds the first by its marker and author. */
export async function ensureAnswer(
  github: GitHub,
  spec: {
    repository: RepositoryName;
    number: number;
    key: string;
    body: string;
    authors: readonly string[];
    log: IntentLog;
  },
): Promise<{ id: number; url: string }> {
  const marker = markerOf("answer", spec.key);
  const made = await ensureOnce<Comment>(github, spec.log, {
    key: `answer:${spec.key}`,
    op: "create_comment",
    args: { number: spec.number, key: spec.key },
    find: () => findAny(github, spec, marker),
    act: () => createComment(github, spec.repository, spec.number, `${marker}\n${spec.body}`),
    idOf: (comment) => String(comment.id),
  });
  return { id: made.id, url: made.html_url };
}

/** Baton's own comments with this marker, oldest first. */
export async function listOwn(
  github: GitHub,
  spec: Pick<StatusSpec, "repository" | "number" | "authors">,
  marker: string,
): Promise<Comment[]> {
  return (await listMarked(github, spec, marker)).filter((comment) => isBy(comment, spec.authors));
}

/** Comments of bots with this marker, oldest first. */
async function listMarked(
  github: GitHub,
  spec: Pick<StatusSpec, "repository" | "number">,
  marker: string,
): Promise<Comment[]> {
  const raw = await github.list<unknown>("/repos/{owner}/{repo}/issues/{issue_number}/comments", {
    ...spec.repository,
    issue_number: spec.number,
  });
  return raw
    .flatMap((value) => {
      const comment = Comment.safeParse(value);
      return comment.success ? [comment.data] : [];
    })
    .filter((comment) => isMarkedByBot(comment, marker))
    .sort((a, b) => a.id - b.id);
}

/**
 * Our own, else that of another bot: a job that the workflow started by itself does not know the name of the App, which may
 * have answered first. Of people nothing is believed; another bot that says Baton's words loses a comment by it, no more.
 */
async function findAny(
  github: GitHub,
  spec: Pick<StatusSpec, "repository" | "number" | "authors">,
  marker: string,
  above = 0,
): Promise<Comment | null> {
  const found = (await listMarked(github, spec, marker)).filter((comment) => comment.id > above);
  return found.find((comment) => isBy(comment, spec.authors)) ?? found[0] ?? null;
}

async function findKnown(github: GitHub, spec: StatusSpec, marker: string): Promise<Comment | null> {
  if (!spec.knownId) return null;
  const data = await github.find<unknown>("/repos/{owner}/{repo}/issues/comments/{comment_id}", {
    ...spec.repository,
    comment_id: spec.knownId,
  });
  const comment = Comment.safeParse(data);
  // App and run may write with two identities: the id from envelope or state names the one comment, whichever bot wrote it.
  return comment.success && isMarkedByBot(comment.data, marker) ? comment.data : null;
}

function isBy(comment: Comment, authors: readonly string[]): boolean {
  return authors.includes(comment.user?.login ?? "");
}

function isMarkedByBot({ user, body }: Comment, marker: string): boolean {
  return user?.type === "Bot" && (body ?? "").startsWith(marker);
}

async function retire(github: GitHub, repository: RepositoryName, extra: Comment, first: Comment): Promise<void> {
  await minimise(github, extra.node_id);
  await ensureSet(github, () =>
    github.write("PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}", {
      ...repository,
      comment_id: extra.id,
      body: `The status is kept in ${first.html_url}.`,
    }),
  );
}

async function minimise(github: GitHub, nodeId: string): Promise<void> {
  await ensureSet(github, () =>
    github.mutate(
      "mutation Fold($id: ID!) { minimizeComment(input: { subjectId: $id, classifier: OUTDATED }) { minimizedComment { isMinimized } } }",
      { id: nodeId },
    ),
  );
}
