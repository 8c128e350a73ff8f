import type { WorkflowRun } from "./actions.ts";

/** `none` is expressed by leaving the key out. */
export type Permissions = Record<string, "read" | "write" | "admin">;

/** The repository roles of GitHub, finest form. */
export type Role = "admin" | "maintain" | "write" | "triage" | "read";

/** A person, an organisation or a bot. */
export interface Account {
  kind: "account";
  id: number;
  login: string;
  type: "User" | "Bot" | "Organization";
  createdAt: number;
}

/** A GitHub App; the private key is kept so that tests and demos can hand it to the product. */
export interface App {
  kind: "app";
  id: number;
  slug: string;
  name: string;
  ownerId: number;
  botId: number;
  privateKey: string;
  publicKey: string;
  clientId: string;
  permissions: Permissions;
  events: string[];
  /** Null: the App has no webhook. */
  webhook: { url: string; secret: string | null } | null;
  createdAt: number;
}

/** An App on an account; `repositoryIds` null means all of them. */
export interface Installation {
  kind: "installation";
  id: number;
  appId: number;
  accountId: number;
  repositoryIds: number[] | null;
  permissions: Permissions;
  events: string[];
  suspendedAt: number | null;
  createdAt: number;
}

/** Who a token speaks for; times in ms. */
export type Token =
  | { kind: "user"; value: string; accountId: number; expiresAt: null; scopes: string[] }
  | {
      kind: "installation";
      value: string;
      installationId: number;
      permissions: Permissions;
      repositoryIds: number[] | null;
      expiresAt: number;
    }
  | {
      kind: "job";
      value: string;
      runId: number;
      jobId: number | null;
      repoId: number;
      permissions: Permissions;
      expiresAt: number;
    };

/** One repository with its settings; its git data lies in `gitDir`. */
export interface Repo {
  kind: "repo";
  id: number;
  ownerId: number;
  name: string;
  private: boolean;
  description: string | null;
  defaultBranch: string;
  gitDir: string;
  roles: Map<number, Role>;
  labels: Label[];
  /** The Actions setting "Allow GitHub Actions to create and approve pull requests". */
  actionsMayCreatePullRequests: boolean;
  deleteBranchOnMerge: boolean;
  archived: boolean;
  secrets: Record<string, string>;
  variables: Record<string, string>;
  forkOf: number | null;
  nextNumber: number;
  /** A former `owner/name` answers with 301. */
  formerNames: string[];
  createdAt: number;
  updatedAt: number;
  pushedAt: number;
}

export interface Label {
  kind: "label";
  id: number;
  name: string;
  color: string;
  description: string | null;
  default: boolean;
}

/** One line of who reacted how. */
export interface Reaction {
  kind: "reaction";
  id: number;
  accountId: number;
  content: string;
  createdAt: number;
}

/** A body that people edit: GraphQL shows when and by whom. */
export interface Editable {
  lastEditedAt: number | null;
  editorId: number | null;
  edits: { id: number; editedAt: number; editorId: number; diff: string }[];
}

/** An issue; a pull request is an issue with `pull` set. */
export interface Issue extends Editable {
  kind: "issue";
  id: number;
  repoId: number;
  number: number;
  title: string;
  body: string | null;
  authorId: number;
  /** The App through which it was written, if any. */
  viaAppId: number | null;
  labels: number[];
  assignees: number[];
  state: "open" | "closed";
  stateReason: "completed" | "reopened" | "not_planned" | "duplicate" | null;
  locked: boolean;
  lockReason: string | null;
  createdAt: number;
  updatedAt: number;
  closedAt: number | null;
  closedById: number | null;
  reactions: Reaction[];
  /** The timeline, oldest first. */
  events: IssueEvent[];
  pull: PullRequest | null;
}

/** The part of a pull request that an issue has not. */
export interface PullRequest {
  id: number;
  draft: boolean;
  headRepoId: number;
  headRef: string;
  headSha: string;
  baseRef: string;
  baseSha: string;
  mergedAt: number | null;
  mergedById: number | null;
  mergeCommitSha: string | null;
  maintainerCanModify: boolean;
  requestedReviewers: number[];
  autoMerge: null;
}

/** One event of an issue's timeline (comments and reviews are merged in when it is shown). */
export interface IssueEvent {
  kind: "issue_event";
  id: number;
  event: string;
  actorId: number;
  viaAppId: number | null;
  createdAt: number;
  commitId: string | null;
  label?: { name: string; color: string };
  rename?: { from: string; to: string };
  assigneeId?: number;
  stateReason?: string | null;
  lockReason?: string | null;
  reviewerId?: number;
}

/** A comment on an issue or on the conversation of a pull request. */
export interface Comment extends Editable {
  kind: "comment";
  id: number;
  repoId: number;
  issueId: number;
  authorId: number;
  viaAppId: number | null;
  body: string;
  createdAt: number;
  updatedAt: number;
  minimized: string | null;
  reactions: Reaction[];
}

export interface Review extends Editable {
  kind: "review";
  id: number;
  repoId: number;
  issueId: number;
  authorId: number;
  viaAppId: number | null;
  body: string;
  state: "APPROVED" | "CHANGES_REQUESTED" | "COMMENTED" | "PENDING" | "DISMISSED";
  commitId: string;
  submittedAt: number | null;
}

export interface ReviewComment extends Editable {
  kind: "review_comment";
  id: number;
  repoId: number;
  issueId: number;
  reviewId: number;
  authorId: number;
  viaAppId: number | null;
  body: string;
  path: string;
  diffHunk: string;
  line: number | null;
  side: "LEFT" | "RIGHT";
  commitId: string;
  inReplyToId: number | null;
  createdAt: number;
  updatedAt: number;
  reactions: Reaction[];
}

export interface CheckSuite {
  kind: "check_suite";
  id: number;
  repoId: number;
  appId: number;
  headSha: string;
  headBranch: string | null;
  createdAt: number;
  updatedAt: number;
}

export interface CheckRun {
  kind: "check_run";
  id: number;
  repoId: number;
  suiteId: number;
  appId: number;
  name: string;
  headSha: string;
  externalId: string;
  detailsUrl: string | null;
  status: "queued" | "in_progress" | "completed" | "waiting" | "requested" | "pending";
  conclusion: string | null;
  startedAt: number | null;
  completedAt: number | null;
  output: { title: string | null; summary: string | null; text: string | null };
  annotations: CheckAnnotation[];
  actions: { label: string; description: string; identifier: string }[];
}

export interface CheckAnnotation {
  path: string;
  start_line: number;
  end_line: number;
  start_column: number | null;
  end_column: number | null;
  annotation_level: string;
  title: string | null;
  message: string;
  raw_details: string | null;
}

/** A workflow file that was seen on the default branch. */
export interface Workflow {
  kind: "workflow";
  id: number;
  repoId: number;
  path: string;
  name: string;
  /** Removed from the default branch: it can no longer be dispatched. */
  state: "active" | "deleted" | "disabled_manually" | "disabled_inactivity";
  runCount: number;
  createdAt: number;
  updatedAt: number;
}

/** One attempt to deliver one webhook; a redelivery is a second record with the same guid. */
export interface Delivery {
  kind: "delivery";
  id: number;
  guid: string;
  appId: number;
  event: string;
  action: string | null;
  installationId: number | null;
  repositoryId: number | null;
  redelivery: boolean;
  deliveredAt: number;
  throttledAt: number | null;
  /** Seconds. */
  duration: number;
  status: string;
  statusCode: number;
  url: string;
  request: { headers: Record<string, string>; payload: Record<string, unknown>; raw: string };
  response: { headers: Record<string, string>; payload: string };
}

export type RunRecord = WorkflowRun;
