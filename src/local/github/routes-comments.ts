import { type Actor, authorOf, hasRight, hasRole, viaAppOf } from "./auth.ts";
import { emit } from "./events.ts";
import { isoTime } from "./present-account.ts";
import { REACTIONS, showComment, showIssue, showIssueEvent, showReaction } from "./present-issue.ts";
import { showReview } from "./present-pull.ts";
import type { Comment, Issue, Reaction, Repo, ReviewComment } from "./records.ts";
import {
  type Answer,
  type Context,
  HttpError,
  invalid,
  invalidField,
  notFound,
  page,
  type Route,
  requiredText,
  route,
} from "./router.ts";
import { checkBody, issueOf, markEdited, mayWriteOnLocked, unedited } from "./routes-issues.ts";
import { commentsOf, issuesOf } from "./store.ts";
import type { World } from "./world.ts";

function emitComment(
  world: World,
  comment: Comment,
  action: string,
  actor: Actor,
  extra: Record<string, unknown> = {},
): void {
  const issue = world.store.issues.get(comment.issueId)!;
  const repo = world.store.repos.get(comment.repoId)!;
  const payload = { issue: showIssue(world.store, issue), comment: showComment(world.store, comment), ...extra };
  emit(world, { event: "issue_comment", action, repo, actor, payload });
}

function commentOf({ world, repo, params }: Context): Comment {
  const comment = world.store.comments.get(Number(params.comment_id));
  if (!comment || comment.repoId !== repo.id) throw notFound();
  return comment;
}

function createComment(context: Context): Answer {
  const { world, repo, actor, body } = context;
  const issue = issueOf(context);
  if (issue.locked && !mayWriteOnLocked(actor, repo))
    throw new HttpError(403, "Unable to create comment because issue is locked.");
  const content = requiredText(body, "body");
  if (content.trim() === "")
    throw invalid("Validation Failed", {
      resource: "IssueComment",
      code: "unprocessable",
      field: "data",
      message: "Body cannot be blank",
    });
  checkBody("IssueComment", content);
  const now = world.store.now();
  const comment: Comment = {
    kind: "comment",
    id: world.store.nextId(),
    repoId: repo.id,
    issueId: issue.id,
    authorId: authorOf(actor).id,
    viaAppId: viaAppOf(actor),
    body: content,
    createdAt: now,
    updatedAt: now,
    minimized: null,
    reactions: [],
    ...unedited(),
  };
  world.store.comments.set(comment.id, comment);
  issue.updatedAt = now;
  emitComment(world, comment, "created", actor);
  return { status: 201, body: showComment(world.store, comment) };
}

/** Row 72: its author, and whoever has write on issues. */
function requireCommentEdit(actor: Actor, repo: Repo, comment: Comment): void {
  if (actor.kind !== "anonymous" && actor.kind !== "app" && authorOf(actor).id === comment.authorId) return;
  if (actor.kind === "user" && hasRole(repo, actor.account.id, "write")) return;
  if (actor.kind !== "user" && hasRight(actor, repo, "issues:write")) return;
  throw new HttpError(403, "Must have admin rights to Repository.");
}

function updateComment(context: Context): Answer {
  const { world, repo, actor, body } = context;
  const comment = commentOf(context);
  requireCommentEdit(actor, repo, comment);
  const content = requiredText(body, "body");
  checkBody("IssueComment", content);
  const from = comment.body;
  if (content !== from) {
    markEdited(world, comment, actor, from);
    comment.body = content;
    comment.updatedAt = world.store.now();
    emitComment(world, comment, "edited", actor, { changes: { body: { from } } });
  }
  return { status: 200, body: showComment(world.store, comment) };
}

function deleteComment(context: Context): Answer {
  const { world, repo, actor } = context;
  const comment = commentOf(context);
  requireCommentEdit(actor, repo, comment);
  world.store.comments.delete(comment.id);
  emitComment(world, comment, "deleted", actor);
  return { status: 204 };
}

function since({ query }: Context, comment: Comment): boolean {
  const from = query.get("since");
  return from === null || comment.updatedAt >= Date.parse(from);
}

function listForRepo(context: Context): Answer {
  const { world, repo, query } = context;
  const found = [...world.store.comments.values()].filter((one) => one.repoId === repo.id && since(context, one));
  if (query.get("sort") === "updated") found.sort((a, b) => a.updatedAt - b.updatedAt);
  if (query.get("direction") === "desc") found.reverse();
  return page(context, found, (comment) => showComment(world.store, comment));
}

function react(context: Context, reactions: Reaction[]): Answer {
  const { world, actor, body } = context;
  const content = requiredText(body, "content");
  if (!(REACTIONS as readonly string[]).includes(content)) throw invalidField("Reaction", "content", "invalid");
  const accountId = authorOf(actor).id;
  const known = reactions.find((one) => one.accountId === accountId && one.content === content);
  if (known) return { status: 200, body: showReaction(world.store, known) };
  const reaction: Reaction = {
    kind: "reaction",
    id: world.store.nextId(),
    accountId,
    content,
    createdAt: world.store.now(),
  };
  reactions.push(reaction);
  return { status: 201, body: showReaction(world.store, reaction) };
}

function listReactions(context: Context, reactions: readonly Reaction[]): Answer {
  const content = context.query.get("content");
  const found = reactions.filter((one) => content === null || one.content === content);
  return page(context, found, (reaction) => showReaction(context.world.store, reaction));
}

function removeReaction(context: Context, reactions: Reaction[]): Answer {
  const index = reactions.findIndex((one) => one.id === Number(context.params.reaction_id));
  if (index === -1) throw notFound();
  if (reactions[index]!.accountId !== authorOf(context.actor).id)
    throw new HttpError(403, "Must have admin rights to Repository.");
  reactions.splice(index, 1);
  return { status: 204 };
}

function diffCommentOf({ world, repo, params }: Context): ReviewComment {
  const comment = world.store.reviewComments.get(Number(params.comment_id));
  if (!comment || comment.repoId !== repo.id) throw notFound();
  return comment;
}

/** One event by its id, with its issue. */
function getEvent({ world, repo, params }: Context): Answer {
  for (const issue of issuesOf(world.store, repo)) {
    const event = issue.events.find((one) => one.id === Number(params.event_id));
    if (!event) continue;
    return {
      status: 200,
      body: { ...showIssueEvent(world.store, issue, event), issue: showIssue(world.store, issue) },
    };
  }
  throw notFound();
}

/** Events, comments and reviews of an issue in the order they happened. */
function timeline(context: Context): Answer {
  const { world } = context;
  const { store } = world;
  const issue = issueOf(context);
  const events = issue.events.map((event) => ({
    at: event.createdAt,
    id: event.id,
    show: () => showIssueEvent(store, issue, event),
  }));
  const comments = commentsOf(store, issue).map((comment) => ({
    at: comment.createdAt,
    id: comment.id,
    show: () => {
      const shown = showComment(store, comment);
      return { event: "commented", actor: shown.user, ...shown };
    },
  }));
  const reviews = reviewsOf(world, issue).map((review) => ({
    at: review.submittedAt ?? 0,
    id: review.id,
    show: () => ({
      event: "reviewed",
      ...showReview(store, review),
      ...(review.submittedAt ? { submitted_at: isoTime(review.submittedAt) } : {}),
    }),
  }));
  const all = [...events, ...comments, ...reviews].sort((a, b) => a.at - b.at || a.id - b.id);
  return page(context, all, (entry) => entry.show());
}

function reviewsOf({ store }: World, issue: Issue) {
  return [...store.reviews.values()].filter((review) => review.issueId === issue.id && review.state !== "PENDING");
}

const WRITE = ["issues:write@read", "pull_requests:write@read"];
const READ = ["issues:read", "pull_requests:read"];
const WRITE_PULLS = ["pull_requests:write@read"];
const READ_PULLS = ["pull_requests:read"];
const BASE = "/repos/{owner}/{repo}/issues";
const DIFF = "/repos/{owner}/{repo}/pulls/comments/{comment_id}";

/** Comments, reactions and the timeline. */
export const commentRoutes: Route[] = [
  route("GET", `${BASE}/comments`, "issues/list-comments-for-repo", READ, listForRepo),
  route("GET", `${BASE}/comments/{comment_id}`, "issues/get-comment", READ, (context) => ({
    status: 200,
    body: showComment(context.world.store, commentOf(context)),
  })),
  route("PATCH", `${BASE}/comments/{comment_id}`, "issues/update-comment", WRITE, updateComment),
  route("DELETE", `${BASE}/comments/{comment_id}`, "issues/delete-comment", WRITE, deleteComment),
  route("GET", `${BASE}/{issue_number}/comments`, "issues/list-comments", READ, (context) => {
    const found = commentsOf(context.world.store, issueOf(context)).filter((comment) => since(context, comment));
    return page(context, found, (comment) => showComment(context.world.store, comment));
  }),
  route("POST", `${BASE}/{issue_number}/comments`, "issues/create-comment", WRITE, createComment),
  route("GET", `${BASE}/events/{event_id}`, "issues/get-event", READ, getEvent),
  route("GET", `${BASE}/{issue_number}/events`, "issues/list-events", READ, (context) => {
    const issue = issueOf(context);
    return page(context, issue.events, (event) => showIssueEvent(context.world.store, issue, event));
  }),
  route("GET", `${BASE}/{issue_number}/timeline`, "issues/list-events-for-timeline", READ, timeline),
  route("GET", `${BASE}/{issue_number}/reactions`, "reactions/list-for-issue", READ, (context) =>
    listReactions(context, issueOf(context).reactions),
  ),
  route("POST", `${BASE}/{issue_number}/reactions`, "reactions/create-for-issue", WRITE, (context) =>
    react(context, issueOf(context).reactions),
  ),
  route("DELETE", `${BASE}/{issue_number}/reactions/{reaction_id}`, "reactions/delete-for-issue", WRITE, (context) =>
    removeReaction(context, issueOf(context).reactions),
  ),
  route("GET", `${BASE}/comments/{comment_id}/reactions`, "reactions/list-for-issue-comment", READ, (context) =>
    listReactions(context, commentOf(context).reactions),
  ),
  route("POST", `${BASE}/comments/{comment_id}/reactions`, "reactions/create-for-issue-comment", WRITE, (context) =>
    react(context, commentOf(context).reactions),
  ),
  route(
    "DELETE",
    `${BASE}/comments/{comment_id}/reactions/{reaction_id}`,
    "reactions/delete-for-issue-comment",
    WRITE,
    (context) => removeReaction(context, commentOf(context).reactions),
  ),
  route("GET", `${DIFF}/reactions`, "reactions/list-for-pull-request-review-comment", READ_PULLS, (context) =>
    listReactions(context, diffCommentOf(context).reactions),
  ),
  route("POST", `${DIFF}/reactions`, "reactions/create-for-pull-request-review-comment", WRITE_PULLS, (context) =>
    react(context, diffCommentOf(context).reactions),
  ),
  route(
    "DELETE",
    `${DIFF}/reactions/{reaction_id}`,
    "reactions/delete-for-pull-request-comment",
    WRITE_PULLS,
    (context) => removeReaction(context, diffCommentOf(context).reactions),
  ),
];
