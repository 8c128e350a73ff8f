import type { z } from "zod";
import { commandHeadLength } from "../domain/command.ts";
import type { Trigger } from "../domain/trigger.ts";
import {
  CheckSuitePayload,
  type CommentPart,
  type CommonPart,
  InstallationPayload,
  IssueCommentPayload,
  type IssuePart,
  IssuesPayload,
  type PullRequestPart,
  PullRequestPayload,
  ReviewCommentPayload,
  ReviewPayload,
  WorkflowRunPayload,
} from "./payloads.ts";
import { commandNames, readCommand } from "./read-command.ts";
import type { Reading, ReadingHands, RepositoryFacts, Signal, SubjectFacts } from "./reading.ts";

type CommandTrigger = Extract<Trigger, { kind: "command" }>;

const mayCommand = new RegExp(`/(?:${commandNames.join("|")})`);

/** Reads one webhook delivery, or one Actions event of the same name; pure, and every unknown shape is `ignored`. */
export function readDelivery(event: string, payload: unknown, hands: ReadingHands): Reading {
  const action = readAction(payload);
  switch (action === null ? event : `${event}.${action}`) {
    case "issues.labeled":
      return parsed(IssuesPayload, payload, readLabeled);
    case "issues.unlabeled":
      return parsed(IssuesPayload, payload, (found) => ofIssue(found, "unlabeled"));
    case "issues.closed":
      return parsed(IssuesPayload, payload, (found) => ofIssue(found, "issue_closed"));
    case "issue_comment.created":
      return parsed(IssueCommentPayload, payload, (found) =>
        readComment(found, found.comment, issueFacts(found.issue), "comment", hands),
      );
    case "pull_request_review_comment.created":
      return parsed(ReviewCommentPayload, payload, (found) =>
        readComment(found, found.comment, pullRequestFacts(found.pull_request), "review_comment", hands),
      );
    case "pull_request_review.submitted":
      return parsed(ReviewPayload, payload, readReview);
    case "pull_request.closed":
      return parsed(PullRequestPayload, payload, (found) => ofPullRequest(found, "pull_request_closed"));
    case "pull_request.synchronize":
      return parsed(PullRequestPayload, payload, (found) => ofPullRequest(found, "pull_request_changed"));
    case "workflow_run.completed":
      return parsed(WorkflowRunPayload, payload, (found) =>
        signal(found, {
          name: "run_completed",
          runId: found.workflow_run.id,
          headRef: found.workflow_run.head_branch ?? null,
        }),
      );
    case "check_suite.completed":
      return parsed(CheckSuitePayload, payload, (found) =>
        signal(found, { name: "checks_completed", headRef: found.check_suite.head_branch ?? null }),
      );
    case "installation.created":
    case "installation.new_permissions_accepted":
    case "installation_repositories.added":
      return parsed(InstallationPayload, payload, readInstallation);
    default:
      return { kind: "ignored", reason: `nothing is done for ${event}${action === null ? "" : `.${action}`}` };
  }
}

function readAction(payload: unknown): string | null {
  if (payload === null || typeof payload !== "object" || !("action" in payload)) return null;
  return typeof payload.action === "string" ? payload.action : null;
}

function parsed<T extends z.ZodType>(schema: T, payload: unknown, read: (found: z.infer<T>) => Reading): Reading {
  const result = schema.safeParse(payload);
  if (result.success) return read(result.data);
  const issue = result.error.issues[0];
  return {
    kind: "ignored",
    reason: `the payload does not fit: ${issue?.path.map(String).join(".")}: ${issue?.message}`,
  };
}

function readLabeled(found: z.infer<typeof IssuesPayload>): Reading {
  if (!found.label) return { kind: "ignored", reason: "the delivery does not name the label" };
  const trigger: Trigger = { kind: "label", number: found.issue.number, label: found.label.name, actor: found.sender };
  return { kind: "trigger", trigger, ...context(found), subject: issueFacts(found.issue), viaAppId: null };
}

function readComment(
  found: CommonPart,
  comment: CommentPart,
  subject: SubjectFacts,
  place: CommandTrigger["place"],
  hands: ReadingHands,
): Reading {
  const body = comment.body ?? "";
  // Most comments are no commands: a cheap look first, so that no stranger's text is parsed for nothing.
  if (!mayCommand.test(body)) return { kind: "ignored", reason: "the comment is not a command" };
  const reading = readCommand(hands.renderVisible(body.slice(0, commandHeadLength)));
  if (reading.kind === "none") return { kind: "ignored", reason: reading.reason };
  const actor = comment.user;
  if (!actor) return { kind: "ignored", reason: "the comment has no author" };
  const { repository, installationId } = context(found);
  if (reading.kind === "malformed") {
    const { reason } = reading;
    return {
      kind: "malformed",
      number: subject.number,
      commentId: comment.id,
      actor,
      reason,
      repository,
      installationId,
    };
  }
  const trigger: Trigger = {
    kind: "command",
    number: subject.number,
    onPullRequest: subject.isPullRequest,
    place,
    commentId: comment.id,
    command: reading.command,
    actor,
    at: comment.created_at,
  };
  const edited = comment.created_at !== comment.updated_at;
  const viaAppId = comment.performed_via_github_app?.id ?? null;
  return { kind: "trigger", trigger, repository, installationId, subject: { ...subject, edited }, viaAppId };
}

function readReview(found: z.infer<typeof ReviewPayload>): Reading {
  const { review } = found;
  if (review.state.toLowerCase() !== "changes_requested") {
    return { kind: "ignored", reason: "only a review that requests changes steers a session" };
  }
  if (!review.user || !review.submitted_at) return { kind: "ignored", reason: "the review has no author or no time" };
  const trigger: Trigger = {
    kind: "review",
    number: found.pull_request.number,
    reviewId: review.id,
    actor: review.user,
    at: review.submitted_at,
  };
  const viaAppId = review.performed_via_github_app?.id ?? null;
  return { kind: "trigger", trigger, ...context(found), subject: pullRequestFacts(found.pull_request), viaAppId };
}

function readInstallation(found: z.infer<typeof InstallationPayload>): Reading {
  const repositories = [...found.repositories, ...found.repositories_added].flatMap(({ full_name }) => {
    const [owner, repo] = full_name.split("/");
    return owner && repo ? [{ owner, repo }] : [];
  });
  return { kind: "installed", repositories, installationId: found.installation.id };
}

function ofIssue(found: z.infer<typeof IssuesPayload>, name: Signal["name"]): Reading {
  return signal(found, { name, number: found.issue.number, label: found.label?.name ?? null });
}

function ofPullRequest(found: z.infer<typeof PullRequestPayload>, name: Signal["name"]): Reading {
  const { number, merged, head, base } = found.pull_request;
  if (!head.repo || head.repo.id !== base.repo?.id)
    return { kind: "ignored", reason: "the pull request comes from a fork" };
  return signal(found, { name, number, headRef: head.ref, merged: merged === true });
}

function signal(found: CommonPart, part: Partial<Signal> & Pick<Signal, "name">): Reading {
  const empty = { number: null, headRef: null, label: null, runId: null, merged: false };
  return { kind: "signal", signal: { ...empty, ...part }, ...context(found) };
}

function context(found: CommonPart): { repository: RepositoryFacts; installationId: number | null } {
  const { id, name, owner, default_branch } = found.repository;
  return {
    repository: { id, owner: owner.login, repo: name, defaultBranch: default_branch },
    installationId: found.installation?.id ?? null,
  };
}

function issueFacts(issue: IssuePart): SubjectFacts {
  const isPullRequest = issue.pull_request !== undefined && issue.pull_request !== null;
  const { number, title } = issue;
  const unknown = isPullRequest ? null : false;
  const authorId = issue.user?.id ?? null;
  return {
    number,
    isPullRequest,
    open: issue.state === "open",
    title,
    authorId,
    edited: false,
    fork: unknown,
    headRef: null,
  };
}

function pullRequestFacts(found: PullRequestPart): SubjectFacts {
  const { number, title, state, head, base } = found;
  const fork = !head.repo || head.repo.id !== base.repo?.id;
  const authorId = found.user?.id ?? null;
  return {
    number,
    isPullRequest: true,
    open: state === "open",
    title,
    authorId,
    edited: false,
    fork,
    headRef: head.ref,
  };
}
