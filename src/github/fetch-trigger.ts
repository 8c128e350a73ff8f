import { z } from "zod";
import type { Envelope } from "../domain/envelope.ts";
import type { RepositoryName } from "../domain/trigger.ts";
import type { GitHub } from "./client.ts";

/** Who did what and when, as GitHub says it now, re-derived from the ids of an envelope: the envelope itself is never believed. */
export type FetchedTrigger =
  | {
      kind: "found";
      actor: { id: number; login: string; type: string };
      at: string;
      number: number;
      label: string | null;
    }
  | { kind: "edited" }
  | { kind: "gone"; why: string };

const account = z.object({ id: z.int().positive(), login: z.string(), type: z.string() });
const LabelEvent = z.object({
  id: z.int(),
  event: z.string(),
  created_at: z.string(),
  actor: account.nullable(),
  label: z.object({ name: z.string() }).nullish(),
  issue: z.object({ number: z.int() }).nullish(),
});
const Comment = z.object({
  id: z.int(),
  node_id: z.string(),
  body: z.string().nullish(),
  user: account.nullable(),
  created_at: z.string(),
  issue_url: z.string().optional(),
  pull_request_url: z.string().optional(),
});
const Review = z.object({
  id: z.int(),
  node_id: z.string(),
  state: z.string(),
  body: z.string().nullish(),
  user: account.nullable(),
  submitted_at: z.string(),
});

/** Reads the label event, comment or review that `trigger.event_id` names; other kinds have no person behind them here. */
export async function fetchTrigger(
  github: GitHub,
  repository: RepositoryName,
  envelope: Envelope,
): Promise<FetchedTrigger> {
  const match = /^(label|comment|review-comment|review)-(\d+)$/.exec(envelope.trigger.event_id);
  const id = Number(match?.[2]);
  const number = envelope.subject.number;
  switch (match?.[1]) {
    case "label":
      return readLabelEvent(
        await github.find("/repos/{owner}/{repo}/issues/events/{event_id}", { ...repository, event_id: id }),
      );
    case "comment":
      return readComment(
        github,
        await github.find("/repos/{owner}/{repo}/issues/comments/{comment_id}", { ...repository, comment_id: id }),
      );
    case "review-comment":
      return readComment(
        github,
        await github.find("/repos/{owner}/{repo}/pulls/comments/{comment_id}", { ...repository, comment_id: id }),
      );
    case "review":
      if (number === null) return { kind: "gone", why: "a review belongs to a pull request" };
      return readReview(
        github,
        number,
        await github.find("/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}", {
          ...repository,
          pull_number: number,
          review_id: id,
        }),
      );
    default:
      return { kind: "gone", why: `${envelope.trigger.event_id.slice(0, 80)} names no event of a person` };
  }
}

/** The newest time `label` was put on, with its actor and event id: the webhook has no time of its own (row 52). */
export async function fetchLabelEvent(
  github: GitHub,
  repository: RepositoryName,
  number: number,
  label: string,
): Promise<{ eventId: number; actor: { id: number; login: string; type: string }; at: string } | null> {
  const events = await github.list<unknown>("/repos/{owner}/{repo}/issues/{issue_number}/events", {
    ...repository,
    issue_number: number,
  });
  const own = events
    .map((event) => LabelEvent.safeParse(event))
    .flatMap((event) => (event.success ? [event.data] : []))
    .filter((event) => event.event === "labeled" && event.label?.name === label);
  const last = own.at(-1);
  return last?.actor ? { eventId: last.id, actor: last.actor, at: last.created_at } : null;
}

/** Which of these comments or reviews (by node id) were changed after they were written: GraphQL alone knows (row 73). */
export async function fetchEditedNodes(github: GitHub, nodeIds: readonly string[]): Promise<Set<string>> {
  const edited = new Set<string>();
  for (let start = 0; start < nodeIds.length; start += 100) {
    const ids = nodeIds.slice(start, start + 100);
    const answer = await github.query<{ nodes: ({ id?: string; lastEditedAt?: string | null } | null)[] }>(
      "query Edited($ids: [ID!]!) { nodes(ids: $ids) { id ... on IssueComment { lastEditedAt } ... on PullRequestReview { lastEditedAt } ... on PullRequestReviewComment { lastEditedAt } } }",
      { ids },
    );
    const untouched = new Set(
      answer.nodes.flatMap((node) => (node?.id && node.lastEditedAt === null ? [node.id] : [])),
    );
    // What GitHub does not vouch for counts as edited.
    for (const id of ids) if (!untouched.has(id)) edited.add(id);
  }
  return edited;
}

function readLabelEvent(data: unknown): FetchedTrigger {
  const event = LabelEvent.safeParse(data);
  if (!event.success || event.data.event !== "labeled") return { kind: "gone", why: "the label event does not exist" };
  const { actor, created_at, label, issue } = event.data;
  if (!actor || !label || !issue) return { kind: "gone", why: "the label event names no actor or issue" };
  return { kind: "found", actor, at: created_at, number: issue.number, label: label.name };
}

async function readComment(github: GitHub, data: unknown): Promise<FetchedTrigger> {
  const parsed = Comment.safeParse(data);
  if (!parsed.success || !parsed.data.user) return { kind: "gone", why: "the comment does not exist any more" };
  const comment = parsed.data;
  const number = Number(/\/(\d+)$/.exec(comment.issue_url ?? comment.pull_request_url ?? "")?.[1]);
  if (!Number.isSafeInteger(number)) return { kind: "gone", why: "the comment belongs to nothing" };
  if ((await fetchEditedNodes(github, [comment.node_id])).size > 0) return { kind: "edited" };
  return { kind: "found", actor: parsed.data.user, at: comment.created_at, number, label: null };
}

async function readReview(github: GitHub, number: number, data: unknown): Promise<FetchedTrigger> {
  const parsed = Review.safeParse(data);
  if (!parsed.success || !parsed.data.user) return { kind: "gone", why: "the review does not exist any more" };
  if (parsed.data.state.toLowerCase() !== "changes_requested")
    return { kind: "gone", why: "the review requests no changes any more" };
  if ((await fetchEditedNodes(github, [parsed.data.node_id])).size > 0) return { kind: "edited" };
  return { kind: "found", actor: parsed.data.user, at: parsed.data.submitted_at, number, label: null };
}
