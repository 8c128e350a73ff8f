import { parse } from "yaml";

/** One step as the file says it, expressions not filled in. */
export interface StepSpec {
  id: string | null;
  name: string | null;
  if: unknown;
  uses: string | null;
  run: string | null;
  shell: string | null;
  with: Record<string, unknown>;
  env: Record<string, unknown>;
  workingDirectory: unknown;
  continueOnError: unknown;
  timeoutMinutes: unknown;
}

export interface ConcurrencySpec {
  group: unknown;
  cancelInProgress: unknown;
  /** True keeps up to 100 waiting instead of one. */
  queueMax: boolean;
}

export type PermissionsSpec = Record<string, string> | "read-all" | "write-all" | null;

export interface JobSpec {
  key: string;
  name: string | null;
  needs: string[];
  if: unknown;
  env: Record<string, unknown>;
  outputs: Record<string, unknown>;
  permissions: PermissionsSpec;
  concurrency: ConcurrencySpec | null;
  timeoutMinutes: unknown;
  continueOnError: unknown;
  defaults: { shell: string | null; workingDirectory: unknown };
  steps: StepSpec[];
}

export interface WorkflowSpec {
  name: string | null;
  env: Record<string, unknown>;
  permissions: PermissionsSpec;
  concurrency: ConcurrencySpec | null;
  inputTypes: Record<string, string>;
  jobs: JobSpec[];
}

/** What of the file this runner cannot carry out, or that no runner could. */
export class WorkflowError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "WorkflowError";
  }
}

type YamlMap = Record<string, unknown>;
const unsupported = ["strategy", "container", "services"];

function mapOf(value: unknown): YamlMap {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as YamlMap) : {};
}

function textOf(value: unknown): string | null {
  return value === undefined || value === null ? null : String(value);
}

/** Reads a workflow file; throws WorkflowError with what is wrong. */
export function readWorkflow(text: string): WorkflowSpec {
  let document: YamlMap;
  try {
    document = mapOf(parse(text));
  } catch (error) {
    throw new WorkflowError(`Invalid workflow file: ${error instanceof Error ? error.message : String(error)}`);
  }
  const jobs = Object.entries(mapOf(document.jobs)).map(([key, job]) => readJob(key, mapOf(job)));
  if (jobs.length === 0) throw new WorkflowError("Invalid workflow file: no jobs are defined in `jobs`");
  checkNeeds(jobs);
  const dispatch = mapOf(mapOf(mapOf(document.on).workflow_dispatch).inputs);
  return {
    name: textOf(document.name),
    env: mapOf(document.env),
    permissions: readPermissions(document.permissions),
    concurrency: readConcurrency(document.concurrency),
    inputTypes: Object.fromEntries(
      Object.entries(dispatch).map(([name, spec]) => [name, String(mapOf(spec).type ?? "string")]),
    ),
    jobs,
  };
}

function readJob(key: string, job: YamlMap): JobSpec {
  for (const name of unsupported) {
    if (job[name] !== undefined) throw new WorkflowError(`the embedded runner does not carry out jobs.${key}.${name}`);
  }
  if (job.uses !== undefined) throw new WorkflowError(`the embedded runner does not carry out jobs.${key}.uses`);
  const needs = typeof job.needs === "string" ? [job.needs] : Array.isArray(job.needs) ? job.needs.map(String) : [];
  const run = mapOf(mapOf(job.defaults).run);
  return {
    key,
    name: textOf(job.name),
    needs,
    if: job.if,
    env: mapOf(job.env),
    outputs: mapOf(job.outputs),
    permissions: readPermissions(job.permissions),
    concurrency: readConcurrency(job.concurrency),
    timeoutMinutes: job["timeout-minutes"],
    continueOnError: job["continue-on-error"],
    defaults: { shell: textOf(run.shell), workingDirectory: run["working-directory"] },
    steps: (Array.isArray(job.steps) ? job.steps : []).map((step) => readStep(key, mapOf(step))),
  };
}

function readStep(job: string, step: YamlMap): StepSpec {
  const spec: StepSpec = {
    id: textOf(step.id),
    name: textOf(step.name),
    if: step.if,
    uses: textOf(step.uses),
    run: textOf(step.run),
    shell: textOf(step.shell),
    with: mapOf(step.with),
    env: mapOf(step.env),
    workingDirectory: step["working-directory"],
    continueOnError: step["continue-on-error"],
    timeoutMinutes: step["timeout-minutes"],
  };
  if ((spec.uses === null) === (spec.run === null))
    throw new WorkflowError(`Invalid workflow file: a step of ${job} needs either uses or run`);
  return spec;
}

function readPermissions(value: unknown): PermissionsSpec {
  if (value === undefined) return null;
  if (value === "read-all" || value === "write-all") return value;
  return Object.fromEntries(Object.entries(mapOf(value)).map(([name, level]) => [name, String(level)]));
}

function readConcurrency(value: unknown): ConcurrencySpec | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== "object") return { group: value, cancelInProgress: false, queueMax: false };
  const map = value as YamlMap;
  return { group: map.group, cancelInProgress: map["cancel-in-progress"] ?? false, queueMax: map.queue === "max" };
}

function checkNeeds(jobs: readonly JobSpec[]): void {
  const done = new Set<string>();
  const keys = new Set(jobs.map((job) => job.key));
  for (const job of jobs) {
    const missing = job.needs.find((need) => !keys.has(need));
    if (missing) throw new WorkflowError(`Invalid workflow file: job '${job.key}' depends on unknown job '${missing}'`);
  }
  for (let left = [...jobs]; left.length > 0; ) {
    const ready = left.filter((job) => job.needs.every((need) => done.has(need)));
    if (ready.length === 0)
      throw new WorkflowError(
        `Invalid workflow file: the jobs ${left.map((job) => job.key).join(", ")} wait for each other`,
      );
    for (const job of ready) done.add(job.key);
    left = left.filter((job) => !ready.includes(job));
  }
}
