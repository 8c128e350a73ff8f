import type { ActionsEvent, ActionsHost, JobPatch, RunPatch, WorkflowJob, WorkflowRun } from "./actions.ts";
import { type Actor, authorOf, newServerToken } from "./auth.ts";
import { emit } from "./events.ts";
import { git, listTree, readBlob, readCommit, resolveCommit } from "./git.ts";
import { showSimpleCommit } from "./present-commit.ts";
import { showRepo } from "./present-repo.ts";
import { showRun, showWorkflow } from "./present-run.ts";
import type { CheckRun, CheckSuite, Repo, Workflow } from "./records.ts";
import { accountOf, findRepo, fullName } from "./store.ts";
import { readWorkflowFile, type WorkflowFile, waitsFor } from "./workflow-file.ts";
import type { Happening, World } from "./world.ts";

/** What the rest of the server asks of Actions, beside the door for runners. */
export interface ActionsServer extends ActionsHost {
  /** Makes runs of the workflows that wait for this. */
  react(happening: Happening, payload: Record<string, unknown>): Promise<void>;
  /** Re-reads the workflow files of the default branch. */
  syncWorkflows(repo: Repo): Promise<WorkflowFile[]>;
  /** Makes one run. */
  start(request: StartRequest): Promise<WorkflowRun>;
  /** A new attempt of a finished run. */
  rerun(run: WorkflowRun, actor: Actor): Promise<void>;
  /** `file` as it stands at a commit, or null. */
  workflowAt(repo: Repo, commit: string, path: string): Promise<WorkflowFile | null>;
}

/** All that makes a run. */
export interface StartRequest {
  repo: Repo;
  workflow: Workflow;
  file: WorkflowFile;
  event: string;
  payload: Record<string, unknown>;
  inputs: Record<string, string>;
  ref: string;
  headBranch: string;
  headSha: string;
  title: string | null;
  actor: Actor;
}

const WORKFLOWS = ".github/workflows";
/** A GITHUB_TOKEN lives at most 24 h: concepts/security/github_token. */
const JOB_TOKEN_MS = 24 * 3_600_000;
/** Events whose workflow file is taken from the commit they are about, not from the default branch. */
const EVENTS_OF_THE_HEAD = new Set(["push", "pull_request", "pull_request_review", "pull_request_review_comment"]);

/** Makes the server side of Actions. */
export function createActions(world: World): ActionsServer {
  const { store } = world;
  const listeners = new Map<ActionsEvent, Set<(run: WorkflowRun) => void>>();
  const tell = (event: ActionsEvent, run: WorkflowRun) => {
    for (const listener of [...(listeners.get(event) ?? [])]) listener(run);
  };
  const runOf = (id: number): WorkflowRun => {
    const run = store.runs.get(id);
    if (!run) throw new Error(`there is no run ${id}`);
    return run;
  };
  const emitRun = (run: WorkflowRun, action: string, actor?: Actor) => {
    world.later(() => emitWorkflowRun(world, run, action, actor));
  };

  const host: ActionsServer = {
    nameRun: null,
    get runs() {
      return [...store.runs.values()];
    },
    run: (id) => store.runs.get(id),
    nextQueued: () => host.runs.find((run) => run.status === "queued" && !run.claimed),
    claim: (runId) => {
      const run = store.runs.get(runId);
      if (!run || run.claimed || run.status === "completed") return false;
      run.claimed = true;
      return true;
    },
    on: (event, listener) => {
      const set = listeners.get(event) ?? new Set();
      listeners.set(event, set.add(listener));
      return () => void set.delete(listener);
    },
    setRun: (runId, patch) => {
      const run = runOf(runId);
      const before = run.status;
      applyRunPatch(run, patch, store.now());
      if (run.status !== before && run.status === "completed") revokeRunTokens(world, run);
      if (run.status !== before && (run.status === "in_progress" || run.status === "completed"))
        emitRun(run, run.status);
      tell("run_changed", run);
      return run;
    },
    createJob: (runId, spec) => {
      const run = runOf(runId);
      const job = newJob(world, run, spec);
      run.jobs.push(job);
      mirrorJob(world, run, job);
      tell("run_changed", run);
      return job;
    },
    setJob: (jobId, patch) => {
      const run = host.runs.find((one) => one.jobs.some((job) => job.id === jobId));
      const job = run?.jobs.find((one) => one.id === jobId);
      if (!run || !job) throw new Error(`there is no job ${jobId}`);
      applyJobPatch(job, patch, store.now());
      run.updated_at = store.now();
      if (job.status === "completed") revokeJobTokens(world, job.id);
      mirrorJob(world, run, job);
      tell("run_changed", run);
      return job;
    },
    mintJobToken: (runId, { permissions, jobId }) => {
      const run = runOf(runId);
      const value = newServerToken(store, store.actionsApp.id);
      const { workflows: _, ...granted } = permissions;
      const expiresAt = store.now() + JOB_TOKEN_MS;
      const repoId = run.repo_id;
      store.tokens.set(value, {
        kind: "job",
        value,
        runId,
        jobId: jobId ?? null,
        repoId,
        permissions: granted,
        expiresAt,
      });
      return value;
    },
    revokeJobToken: (token) => void store.tokens.delete(token),
    requestCancel: (runId, how = "cancel") => {
      const run = runOf(runId);
      if (run.status === "completed") return;
      run.cancel_requested = how;
      run.updated_at = store.now();
      if (!run.claimed) host.setRun(runId, { status: "completed", conclusion: "cancelled" });
      tell("cancel_requested", run);
    },
    secrets: (runId) => ({ ...store.repos.get(runOf(runId).repo_id)!.secrets }),
    variables: (runId) => ({ ...store.repos.get(runOf(runId).repo_id)!.variables }),
    readFile: async (runId, path) => {
      const run = runOf(runId);
      const bytes = await readBlob(store.repos.get(run.repo_id)!.gitDir, `${run.head_sha}:${path}`);
      return bytes?.toString("utf8");
    },
    fireSchedule: (repository, cron) => fireSchedule(world, repository, cron),
    react: (happening, payload) => react(world, happening, payload),
    syncWorkflows: (repo) => syncWorkflows(world, repo),
    workflowAt: (repo, commit, path) => workflowAt(repo, commit, path),
    start: async (request) => {
      const run = newRun(world, request);
      const name = request.file.runName;
      if (name !== null) run.display_title = host.nameRun?.(run, name) ?? run.display_title;
      store.runs.set(run.id, run);
      emitRun(run, "requested", request.actor);
      tell("run_requested", run);
      return run;
    },
    rerun: async (run, actor) => {
      const now = store.now();
      const { id, login, type } = authorOf(actor);
      Object.assign(run, {
        run_attempt: run.run_attempt + 1,
        status: "queued",
        conclusion: null,
        claimed: false,
        cancel_requested: null,
        concurrency: null,
        run_started_at: now,
        updated_at: now,
        triggering_actor: { id, login, type },
      } satisfies Partial<WorkflowRun>);
      emitRun(run, "requested", actor);
      tell("run_requested", run);
    },
  };
  return host;
}

function applyRunPatch(run: WorkflowRun, patch: RunPatch, now: number): void {
  Object.assign(run, patch);
  run.updated_at = now;
  if (run.status !== "completed") run.conclusion = null;
}

function applyJobPatch(job: WorkflowJob, patch: JobPatch, now: number): void {
  Object.assign(job, patch);
  if (job.status === "in_progress") job.started_at ??= now;
  if (job.status === "completed") {
    job.started_at ??= now;
    job.completed_at ??= now;
  }
}

function newRun({ store }: World, request: StartRequest): WorkflowRun {
  const { repo, workflow, file, actor } = request;
  const { id, login, type } = authorOf(actor);
  const who = { id, login, type };
  const now = store.now();
  workflow.runCount += 1;
  return {
    kind: "workflow_run",
    id: store.nextId(),
    run_number: workflow.runCount,
    run_attempt: 1,
    repo_id: repo.id,
    repository: fullName(store, repo),
    repository_owner: accountOf(store, repo.ownerId).login,
    default_branch: repo.defaultBranch,
    workflow_id: workflow.id,
    workflow_path: workflow.path,
    workflow_name: file.name,
    workflow_text: file.text,
    event: request.event,
    event_payload: structuredClone(request.payload),
    inputs: request.inputs,
    ref: request.ref,
    head_branch: request.headBranch,
    head_sha: request.headSha,
    display_title: request.title ?? file.name,
    actor: who,
    triggering_actor: who,
    status: "queued",
    conclusion: null,
    created_at: now,
    run_started_at: now,
    updated_at: now,
    jobs: [],
    concurrency: null,
    cancel_requested: null,
    claimed: false,
  };
}

function newJob({ store }: World, run: WorkflowRun, spec: Parameters<ActionsHost["createJob"]>[1]): WorkflowJob {
  return {
    kind: "workflow_job",
    id: store.nextId(),
    run_id: run.id,
    run_attempt: run.run_attempt,
    key: spec.key,
    name: spec.name,
    status: spec.status ?? "queued",
    conclusion: null,
    created_at: store.now(),
    started_at: null,
    completed_at: null,
    steps: [],
    runner_name: null,
    log: "",
    summary: "",
    annotations: [],
  };
}

/** Every job is shown as a check run of the App github-actions. */
function mirrorJob({ store }: World, run: WorkflowRun, job: WorkflowJob): void {
  const suite: CheckSuite = store.suites.get(run.id) ?? {
    kind: "check_suite",
    id: run.id,
    repoId: run.repo_id,
    appId: store.actionsApp.id,
    headSha: run.head_sha,
    headBranch: run.head_branch,
    createdAt: run.created_at,
    updatedAt: run.updated_at,
  };
  suite.updatedAt = store.now();
  store.suites.set(suite.id, suite);
  const check: CheckRun = {
    kind: "check_run",
    id: job.id,
    repoId: run.repo_id,
    suiteId: suite.id,
    appId: store.actionsApp.id,
    name: job.name,
    headSha: run.head_sha,
    externalId: "",
    detailsUrl: `${store.urls.server}/${run.repository}/actions/runs/${run.id}/job/${job.id}`,
    status: job.status,
    conclusion: job.conclusion,
    startedAt: job.started_at ?? job.created_at,
    completedAt: job.completed_at,
    output: { title: null, summary: job.summary === "" ? null : job.summary.slice(0, 65_535), text: null },
    annotations: [],
    actions: [],
  };
  store.checkRuns.set(check.id, check);
}

function revokeJobTokens({ store }: World, jobId: number): void {
  for (const token of [...store.tokens.values()]) {
    if (token.kind === "job" && token.jobId === jobId) store.tokens.delete(token.value);
  }
}

function revokeRunTokens({ store }: World, run: WorkflowRun): void {
  for (const token of [...store.tokens.values()]) {
    if (token.kind === "job" && token.runId === run.id) store.tokens.delete(token.value);
  }
}

async function emitWorkflowRun(world: World, run: WorkflowRun, action: string, actor?: Actor): Promise<void> {
  const { store } = world;
  const repo = store.repos.get(run.repo_id);
  const workflow = store.workflows.get(run.workflow_id);
  const commit = repo && (await readCommit(repo.gitDir, run.head_sha));
  if (!repo || !workflow || !commit) return;
  const sender =
    actor ?? ({ kind: "user", account: accountOf(store, run.triggering_actor.id), token: NO_TOKEN } as const);
  const shown = { ...showRun(store, run, showSimpleCommit(commit)), workflow_url: showWorkflow(store, workflow).url };
  const payload = { workflow_run: shown, workflow: showWorkflow(store, workflow) };
  emit(world, { event: "workflow_run", action, repo, actor: sender, payload });
}

const NO_TOKEN = { kind: "user", value: "", accountId: 0, expiresAt: null, scopes: [] } as const as never;

async function filesAt(repo: Repo, commit: string): Promise<WorkflowFile[]> {
  const entries = (await listTree(repo.gitDir, commit, { path: `${WORKFLOWS}/` })) ?? [];
  const files: WorkflowFile[] = [];
  for (const entry of entries) {
    if (entry.type !== "blob" || !/\.ya?ml$/.test(entry.path)) continue;
    files.push(readWorkflowFile(entry.path, (await readBlob(repo.gitDir, entry.sha))!.toString("utf8")));
  }
  return files;
}

async function workflowAt(repo: Repo, commit: string, path: string): Promise<WorkflowFile | null> {
  const bytes = await readBlob(repo.gitDir, `${commit}:${path}`);
  return bytes ? readWorkflowFile(path, bytes.toString("utf8")) : null;
}

/** The files of a default branch, as long as its tip stands. */
const readTips = new WeakMap<Repo, { tip: string | null; files: WorkflowFile[] }>();

async function syncWorkflows({ store }: World, repo: Repo): Promise<WorkflowFile[]> {
  const tip = await resolveCommit(repo.gitDir, `refs/heads/${repo.defaultBranch}`);
  const cached = readTips.get(repo);
  if (cached && cached.tip === tip) return cached.files;
  const files = tip ? await filesAt(repo, tip) : [];
  readTips.set(repo, { tip, files });
  const known = [...store.workflows.values()].filter((workflow) => workflow.repoId === repo.id);
  for (const file of files) {
    const workflow = known.find((one) => one.path === file.path);
    if (workflow) {
      Object.assign(workflow, { name: file.name, state: workflow.state === "deleted" ? "active" : workflow.state });
      continue;
    }
    const now = store.now();
    const id = store.nextId();
    const { path, name } = file;
    store.workflows.set(id, {
      kind: "workflow",
      id,
      repoId: repo.id,
      path,
      name,
      state: "active",
      runCount: 0,
      createdAt: now,
      updatedAt: now,
    });
  }
  for (const workflow of known) {
    if (!files.some((file) => file.path === workflow.path)) workflow.state = "deleted";
  }
  return files;
}

async function react(world: World, happening: Happening, payload: Record<string, unknown>): Promise<void> {
  // Events made with a GITHUB_TOKEN start no workflows (actions-do-not-trigger-workflows); dispatches do not come this way.
  if (happening.actor.kind === "job") return;
  const place = await placeOf(happening, payload);
  if (!place) return;
  const known = await syncWorkflows(world, happening.repo);
  const files = EVENTS_OF_THE_HEAD.has(happening.event) ? await filesAt(happening.repo, place.sha) : known;
  for (const file of files) {
    if (!waitsFor(file, happening.event, happening.action, place.filterRef)) continue;
    const workflow = [...world.store.workflows.values()].find(
      (one) => one.repoId === happening.repo.id && one.path === file.path && one.state === "active",
    );
    if (!workflow) continue;
    await world.actions.start({
      repo: happening.repo,
      workflow,
      file,
      event: happening.event,
      payload,
      inputs: {},
      ref: place.ref,
      headBranch: place.branch,
      headSha: place.sha,
      title: place.title,
      actor: happening.actor,
    });
  }
}

interface Place {
  ref: string;
  branch: string;
  sha: string;
  title: string | null;
  /** What `branches:` and `tags:` filters look at; null when they do not apply. */
  filterRef: string | null;
}

async function placeOf({ event, repo }: Happening, payload: Record<string, unknown>): Promise<Place | null> {
  const title = (of: unknown) => (of as { title?: string } | undefined)?.title ?? null;
  if (event === "push") {
    const push = payload as { ref: string; after: string; deleted: boolean; head_commit: { message: string } | null };
    if (push.deleted) return null;
    const sha = (await resolveCommit(repo.gitDir, push.after)) ?? push.after;
    const branch = push.ref.replace(/^refs\/(heads|tags)\//, "");
    return { ref: push.ref, branch, sha, title: push.head_commit?.message.split("\n")[0] ?? null, filterRef: push.ref };
  }
  if (event.startsWith("pull_request") && event !== "pull_request_target") {
    const pull = payload.pull_request as { number: number; head: { ref: string; sha: string }; base: { ref: string } };
    const ref = `refs/pull/${pull.number}/merge`;
    return {
      ref,
      branch: pull.head.ref,
      sha: pull.head.sha,
      title: title(pull),
      filterRef: `refs/heads/${pull.base.ref}`,
    };
  }
  const ref = `refs/heads/${repo.defaultBranch}`;
  const sha = await resolveCommit(repo.gitDir, ref);
  const subject = title(payload.issue ?? payload.pull_request);
  return sha ? { ref, branch: repo.defaultBranch, sha, title: subject, filterRef: null } : null;
}

async function fireSchedule(world: World, repository: string, cron?: string): Promise<WorkflowRun[]> {
  const { store } = world;
  const [owner, name] = repository.split("/");
  const repo = findRepo(store, owner!, name!);
  if (!repo) throw new Error(`there is no repository ${repository}`);
  const ref = `refs/heads/${repo.defaultBranch}`;
  const sha = (await git(repo.gitDir, ["rev-parse", ref])).trim();
  const actor: Actor = { kind: "user", account: accountOf(store, repo.ownerId), token: NO_TOKEN };
  const runs: WorkflowRun[] = [];
  for (const file of await syncWorkflows(world, repo)) {
    const workflow = [...store.workflows.values()].find((one) => one.repoId === repo.id && one.path === file.path)!;
    if (workflow.state !== "active") continue;
    for (const line of file.crons.filter((one) => cron === undefined || one === cron)) {
      const payload = { schedule: line, repository: showRepo(store, repo), workflow: file.path };
      const start = {
        repo,
        workflow,
        file,
        event: "schedule",
        payload,
        inputs: {},
        ref,
        headSha: sha,
        title: null,
        actor,
      };
      runs.push(await world.actions.start({ ...start, headBranch: repo.defaultBranch }));
    }
  }
  return runs;
}
