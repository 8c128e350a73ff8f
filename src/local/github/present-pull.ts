import { isoTime, isoTimeOrNull, showAccountId } from "./present-account.ts";
import { authorAssociation, labelsOf, showLabel, showReactionCounts } from "./present-issue.ts";
import { repoPage, repoUrl, showRepo } from "./present-repo.ts";
import type { Issue, PullRequest, Repo, Review, ReviewComment } from "./records.ts";
import { accountOf, commentsOf, nodeId, type Store } from "./store.ts";

/** What only the single view of a pull request tells. */
export interface PullFigures {
  mergeable: boolean | null;
  commits: number;
  additions: number;
  deletions: number;
  changedFiles: number;
}

function showSide(store: Store, repo: Repo | undefined, ref: string, sha: string): Record<string, unknown> {
  const owner = accountOf(store, repo?.ownerId ?? 0);
  return {
    label: `${owner.login}:${ref}`,
    ref,
    sha,
    user: showAccountId(store, owner.id),
    repo: repo ? { ...showRepo(store, repo), ...MERGE_SETTINGS } : null,
  };
}

const MERGE_SETTINGS = {
  allow_squash_merge: true,
  allow_merge_commit: true,
  allow_rebase_merge: true,
  allow_auto_merge: false,
  delete_branch_on_merge: false,
  allow_update_branch: false,
  use_squash_pr_title_as_default: false,
  squash_merge_commit_message: "COMMIT_MESSAGES",
  squash_merge_commit_title: "COMMIT_OR_PR_TITLE",
  merge_commit_message: "PR_TITLE",
  merge_commit_title: "MERGE_MESSAGE",
};

function showLinks(store: Store, repo: Repo, issue: Issue, pull: PullRequest): Record<string, { href: string }> {
  const base = repoUrl(store, repo);
  const url = `${base}/pulls/${issue.number}`;
  return {
    self: { href: url },
    html: { href: `${repoPage(store, repo)}/pull/${issue.number}` },
    issue: { href: `${base}/issues/${issue.number}` },
    comments: { href: `${base}/issues/${issue.number}/comments` },
    review_comments: { href: `${url}/comments` },
    review_comment: { href: `${base}/pulls/comments{/number}` },
    commits: { href: `${url}/commits` },
    statuses: { href: `${base}/statuses/${pull.headSha}` },
  };
}

/** A pull request in the form of lists. */
export function showPull(store: Store, issue: Issue): Record<string, unknown> {
  const repo = store.repos.get(issue.repoId)!;
  const pull = issue.pull!;
  const links = showLinks(store, repo, issue, pull);
  const assignees = issue.assignees.map((id) => showAccountId(store, id));
  return {
    url: links.self!.href,
    id: pull.id,
    node_id: nodeId("PR", pull.id),
    html_url: links.html!.href,
    diff_url: `${links.html!.href}.diff`,
    patch_url: `${links.html!.href}.patch`,
    issue_url: links.issue!.href,
    number: issue.number,
    state: issue.state,
    locked: issue.locked,
    title: issue.title,
    user: showAccountId(store, issue.authorId),
    body: issue.body,
    created_at: isoTime(issue.createdAt),
    updated_at: isoTime(issue.updatedAt),
    closed_at: isoTimeOrNull(issue.closedAt),
    merged_at: isoTimeOrNull(pull.mergedAt),
    merge_commit_sha: pull.mergeCommitSha,
    assignee: assignees[0] ?? null,
    assignees,
    requested_reviewers: pull.requestedReviewers.map((id) => showAccountId(store, id)),
    requested_teams: [],
    labels: labelsOf(repo, issue).map((label) => showLabel(store, repo, label)),
    milestone: null,
    draft: pull.draft,
    commits_url: links.commits!.href,
    review_comments_url: links.review_comments!.href,
    review_comment_url: links.review_comment!.href,
    comments_url: links.comments!.href,
    statuses_url: links.statuses!.href,
    head: showSide(store, store.repos.get(pull.headRepoId), pull.headRef, pull.headSha),
    base: showSide(store, repo, pull.baseRef, pull.baseSha),
    _links: links,
    author_association: authorAssociation(store, repo, issue.authorId),
    auto_merge: pull.autoMerge,
    active_lock_reason: issue.lockReason,
  };
}

/** A pull request in the form of its single view and of webhooks. */
export function showFullPull(store: Store, issue: Issue, figures: PullFigures): Record<string, unknown> {
  const pull = issue.pull!;
  const reviewComments = [...store.reviewComments.values()].filter((comment) => comment.issueId === issue.id);
  return {
    ...showPull(store, issue),
    merged: pull.mergedAt !== null,
    mergeable: figures.mergeable,
    rebaseable: figures.mergeable,
    mergeable_state: pull.draft
      ? "draft"
      : figures.mergeable
        ? "clean"
        : figures.mergeable === null
          ? "unknown"
          : "dirty",
    merged_by: pull.mergedById === null ? null : showAccountId(store, pull.mergedById),
    comments: commentsOf(store, issue).length,
    review_comments: reviewComments.length,
    maintainer_can_modify: pull.maintainerCanModify,
    commits: figures.commits,
    additions: figures.additions,
    deletions: figures.deletions,
    changed_files: figures.changedFiles,
  };
}

/** A pull request in the two-line form of runs, suites and checks. */
export function showPullRef(store: Store, issue: Issue): Record<string, unknown> {
  const repo = store.repos.get(issue.repoId)!;
  const pull = issue.pull!;
  const side = (of: Repo | undefined, ref: string, sha: string) => ({
    ref,
    sha,
    repo: { id: of?.id ?? 0, url: of ? repoUrl(store, of) : "", name: of?.name ?? "" },
  });
  return {
    url: `${repoUrl(store, repo)}/pulls/${issue.number}`,
    id: pull.id,
    number: issue.number,
    head: side(store.repos.get(pull.headRepoId), pull.headRef, pull.headSha),
    base: side(repo, pull.baseRef, pull.baseSha),
  };
}

/** A review. */
export function showReview(store: Store, review: Review): Record<string, unknown> {
  const issue = store.issues.get(review.issueId)!;
  const repo = store.repos.get(review.repoId)!;
  const page = `${repoPage(store, repo)}/pull/${issue.number}#pullrequestreview-${review.id}`;
  const pullUrl = `${repoUrl(store, repo)}/pulls/${issue.number}`;
  return {
    id: review.id,
    node_id: nodeId("PRR", review.id),
    user: showAccountId(store, review.authorId),
    body: review.body,
    state: review.state,
    html_url: page,
    pull_request_url: pullUrl,
    author_association: authorAssociation(store, repo, review.authorId),
    _links: { html: { href: page }, pull_request: { href: pullUrl } },
    ...(review.submittedAt === null ? {} : { submitted_at: isoTime(review.submittedAt) }),
    commit_id: review.commitId,
  };
}

/** A comment on the diff. */
export function showReviewComment(store: Store, comment: ReviewComment): Record<string, unknown> {
  const issue = store.issues.get(comment.issueId)!;
  const repo = store.repos.get(comment.repoId)!;
  const url = `${repoUrl(store, repo)}/pulls/comments/${comment.id}`;
  const pullUrl = `${repoUrl(store, repo)}/pulls/${issue.number}`;
  const page = `${repoPage(store, repo)}/pull/${issue.number}#discussion_r${comment.id}`;
  return {
    url,
    pull_request_review_id: comment.reviewId,
    id: comment.id,
    node_id: nodeId("PRRC", comment.id),
    diff_hunk: comment.diffHunk,
    path: comment.path,
    commit_id: comment.commitId,
    original_commit_id: comment.commitId,
    user: showAccountId(store, comment.authorId),
    body: comment.body,
    created_at: isoTime(comment.createdAt),
    updated_at: isoTime(comment.updatedAt),
    html_url: page,
    pull_request_url: pullUrl,
    author_association: authorAssociation(store, repo, comment.authorId),
    _links: { self: { href: url }, html: { href: page }, pull_request: { href: pullUrl } },
    reactions: showReactionCounts(url, comment.reactions),
    start_line: null,
    original_start_line: null,
    start_side: null,
    line: comment.line,
    original_line: comment.line,
    side: comment.side,
    position: comment.line,
    original_position: comment.line ?? 1,
    subject_type: comment.line === null ? "file" : "line",
    ...(comment.inReplyToId === null ? {} : { in_reply_to_id: comment.inReplyToId }),
  };
}
