import { z } from "zod";

/** The parts of webhook payloads that Baton reads; everything else is dropped unread. */
const id = z.int().positive();
const account = z.object({ id, login: z.string().min(1), type: z.string().default("User") });
const repository = z.object({
  id,
  name: z.string().min(1),
  owner: z.object({ login: z.string().min(1) }),
  default_branch: z.string().default("main"),
});
const common = { repository, sender: account, installation: z.object({ id }).nullish() };
const viaApp = z.object({ id }).nullish();

const issue = z.object({
  number: id,
  title: z.string(),
  state: z.string(),
  user: z.object({ id }).nullish(),
  pull_request: z.unknown().optional(),
});
const branch = z.object({ ref: z.string(), repo: z.object({ id }).nullish() });
const pullRequest = z.object({
  number: id,
  title: z.string(),
  state: z.string(),
  merged: z.boolean().nullish(),
  user: z.object({ id }).nullish(),
  head: branch,
  base: branch,
});
const comment = z.object({
  id,
  body: z.string().nullish(),
  user: account.nullish(),
  created_at: z.string(),
  updated_at: z.string(),
  performed_via_github_app: viaApp,
});

export const IssuesPayload = z.object({ ...common, issue, label: z.object({ name: z.string() }).nullish() });
export const IssueCommentPayload = z.object({ ...common, issue, comment });
export const ReviewPayload = z.object({
  ...common,
  pull_request: pullRequest.omit({ merged: true }),
  review: z.object({
    id,
    state: z.string(),
    body: z.string().nullish(),
    user: account.nullish(),
    submitted_at: z.string().nullish(),
    performed_via_github_app: viaApp,
  }),
});
export const ReviewCommentPayload = z.object({ ...common, pull_request: pullRequest.omit({ merged: true }), comment });
export const PullRequestPayload = z.object({ ...common, pull_request: pullRequest });
export const WorkflowRunPayload = z.object({
  ...common,
  workflow_run: z.object({ id, head_branch: z.string().nullish() }),
});
export const CheckSuitePayload = z.object({ ...common, check_suite: z.object({ head_branch: z.string().nullish() }) });
const listed = z.array(z.object({ full_name: z.string() })).default([]);
export const InstallationPayload = z.object({
  installation: z.object({ id }),
  repositories: listed,
  repositories_added: listed,
});

export type PullRequestPart = z.infer<typeof ReviewPayload>["pull_request"];
export type IssuePart = z.infer<typeof issue>;
export type CommentPart = z.infer<typeof comment>;
export type CommonPart = { repository: z.infer<typeof repository>; installation?: { id: number } | null };
