import { roleOf } from "./auth.ts";
import { isoTime, isoTimeOrNull, showAccount, showAccountId, showViaApp } from "./present-account.ts";
import { repoPage, repoUrl } from "./present-repo.ts";
import type { Comment, Issue, IssueEvent, Label, Reaction, Repo } from "./records.ts";
import { accountOf, commentsOf, nodeId, type Store } from "./store.ts";

/** The eight reactions GitHub knows. */
export const REACTIONS = ["+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes"] as const;

/** The reactions roll-up of an issue or comment. */
export function showReactionCounts(url: string, reactions: readonly Reaction[]): Record<string, unknown> {
  const counts = REACTIONS.map((content) => [content, reactions.filter((one) => one.content === content).length]);
  return { url: `${url}/reactions`, total_count: reactions.length, ...Object.fromEntries(counts) };
}

/** One reaction. */
export function showReaction(store: Store, reaction: Reaction): Record<string, unknown> {
  return {
    id: reaction.id,
    node_id: nodeId("REA", reaction.id),
    user: showAccountId(store, reaction.accountId),
    content: reaction.content,
    created_at: isoTime(reaction.createdAt),
  };
}

/** How the author stands to the repository. */
export function authorAssociation(store: Store, repo: Repo, accountId: number): string {
  if (accountId === repo.ownerId) return "OWNER";
  if (accountOf(store, accountId).type === "Bot") return "NONE";
  if (roleOf(repo, accountId) !== "none") return "COLLABORATOR";
  const merged = [...store.issues.values()].some(
    (issue) => issue.repoId === repo.id && issue.authorId === accountId && issue.pull?.mergedAt,
  );
  return merged ? "CONTRIBUTOR" : "NONE";
}

/** A label. */
export function showLabel(store: Store, repo: Repo, label: Label): Record<string, unknown> {
  return {
    id: label.id,
    node_id: nodeId("LA", label.id),
    url: `${repoUrl(store, repo)}/labels/${encodeURIComponent(label.name)}`,
    name: label.name,
    color: label.color,
    default: label.default,
    description: label.description,
  };
}

/** The labels of an issue, in the order they were put on. */
export function labelsOf(repo: Repo, issue: Issue): Label[] {
  return issue.labels.flatMap((id) => repo.labels.find((label) => label.id === id) ?? []);
}

/** An issue (or a pull request seen as one). */
export function showIssue(store: Store, issue: Issue): Record<string, unknown> {
  const repo = store.repos.get(issue.repoId)!;
  const url = `${repoUrl(store, repo)}/issues/${issue.number}`;
  const page = `${repoPage(store, repo)}/${issue.pull ? "pull" : "issues"}/${issue.number}`;
  const assignees = issue.assignees.map((id) => showAccountId(store, id));
  return {
    url,
    repository_url: repoUrl(store, repo),
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: page,
    id: issue.id,
    node_id: nodeId(issue.pull ? "PR" : "I", issue.pull ? issue.pull.id : issue.id),
    number: issue.number,
    title: issue.title,
    user: showAccountId(store, issue.authorId),
    labels: labelsOf(repo, issue).map((label) => showLabel(store, repo, label)),
    state: issue.state,
    locked: issue.locked,
    assignee: assignees[0] ?? null,
    assignees,
    milestone: null,
    comments: commentsOf(store, issue).length,
    created_at: isoTime(issue.createdAt),
    updated_at: isoTime(issue.updatedAt),
    closed_at: isoTimeOrNull(issue.closedAt),
    author_association: authorAssociation(store, repo, issue.authorId),
    active_lock_reason: issue.lockReason,
    draft: issue.pull?.draft ?? false,
    ...(issue.pull ? { pull_request: showPullLinks(store, repo, issue) } : {}),
    body: issue.body,
    closed_by: issue.closedById === null ? null : showAccountId(store, issue.closedById),
    reactions: showReactionCounts(url, issue.reactions),
    timeline_url: `${url}/timeline`,
    performed_via_github_app: showViaApp(store, issue.viaAppId),
    state_reason: issue.stateReason,
  };
}

function showPullLinks(store: Store, repo: Repo, issue: Issue): Record<string, unknown> {
  const page = `${repoPage(store, repo)}/pull/${issue.number}`;
  return {
    url: `${repoUrl(store, repo)}/pulls/${issue.number}`,
    html_url: page,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    merged_at: isoTimeOrNull(issue.pull!.mergedAt),
  };
}

/** A comment of an issue. */
export function showComment(store: Store, comment: Comment): Record<string, unknown> {
  const issue = store.issues.get(comment.issueId)!;
  const repo = store.repos.get(comment.repoId)!;
  const url = `${repoUrl(store, repo)}/issues/comments/${comment.id}`;
  const page = `${repoPage(store, repo)}/${issue.pull ? "pull" : "issues"}/${issue.number}`;
  return {
    url,
    html_url: `${page}#issuecomment-${comment.id}`,
    issue_url: `${repoUrl(store, repo)}/issues/${issue.number}`,
    id: comment.id,
    node_id: nodeId("IC", comment.id),
    user: showAccountId(store, comment.authorId),
    created_at: isoTime(comment.createdAt),
    updated_at: isoTime(comment.updatedAt),
    author_association: authorAssociation(store, repo, comment.authorId),
    body: comment.body,
    reactions: showReactionCounts(url, comment.reactions),
    performed_via_github_app: showViaApp(store, comment.viaAppId),
  };
}

/** An event of the timeline, as `issues/events` lists it. */
export function showIssueEvent(store: Store, issue: Issue, event: IssueEvent): Record<string, unknown> {
  const repo = store.repos.get(issue.repoId)!;
  const actor = accountOf(store, event.actorId);
  return {
    id: event.id,
    node_id: nodeId("LE", event.id),
    url: `${repoUrl(store, repo)}/issues/events/${event.id}`,
    actor: showAccount(store, actor),
    event: event.event,
    commit_id: event.commitId,
    commit_url: event.commitId ? `${repoUrl(store, repo)}/commits/${event.commitId}` : null,
    created_at: isoTime(event.createdAt),
    performed_via_github_app: showViaApp(store, event.viaAppId),
    ...(event.label ? { label: event.label } : {}),
    ...(event.rename ? { rename: event.rename } : {}),
    ...(event.assigneeId === undefined
      ? {}
      : { assignee: showAccountId(store, event.assigneeId), assigner: showAccount(store, actor) }),
    ...(event.stateReason === undefined ? {} : { state_reason: event.stateReason }),
    ...(event.lockReason === undefined ? {} : { lock_reason: event.lockReason }),
    ...(event.reviewerId === undefined
      ? {}
      : {
          review_requester: showAccount(store, actor),
          requested_reviewer: showAccountId(store, event.reviewerId),
        }),
  };
}
