/** Every delivery that the App takes, in the words of Probot; `app.yml` lists the same events. */
export const subscriptions = [
  "issues.labeled",
  "issues.unlabeled",
  "issues.closed",
  "issue_comment.created",
  "pull_request_review.submitted",
  "pull_request_review_comment.created",
  "pull_request.closed",
  "pull_request.synchronize",
  "workflow_run.completed",
  "check_suite.completed",
  "installation.created",
  "installation.new_permissions_accepted",
  "installation_repositories.added",
] as const;
