import type { WorkflowJob, WorkflowRun } from "./actions.ts";
import { isoTime, isoTimeOrNull, showAccountId } from "./present-account.ts";
import { showPullRef } from "./present-pull.ts";
import { repoPage, repoUrl, showMinimalRepo } from "./present-repo.ts";
import type { Workflow } from "./records.ts";
import { issuesOf, nodeId, type Store } from "./store.ts";

/** A workflow of a repository. */
export function showWorkflow(store: Store, workflow: Workflow): Record<string, unknown> {
  const repo = store.repos.get(workflow.repoId)!;
  const file = workflow.path.split("/").at(-1)!;
  return {
    id: workflow.id,
    node_id: nodeId("W", workflow.id),
    name: workflow.name,
    path: workflow.path,
    state: workflow.state,
    created_at: isoTime(workflow.createdAt),
    updated_at: isoTime(workflow.updatedAt),
    url: `${repoUrl(store, repo)}/actions/workflows/${workflow.id}`,
    html_url: `${repoPage(store, repo)}/blob/${repo.defaultBranch}/${workflow.path}`,
    badge_url: `${repoPage(store, repo)}/actions/workflows/${file}/badge.svg`,
  };
}

/** A run of a workflow. */
export function showRun(store: Store, run: WorkflowRun, headCommit: Record<string, unknown>): Record<string, unknown> {
  const repo = store.repos.get(run.repo_id)!;
  const url = `${repoUrl(store, repo)}/actions/runs/${run.id}`;
  const minimal = showMinimalRepo(store, repo);
  const pulls = issuesOf(store, repo).filter((issue) => issue.pull?.headSha === run.head_sha && issue.state === "open");
  return {
    id: run.id,
    name: run.workflow_name,
    node_id: nodeId("WFR", run.id),
    check_suite_id: run.id,
    check_suite_node_id: nodeId("CS", run.id),
    head_branch: run.head_branch,
    head_sha: run.head_sha,
    path: run.workflow_path,
    run_number: run.run_number,
    run_attempt: run.run_attempt,
    referenced_workflows: [],
    event: run.event,
    display_title: run.display_title,
    status: run.status,
    conclusion: run.conclusion,
    workflow_id: run.workflow_id,
    url,
    html_url: `${repoPage(store, repo)}/actions/runs/${run.id}`,
    pull_requests: pulls.map((issue) => showPullRef(store, issue)),
    created_at: isoTime(run.created_at),
    updated_at: isoTime(run.updated_at),
    actor: showAccountId(store, run.actor.id),
    triggering_actor: showAccountId(store, run.triggering_actor.id),
    run_started_at: isoTime(run.run_started_at),
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_url: `${repoUrl(store, repo)}/check-suites/${run.id}`,
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    previous_attempt_url: run.run_attempt > 1 ? `${url}/attempts/${run.run_attempt - 1}` : null,
    workflow_url: `${repoUrl(store, repo)}/actions/workflows/${run.workflow_id}`,
    head_commit: headCommit,
    repository: minimal,
    head_repository: minimal,
  };
}

/** A job of a run. */
export function showJob(store: Store, run: WorkflowRun, job: WorkflowJob): Record<string, unknown> {
  const repo = store.repos.get(run.repo_id)!;
  const api = repoUrl(store, repo);
  return {
    id: job.id,
    run_id: run.id,
    workflow_name: run.workflow_name,
    head_branch: run.head_branch,
    run_url: `${api}/actions/runs/${run.id}`,
    run_attempt: job.run_attempt,
    node_id: nodeId("CR", job.id),
    head_sha: run.head_sha,
    url: `${api}/actions/jobs/${job.id}`,
    html_url: `${repoPage(store, repo)}/actions/runs/${run.id}/job/${job.id}`,
    status: job.status,
    conclusion: job.conclusion,
    created_at: isoTime(job.created_at),
    started_at: isoTime(job.started_at ?? job.created_at),
    completed_at: isoTimeOrNull(job.completed_at),
    name: job.name,
    steps: job.steps.map((step) => ({
      name: step.name,
      status: step.status,
      conclusion: step.conclusion,
      number: step.number,
      started_at: isoTimeOrNull(step.started_at),
      completed_at: isoTimeOrNull(step.completed_at),
    })),
    check_run_url: `${api}/check-runs/${job.id}`,
    labels: ["ubuntu-latest"],
    runner_id: job.runner_name === null ? null : 1,
    runner_name: job.runner_name,
    runner_group_id: job.runner_name === null ? null : 1,
    runner_group_name: job.runner_name === null ? null : "GitHub Actions",
  };
}
