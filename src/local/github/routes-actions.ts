import type { WorkflowRun } from "./actions.ts";
import { emit, senderOf } from "./events.ts";
import { readCommit, resolveCommit } from "./git.ts";
import { showSimpleCommit } from "./present-commit.ts";
import { repoPage, repoUrl, showRepo } from "./present-repo.ts";
import { showJob, showRun, showWorkflow } from "./present-run.ts";
import type { Workflow } from "./records.ts";
import {
  type Answer,
  type Context,
  cutPage,
  HttpError,
  invalid,
  notFound,
  type Route,
  requiredText,
  route,
} from "./router.ts";
import { findAccount } from "./store.ts";
import type { DispatchInput, WorkflowFile } from "./workflow-file.ts";

/** Row 21 of GitHub's facts. */
const MAX_INPUTS = 25;
const MAX_INPUTS_CHARACTERS = 65_535;

async function workflowOf(context: Context): Promise<Workflow> {
  const { world, repo, params } = context;
  await world.actions.syncWorkflows(repo);
  const wanted = params.workflow_id!;
  const found = [...world.store.workflows.values()].find(
    (one) => one.repoId === repo.id && (String(one.id) === wanted || one.path.endsWith(`/${wanted}`)),
  );
  if (!found) throw notFound();
  return found;
}

/** Checks what was asked against what the workflow declares; gives all inputs as strings with defaults filled in. */
function readInputs(asked: Record<string, unknown>, declared: Map<string, DispatchInput>): Record<string, string> {
  const names = Object.keys(asked);
  if (names.length > MAX_INPUTS)
    throw invalid(
      `Invalid request.\n\nNo more than ${MAX_INPUTS} properties are allowed; ${names.length} were supplied.`,
    );
  if (JSON.stringify(asked).length > MAX_INPUTS_CHARACTERS) throw new HttpError(422, "inputs are too large.");
  const unexpected = names.filter((name) => !declared.has(name));
  if (unexpected.length > 0) throw new HttpError(422, `Unexpected inputs provided: ${JSON.stringify(unexpected)}`);
  const inputs: Record<string, string> = {};
  for (const [name, input] of declared) {
    const value = asked[name];
    if (value === undefined || value === null) {
      if (input.required && input.default === null) throw new HttpError(422, `Required input '${name}' not provided`);
      inputs[name] = input.default ?? (input.type === "boolean" ? "false" : "");
      continue;
    }
    const given = String(value);
    if (input.type === "choice" && !input.options.includes(given)) {
      throw new HttpError(422, `Provided value '${given}' for input '${name}' not in the list of allowed values`);
    }
    if (input.type === "boolean" && given !== "true" && given !== "false") {
      throw new HttpError(422, `Provided value '${given}' for input '${name}' is not a boolean`);
    }
    inputs[name] = given;
  }
  return inputs;
}

async function refOf({ repo }: Context, name: string): Promise<{ ref: string; sha: string }> {
  const candidates = name.startsWith("refs/") ? [name] : [`refs/heads/${name}`, `refs/tags/${name}`];
  for (const ref of candidates) {
    const sha = await resolveCommit(repo.gitDir, ref);
    if (sha) return { ref, sha };
  }
  throw new HttpError(422, `No ref found for: ${name}`);
}

async function dispatch(context: Context): Promise<Answer> {
  const { world, repo, body } = context;
  const workflow = await workflowOf(context);
  if (workflow.state !== "active")
    throw new HttpError(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow");
  const { ref, sha } = await refOf(context, requiredText(body, "ref"));
  const file = await world.actions.workflowAt(repo, sha, workflow.path);
  if (!file?.inputs) throw new HttpError(422, "Workflow does not have 'workflow_dispatch' trigger");
  const inputs = readInputs((body.inputs as Record<string, unknown> | undefined) ?? {}, file.inputs);
  const run = await startDispatch(context, workflow, file, { ref, sha }, inputs);
  if (body.return_run_details !== true) return { status: 204 };
  const runUrl = `${repoUrl(world.store, repo)}/actions/runs/${run.id}`;
  const details = {
    workflow_run_id: run.id,
    run_url: runUrl,
    html_url: `${repoPage(world.store, repo)}/actions/runs/${run.id}`,
  };
  return { status: 200, body: details };
}

function startDispatch(
  { world, repo, actor }: Context,
  workflow: Workflow,
  file: WorkflowFile,
  at: { ref: string; sha: string },
  inputs: Record<string, string>,
): Promise<WorkflowRun> {
  const payload = {
    inputs: Object.keys(inputs).length > 0 ? inputs : null,
    ref: at.ref,
    repository: showRepo(world.store, repo),
    sender: senderOf(world.store, actor),
    workflow: workflow.path,
  };
  const headBranch = at.ref.replace(/^refs\/(heads|tags)\//, "");
  const request = { repo, workflow, file, event: "workflow_dispatch", payload, inputs, ref: at.ref, headBranch };
  return world.actions.start({ ...request, headSha: at.sha, title: null, actor });
}

/** Row 22: at most ten properties and 65,535 characters; starts runs also for a GITHUB_TOKEN. */
function repositoryDispatch(context: Context): Answer {
  const { world, repo, actor, body } = context;
  const type = requiredText(body, "event_type");
  const client = (body.client_payload as Record<string, unknown> | undefined) ?? {};
  if (Object.keys(client).length > 10) throw invalid("Invalid request.\n\nNo more than 10 properties are allowed.");
  if (JSON.stringify(client).length > 65_535) throw new HttpError(422, "client_payload is too large.");
  const payload = { branch: repo.defaultBranch, client_payload: client };
  const sender = actor.kind === "job" ? ({ kind: "user", account: actor.account, token: actor.token } as const) : actor;
  emit(world, { event: "repository_dispatch", action: type, repo, actor: sender, payload });
  return { status: 204 };
}

function runOf({ world, repo, params }: Context): WorkflowRun {
  const run = world.store.runs.get(Number(params.run_id));
  if (!run || run.repo_id !== repo.id) throw notFound();
  return run;
}

async function showRunOf({ world, repo }: Context, run: WorkflowRun): Promise<Record<string, unknown>> {
  const commit = await readCommit(repo.gitDir, run.head_sha);
  return showRun(world.store, run, commit ? showSimpleCommit(commit) : {});
}

/** `created` takes a day, a bound such as `>=2026-11-20T22:00:00Z`, or `a..b`. */
function createdMatches(run: WorkflowRun, filter: string | null): boolean {
  if (filter === null) return true;
  const time = (value: string, end: boolean) =>
    Date.parse(/T/.test(value) ? value : `${value}T${end ? "23:59:59.999" : "00:00:00"}Z`);
  const range = /^(.+)\.\.(.+)$/.exec(filter);
  const whole = Math.floor(run.created_at / 1000) * 1000;
  if (range) {
    return (
      (range[1] === "*" || whole >= time(range[1]!, false)) && (range[2] === "*" || whole <= time(range[2]!, true))
    );
  }
  const bound = /^(>=|<=|>|<)?(.+)$/.exec(filter)!;
  const value = bound[2]!;
  switch (bound[1]) {
    case ">=":
      return whole >= time(value, false);
    case ">":
      return whole > time(value, true);
    case "<=":
      return whole <= time(value, true);
    case "<":
      return whole < time(value, false);
    default:
      return whole >= time(value, false) && whole <= time(value, true);
  }
}

async function listRuns(context: Context, workflow: Workflow | null): Promise<Answer> {
  const { world, repo, query } = context;
  const asked = (name: string) => query.get(name);
  const actor = asked("actor") === null ? null : findAccount(world.store, asked("actor")!);
  const found = [...world.store.runs.values()]
    .filter((run) => run.repo_id === repo.id && (workflow === null || run.workflow_id === workflow.id))
    .filter((run) => asked("event") === null || run.event === asked("event"))
    .filter((run) => asked("status") === null || run.status === asked("status") || run.conclusion === asked("status"))
    .filter((run) => asked("branch") === null || run.head_branch === asked("branch"))
    .filter((run) => asked("head_sha") === null || run.head_sha === asked("head_sha"))
    .filter((run) => asked("actor") === null || run.actor.id === actor?.id)
    .filter((run) => createdMatches(run, asked("created")))
    .reverse();
  const { slice, headers, visible } = cutPage(context, found);
  const shown = await Promise.all(slice.map((run) => showRunOf(context, run)));
  return { status: 200, headers, body: { total_count: visible, workflow_runs: shown } };
}

function cancel(context: Context, how: "cancel" | "force_cancel"): Answer {
  const run = runOf(context);
  if (run.status === "completed") throw new HttpError(409, "Cannot cancel a workflow run that is completed.");
  context.world.actions.requestCancel(run.id, how);
  return { status: 202, body: {} };
}

async function rerun(context: Context): Promise<Answer> {
  const run = runOf(context);
  if (run.status !== "completed") throw new HttpError(403, "This workflow is already running");
  await context.world.actions.rerun(run, context.actor);
  return { status: 201, body: {} };
}

function listJobs(context: Context): Answer {
  const run = runOf(context);
  const all = context.query.get("filter") === "all";
  const jobs = run.jobs.filter((job) => all || job.run_attempt === run.run_attempt);
  const { slice, headers, visible } = cutPage(context, jobs);
  return {
    status: 200,
    headers,
    body: { total_count: visible, jobs: slice.map((job) => showJob(context.world.store, run, job)) },
  };
}

function jobOf({ world, repo, params }: Context) {
  for (const run of world.store.runs.values()) {
    const job = run.repo_id === repo.id ? run.jobs.find((one) => one.id === Number(params.job_id)) : undefined;
    if (job) return { run, job };
  }
  throw notFound();
}

async function listWorkflows(context: Context): Promise<Answer> {
  const { world, repo } = context;
  await world.actions.syncWorkflows(repo);
  const found = [...world.store.workflows.values()].filter((one) => one.repoId === repo.id && one.state !== "deleted");
  const { slice, headers, visible } = cutPage(context, found);
  return {
    status: 200,
    headers,
    body: { total_count: visible, workflows: slice.map((one) => showWorkflow(world.store, one)) },
  };
}

const BASE = "/repos/{owner}/{repo}/actions";
const READ = ["actions:read"];
const WRITE = ["actions:write"];

/** Workflows, their runs and jobs. */
export const actionsRoutes: Route[] = [
  route("GET", `${BASE}/workflows`, "actions/list-repo-workflows", READ, listWorkflows),
  route("GET", `${BASE}/workflows/{workflow_id}`, "actions/get-workflow", READ, async (context) => ({
    status: 200,
    body: showWorkflow(context.world.store, await workflowOf(context)),
  })),
  route("POST", `${BASE}/workflows/{workflow_id}/dispatches`, "actions/create-workflow-dispatch", WRITE, dispatch),
  route("GET", `${BASE}/workflows/{workflow_id}/runs`, "actions/list-workflow-runs", READ, async (context) =>
    listRuns(context, await workflowOf(context)),
  ),
  route(
    "POST",
    "/repos/{owner}/{repo}/dispatches",
    "repos/create-dispatch-event",
    ["contents:write"],
    repositoryDispatch,
  ),
  route("GET", `${BASE}/runs`, "actions/list-workflow-runs-for-repo", READ, (context) => listRuns(context, null)),
  route("GET", `${BASE}/runs/{run_id}`, "actions/get-workflow-run", READ, async (context) => ({
    status: 200,
    body: await showRunOf(context, runOf(context)),
  })),
  route("POST", `${BASE}/runs/{run_id}/cancel`, "actions/cancel-workflow-run", WRITE, (context) =>
    cancel(context, "cancel"),
  ),
  route("POST", `${BASE}/runs/{run_id}/force-cancel`, "actions/force-cancel-workflow-run", WRITE, (context) =>
    cancel(context, "force_cancel"),
  ),
  route("POST", `${BASE}/runs/{run_id}/rerun`, "actions/re-run-workflow", WRITE, rerun),
  route("POST", `${BASE}/runs/{run_id}/rerun-failed-jobs`, "actions/re-run-workflow-failed-jobs", WRITE, rerun),
  route("GET", `${BASE}/runs/{run_id}/jobs`, "actions/list-jobs-for-workflow-run", READ, listJobs),
  route("GET", `${BASE}/jobs/{job_id}`, "actions/get-job-for-workflow-run", READ, (context) => {
    const { run, job } = jobOf(context);
    return { status: 200, body: showJob(context.world.store, run, job) };
  }),
  // GitHub answers with a short-lived address of the text.
  route("GET", `${BASE}/jobs/{job_id}/logs`, "actions/download-job-logs-for-workflow-run", READ, (context) => ({
    status: 302,
    headers: { location: `${context.world.store.urls.server}/_logs/${jobOf(context).job.id}.txt` },
  })),
  route("PUT", `${BASE}/workflows/{workflow_id}/disable`, "actions/disable-workflow", WRITE, async (context) => {
    (await workflowOf(context)).state = "disabled_manually";
    return { status: 204 };
  }),
  route("PUT", `${BASE}/workflows/{workflow_id}/enable`, "actions/enable-workflow", WRITE, async (context) => {
    (await workflowOf(context)).state = "active";
    return { status: 204 };
  }),
];
