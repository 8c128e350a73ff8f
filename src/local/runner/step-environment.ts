import { dirname, join } from "node:path";
import type { JobContext } from "./job-context.ts";
import { trackingVariable } from "./processes.ts";

/** The files through which a step talks back. */
export interface CommandFiles {
  output: string;
  env: string;
  path: string;
  state: string;
  summary: string;
}

/** The names of a step's command files in RUNNER_TEMP. */
export function commandFiles(job: JobContext, number: number): CommandFiles {
  const file = (kind: string): string => join(job.paths.temp, "_runner_file_commands", `${kind}_${number}`);
  return {
    output: file("set_output"),
    env: file("set_env"),
    path: file("add_path"),
    state: file("save_state"),
    summary: file("step_summary"),
  };
}

/** A step's whole environment; nothing of the host's but PATH and what it was told to give. */
export function stepEnvironment(
  job: JobContext,
  files: CommandFiles,
  own: Record<string, string>,
): Record<string, string> {
  return {
    ...machine(job),
    ...job.settings.hostEnv,
    ...job.env,
    ...own,
    ...github(job),
    GITHUB_OUTPUT: files.output,
    GITHUB_ENV: files.env,
    GITHUB_PATH: files.path,
    GITHUB_STATE: files.state,
    GITHUB_STEP_SUMMARY: files.summary,
    [trackingVariable]: job.trackingId,
  };
}

function machine(job: JobContext): Record<string, string> {
  const { paths } = job;
  return {
    PATH: [...job.path, dirname(process.execPath), job.settings.hostPath].join(":"),
    HOME: paths.home,
    USER: "runner",
    LANG: "C.UTF-8",
    SHELL: "/bin/bash",
    CI: "true",
    GITHUB_ACTIONS: "true",
    RUNNER_OS: "Linux",
    RUNNER_ARCH: process.arch === "arm64" ? "ARM64" : "X64",
    RUNNER_NAME: "embedded",
    // Somebody's own machine: nothing may install or change anything on it.
    RUNNER_ENVIRONMENT: "self-hosted",
    RUNNER_TEMP: paths.temp,
    RUNNER_TOOL_CACHE: paths.tools,
    RUNNER_WORKSPACE: dirname(paths.workspace),
  };
}

function github(job: JobContext): Record<string, string> {
  const { run, settings, workflow, paths } = job;
  const pull = (run.event_payload as { pull_request?: { head?: { ref?: string }; base?: { ref?: string } } })
    .pull_request;
  const isPull = run.event.startsWith("pull_request");
  return {
    GITHUB_WORKFLOW: workflow.name ?? run.workflow_path,
    GITHUB_WORKFLOW_REF: `${run.repository}/${run.workflow_path}@${run.ref}`,
    GITHUB_WORKFLOW_SHA: run.head_sha,
    GITHUB_RUN_ID: String(run.id),
    GITHUB_RUN_NUMBER: String(run.run_number),
    GITHUB_RUN_ATTEMPT: String(run.run_attempt),
    GITHUB_RETENTION_DAYS: "90",
    GITHUB_JOB: job.spec.key,
    GITHUB_ACTOR: run.actor.login,
    GITHUB_ACTOR_ID: String(run.actor.id),
    GITHUB_TRIGGERING_ACTOR: run.triggering_actor.login,
    GITHUB_REPOSITORY: run.repository,
    GITHUB_REPOSITORY_ID: String(run.repo_id),
    GITHUB_REPOSITORY_OWNER: run.repository_owner,
    GITHUB_EVENT_NAME: run.event,
    GITHUB_EVENT_PATH: paths.eventFile,
    GITHUB_WORKSPACE: paths.workspace,
    GITHUB_REF: run.ref,
    GITHUB_REF_NAME: run.ref.replace(/^refs\/(heads|tags|pull)\//, ""),
    GITHUB_REF_TYPE: run.ref.startsWith("refs/tags/") ? "tag" : "branch",
    GITHUB_REF_PROTECTED: "false",
    GITHUB_HEAD_REF: isPull ? (pull?.head?.ref ?? "") : "",
    GITHUB_BASE_REF: isPull ? (pull?.base?.ref ?? "") : "",
    GITHUB_SHA: run.head_sha,
    GITHUB_SERVER_URL: settings.urls.server,
    GITHUB_API_URL: settings.urls.api,
    GITHUB_GRAPHQL_URL: settings.urls.graphql,
  };
}

/** INPUT_* in the runner's way: upper case, spaces to underscores, hyphens stay. */
export function inputVariables(inputs: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [`INPUT_${name.replaceAll(" ", "_").toUpperCase()}`, value]),
  );
}
