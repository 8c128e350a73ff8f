import { authorOf, hasRole, viaAppOf } from "./auth.ts";
import { emit } from "./events.ts";
import { diffFiles, runGit } from "./git.ts";
import { showFullPull, showPull, showReview, showReviewComment } from "./present-pull.ts";
import { addEvent, countPull } from "./pull-events.ts";
import type { Issue, Review, ReviewComment } from "./records.ts";
import {
  type Answer,
  type Context,
  HttpError,
  invalid,
  notFound,
  page,
  type Route,
  requiredText,
  route,
  text,
} from "./router.ts";
import { checkBody, issueOf, markEdited, unedited } from "./routes-issues.ts";
import { findAccount } from "./store.ts";

const STATES: Record<string, Review["state"]> = {
  APPROVE: "APPROVED",
  REQUEST_CHANGES: "CHANGES_REQUESTED",
  COMMENT: "COMMENTED",
};

function reviewOf({ world, params }: Context, issue: Issue): Review {
  const review = world.store.reviews.get(Number(params.review_id));
  if (!review || review.issueId !== issue.id) throw notFound();
  return review;
}

function emitReview(context: Context, issue: Issue, review: Review, action: string): void {
  const { world, repo, actor } = context;
  const shown = showReview(world.store, review);
  // Webhooks say the state in small letters where REST has capitals.
  const payload = {
    review: { ...shown, state: review.state.toLowerCase() },
    pull_request: showPull(world.store, issue),
  };
  emit(world, { event: "pull_request_review", action, repo, actor, payload });
}

async function createReview(context: Context): Promise<Answer> {
  const { world, repo, actor, body } = context;
  const issue = issueOf(context);
  const event = text(body, "event");
  const content = text(body, "body") ?? "";
  checkBody("PullRequestReview", content);
  const state = event === undefined ? "PENDING" : STATES[event];
  if (!state) throw invalid(`Variable $event of type PullRequestReviewEvent was provided invalid value`);
  const authorId = authorOf(actor).id;
  if (state !== "COMMENTED" && state !== "PENDING" && authorId === issue.authorId) {
    throw invalid(`Can not ${event === "APPROVE" ? "approve" : "request changes on"} your own pull request`);
  }
  if (actor.kind === "job" && state === "APPROVED" && !repo.actionsMayCreatePullRequests) {
    throw new HttpError(422, "Unprocessable Entity: GitHub Actions is not permitted to approve pull requests.");
  }
  const review: Review = {
    kind: "review",
    id: world.store.nextId(),
    repoId: repo.id,
    issueId: issue.id,
    authorId,
    viaAppId: viaAppOf(actor),
    body: content,
    state,
    commitId: text(body, "commit_id") ?? issue.pull!.headSha,
    submittedAt: state === "PENDING" ? null : world.store.now(),
    ...unedited(),
  };
  world.store.reviews.set(review.id, review);
  issue.updatedAt = world.store.now();
  for (const comment of (body.comments as Record<string, unknown>[] | undefined) ?? []) {
    await addReviewComment(context, issue, review, comment);
  }
  if (state !== "PENDING") emitReview(context, issue, review, "submitted");
  return { status: 200, body: showReview(world.store, review) };
}

async function addReviewComment(
  context: Context,
  issue: Issue,
  review: Review,
  fields: Record<string, unknown>,
): Promise<ReviewComment> {
  const { world, repo, actor } = context;
  const path = requiredText(fields, "path");
  const content = requiredText(fields, "body");
  checkBody("PullRequestReviewComment", content);
  const now = world.store.now();
  const comment: ReviewComment = {
    kind: "review_comment",
    id: world.store.nextId(),
    repoId: repo.id,
    issueId: issue.id,
    reviewId: review.id,
    authorId: authorOf(actor).id,
    viaAppId: viaAppOf(actor),
    body: content,
    path,
    diffHunk: await hunkOf(context, issue, path),
    line: typeof fields.line === "number" ? fields.line : typeof fields.position === "number" ? fields.position : null,
    side: fields.side === "LEFT" ? "LEFT" : "RIGHT",
    commitId: review.commitId,
    inReplyToId: typeof fields.in_reply_to === "number" ? fields.in_reply_to : null,
    createdAt: now,
    updatedAt: now,
    reactions: [],
    ...unedited(),
  };
  world.store.reviewComments.set(comment.id, comment);
  emitReviewComment(context, issue, comment, "created");
  return comment;
}

function emitReviewComment(
  context: Context,
  issue: Issue,
  comment: ReviewComment,
  action: string,
  extra: Record<string, unknown> = {},
): void {
  const { world, repo, actor } = context;
  const payload = {
    comment: showReviewComment(world.store, comment),
    pull_request: showPull(world.store, issue),
    ...extra,
  };
  emit(world, { event: "pull_request_review_comment", action, repo, actor, payload });
}

async function hunkOf({ repo }: Context, issue: Issue, path: string): Promise<string> {
  const pull = issue.pull!;
  const base = (await runGit(repo.gitDir, ["merge-base", `refs/heads/${pull.baseRef}`, pull.headSha])).out
    .toString("utf8")
    .trim();
  const file = (await diffFiles(repo.gitDir, base || pull.baseSha, pull.headSha)).find((one) => one.filename === path);
  if (!file)
    throw invalid("Validation Failed", { resource: "PullRequestReviewComment", code: "invalid", field: "path" });
  return file.patch?.split(/^(?=@@ )/m)[0]?.trimEnd() ?? "";
}

async function createReviewComment(context: Context): Promise<Answer> {
  const { world, repo, actor, body } = context;
  const issue = issueOf(context);
  const review: Review = {
    kind: "review",
    id: world.store.nextId(),
    repoId: repo.id,
    issueId: issue.id,
    authorId: authorOf(actor).id,
    viaAppId: viaAppOf(actor),
    body: "",
    state: "COMMENTED",
    commitId: text(body, "commit_id") ?? issue.pull!.headSha,
    submittedAt: world.store.now(),
    ...unedited(),
  };
  const comment = await addReviewComment(context, issue, review, body);
  world.store.reviews.set(review.id, review);
  emitReview(context, issue, review, "submitted");
  return { status: 201, body: showReviewComment(world.store, comment) };
}

function commentOf({ world, repo, params }: Context): ReviewComment {
  const comment = world.store.reviewComments.get(Number(params.comment_id));
  if (!comment || comment.repoId !== repo.id) throw notFound();
  return comment;
}

function updateReviewComment(context: Context): Answer {
  const { world, repo, actor, body } = context;
  const comment = commentOf(context);
  const own = authorOf(actor).id === comment.authorId;
  if (actor.kind === "user" && !own && !hasRole(repo, actor.account.id, "write")) {
    throw new HttpError(403, "Must have admin rights to Repository.");
  }
  const content = requiredText(body, "body");
  const from = comment.body;
  markEdited(world, comment, actor, from);
  Object.assign(comment, { body: content, updatedAt: world.store.now() });
  emitReviewComment(context, world.store.issues.get(comment.issueId)!, comment, "edited", {
    changes: { body: { from } },
  });
  return { status: 200, body: showReviewComment(world.store, comment) };
}

async function requestReviewers(context: Context): Promise<Answer> {
  const { world, body, actor, repo } = context;
  const issue = issueOf(context);
  for (const login of (body.reviewers as string[] | undefined) ?? []) {
    const account = findAccount(world.store, login);
    if (!account) throw invalid("Reviews may only be requested from collaborators.");
    if (issue.pull!.requestedReviewers.includes(account.id)) continue;
    issue.pull!.requestedReviewers.push(account.id);
    addEvent(world, issue, actor, { event: "review_requested", reviewerId: account.id });
  }
  return { status: 201, body: showFullPull(world.store, issue, await countPull(repo, issue)) };
}

const BASE = "/repos/{owner}/{repo}/pulls";
const READ = ["pull_requests:read"];
const WRITE = ["pull_requests:write@read"];

/** Reviews and comments on the diff. */
export const reviewRoutes: Route[] = [
  route("GET", `${BASE}/comments/{comment_id}`, "pulls/get-review-comment", READ, (context) => ({
    status: 200,
    body: showReviewComment(context.world.store, commentOf(context)),
  })),
  route("PATCH", `${BASE}/comments/{comment_id}`, "pulls/update-review-comment", WRITE, updateReviewComment),
  route("GET", `${BASE}/{pull_number}/reviews`, "pulls/list-reviews", READ, (context) => {
    const { store } = context.world;
    const issue = issueOf(context);
    const me = context.actor.kind === "user" ? context.actor.account.id : null;
    const found = [...store.reviews.values()].filter(
      (review) => review.issueId === issue.id && (review.state !== "PENDING" || review.authorId === me),
    );
    return page(context, found, (review) => showReview(store, review));
  }),
  route("POST", `${BASE}/{pull_number}/reviews`, "pulls/create-review", WRITE, createReview),
  route("GET", `${BASE}/{pull_number}/reviews/{review_id}`, "pulls/get-review", READ, (context) => ({
    status: 200,
    body: showReview(context.world.store, reviewOf(context, issueOf(context))),
  })),
  route("POST", `${BASE}/{pull_number}/reviews/{review_id}/events`, "pulls/submit-review", WRITE, (context) => {
    const issue = issueOf(context);
    const review = reviewOf(context, issue);
    review.state = STATES[requiredText(context.body, "event")] ?? "COMMENTED";
    review.body = text(context.body, "body") ?? review.body;
    review.submittedAt = context.world.store.now();
    emitReview(context, issue, review, "submitted");
    return { status: 200, body: showReview(context.world.store, review) };
  }),
  route(
    "GET",
    `${BASE}/{pull_number}/reviews/{review_id}/comments`,
    "pulls/list-comments-for-review",
    READ,
    (context) => {
      const { store } = context.world;
      const review = reviewOf(context, issueOf(context));
      const found = [...store.reviewComments.values()].filter((comment) => comment.reviewId === review.id);
      return page(context, found, (comment) => showReviewComment(store, comment));
    },
  ),
  route("GET", `${BASE}/{pull_number}/comments`, "pulls/list-review-comments", READ, (context) => {
    const { store } = context.world;
    const issue = issueOf(context);
    const since = context.query.get("since");
    const found = [...store.reviewComments.values()].filter(
      (comment) => comment.issueId === issue.id && (since === null || comment.updatedAt >= Date.parse(since)),
    );
    return page(context, found, (comment) => showReviewComment(store, comment));
  }),
  route("POST", `${BASE}/{pull_number}/comments`, "pulls/create-review-comment", WRITE, createReviewComment),
  route("POST", `${BASE}/{pull_number}/requested_reviewers`, "pulls/request-reviewers", WRITE, requestReviewers),
];
