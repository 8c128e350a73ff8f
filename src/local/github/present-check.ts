import { isoTime, isoTimeOrNull, showApp } from "./present-account.ts";
import { showPullRef } from "./present-pull.ts";
import { repoPage, repoUrl, showMinimalRepo } from "./present-repo.ts";
import type { CheckRun, CheckSuite, Repo } from "./records.ts";
import { issuesOf, nodeId, type Store } from "./store.ts";

function pullsOfHead(store: Store, repo: Repo, sha: string): unknown[] {
  return issuesOf(store, repo)
    .filter((issue) => issue.pull?.headSha === sha && issue.state === "open")
    .map((issue) => showPullRef(store, issue));
}

/** A check run. */
export function showCheckRun(store: Store, run: CheckRun): Record<string, unknown> {
  const repo = store.repos.get(run.repoId)!;
  const url = `${repoUrl(store, repo)}/check-runs/${run.id}`;
  const page = `${repoPage(store, repo)}/runs/${run.id}`;
  return {
    id: run.id,
    name: run.name,
    node_id: nodeId("CR", run.id),
    head_sha: run.headSha,
    external_id: run.externalId,
    url,
    html_url: page,
    details_url: run.detailsUrl ?? page,
    status: run.status,
    conclusion: run.conclusion,
    started_at: isoTimeOrNull(run.startedAt),
    completed_at: isoTimeOrNull(run.completedAt),
    output: {
      ...run.output,
      annotations_count: run.annotations.length,
      annotations_url: `${url}/annotations`,
    },
    check_suite: { id: run.suiteId },
    app: showApp(store, store.apps.get(run.appId)!),
    pull_requests: pullsOfHead(store, repo, run.headSha),
  };
}

/** The check runs of a suite, oldest first. */
export function checkRunsOf(store: Store, suite: CheckSuite): CheckRun[] {
  return [...store.checkRuns.values()].filter((run) => run.suiteId === suite.id);
}

/** What the check runs of a suite add up to. */
export function suiteState(runs: readonly CheckRun[]): { status: string; conclusion: string | null } {
  if (runs.length === 0) return { status: "queued", conclusion: null };
  if (runs.some((run) => run.status !== "completed")) return { status: "in_progress", conclusion: null };
  const order = ["action_required", "cancelled", "timed_out", "failure", "stale", "success", "neutral", "skipped"];
  const worst = order.find((conclusion) => runs.some((run) => run.conclusion === conclusion));
  return { status: "completed", conclusion: worst ?? "neutral" };
}

/** A check suite. */
export function showSuite(
  store: Store,
  suite: CheckSuite,
  headCommit: Record<string, unknown>,
): Record<string, unknown> {
  const repo = store.repos.get(suite.repoId)!;
  const runs = checkRunsOf(store, suite);
  const url = `${repoUrl(store, repo)}/check-suites/${suite.id}`;
  return {
    id: suite.id,
    node_id: nodeId("CS", suite.id),
    head_branch: suite.headBranch,
    head_sha: suite.headSha,
    ...suiteState(runs),
    url,
    before: null,
    after: suite.headSha,
    pull_requests: pullsOfHead(store, repo, suite.headSha),
    app: showApp(store, store.apps.get(suite.appId)!),
    repository: showMinimalRepo(store, repo),
    created_at: isoTime(suite.createdAt),
    updated_at: isoTime(suite.updatedAt),
    head_commit: headCommit,
    latest_check_runs_count: runs.length,
    check_runs_url: `${url}/check-runs`,
    rerequestable: true,
    runs_rerequestable: true,
  };
}
