import { emit } from "./events.ts";
import { readCommit, resolveCommit } from "./git.ts";
import { checkRunsOf, showCheckRun, showSuite, suiteState } from "./present-check.ts";
import { showSimpleCommit } from "./present-commit.ts";
import type { CheckAnnotation, CheckRun, CheckSuite } from "./records.ts";
import {
  type Answer,
  type Context,
  cutPage,
  HttpError,
  invalid,
  notFound,
  page,
  type Route,
  requiredText,
  route,
  text,
} from "./router.ts";
import { emitSuite, suiteFor } from "./suites.ts";

/** Row 17 of GitHub's facts. */
const MAX_OUTPUT_CHARACTERS = 65_535;
const MAX_ANNOTATIONS = 50;
const CONCLUSIONS = ["action_required", "cancelled", "failure", "neutral", "success", "skipped", "stale", "timed_out"];

function appIdOf({ actor }: Context): number {
  if (actor.kind !== "installation" && actor.kind !== "job")
    throw new HttpError(403, "You must authenticate via a GitHub App.");
  return actor.app.id;
}

function runOf({ world, repo, params }: Context): CheckRun {
  const run = world.store.checkRuns.get(Number(params.check_run_id));
  if (!run || run.repoId !== repo.id) throw notFound();
  return run;
}

function readTime(body: Record<string, unknown>, field: string): number | undefined {
  const value = text(body, field);
  if (value === undefined) return undefined;
  const time = Date.parse(value);
  if (Number.isNaN(time)) throw invalid(`Invalid request.\n\n${value} is not a valid date-time.`);
  return time;
}

/** Writes status, conclusion, output and the rest of a request into a check run. */
function applyFields(context: Context, run: CheckRun): void {
  const { body, world } = context;
  const conclusion = text(body, "conclusion");
  const status = text(body, "status");
  if (conclusion !== undefined && !CONCLUSIONS.includes(conclusion)) {
    throw invalid(`Invalid request.\n\n${conclusion} is not a member of ${JSON.stringify(CONCLUSIONS)}.`);
  }
  if (status === "completed" && conclusion === undefined) {
    throw invalid("Invalid request.\n\nMissing required parameter conclusion when status is completed.");
  }
  applyOutput(run, body.output as Record<string, unknown> | undefined);
  run.name = text(body, "name") ?? run.name;
  run.externalId = text(body, "external_id") ?? run.externalId;
  run.detailsUrl = text(body, "details_url") ?? run.detailsUrl;
  run.startedAt = readTime(body, "started_at") ?? run.startedAt;
  if (conclusion !== undefined) {
    Object.assign(run, {
      status: "completed",
      conclusion,
      completedAt: readTime(body, "completed_at") ?? world.store.now(),
    });
  } else if (status !== undefined) {
    Object.assign(run, { status: status as CheckRun["status"], conclusion: null, completedAt: null });
  }
  if (Array.isArray(body.actions)) run.actions = body.actions as CheckRun["actions"];
}

function applyOutput(run: CheckRun, output: Record<string, unknown> | undefined): void {
  if (!output) return;
  for (const field of ["summary", "text"] as const) {
    const value = text(output, field);
    if (value !== undefined && [...value].length > MAX_OUTPUT_CHARACTERS) {
      throw invalid(
        `Invalid request.\n\nOnly ${MAX_OUTPUT_CHARACTERS} characters are allowed; ${[...value].length} were supplied.`,
      );
    }
  }
  const annotations = (output.annotations as Partial<CheckAnnotation>[] | undefined) ?? [];
  if (annotations.length > MAX_ANNOTATIONS) {
    throw invalid(
      `Invalid request.\n\nNo more than ${MAX_ANNOTATIONS} items are allowed; ${annotations.length} were supplied.`,
    );
  }
  requiredText(output, "summary");
  run.output = {
    title: text(output, "title") ?? run.output.title,
    summary: text(output, "summary") ?? run.output.summary,
    text: text(output, "text") ?? run.output.text,
  };
  for (const one of annotations) {
    run.annotations.push({
      path: String(one.path),
      start_line: Number(one.start_line),
      end_line: Number(one.end_line),
      start_column: one.start_column ?? null,
      end_column: one.end_column ?? null,
      annotation_level: String(one.annotation_level),
      title: one.title ?? null,
      message: String(one.message),
      raw_details: one.raw_details ?? null,
    });
  }
}

async function createRun(context: Context): Promise<Answer> {
  const { world, repo, body } = context;
  const appId = appIdOf(context);
  const headSha = requiredText(body, "head_sha");
  const name = requiredText(body, "name");
  if (!/^[0-9a-f]{40}$/.test(headSha) || !(await resolveCommit(repo.gitDir, headSha)))
    throw invalid(`No commit found for SHA: ${headSha}`);
  const suite = suiteFor(world, repo, appId, headSha, null);
  const run: CheckRun = {
    kind: "check_run",
    id: world.store.nextId(),
    repoId: repo.id,
    suiteId: suite.id,
    appId,
    name,
    headSha,
    externalId: "",
    detailsUrl: null,
    status: "queued",
    conclusion: null,
    startedAt: world.store.now(),
    completedAt: null,
    output: { title: null, summary: null, text: null },
    annotations: [],
    actions: [],
  };
  applyFields(context, run);
  world.store.checkRuns.set(run.id, run);
  await emitRun(context, run, suite, "created");
  return { status: 201, body: showCheckRun(world.store, run) };
}

async function emitRun(context: Context, run: CheckRun, suite: CheckSuite, action: string): Promise<void> {
  const { world, repo, actor } = context;
  suite.updatedAt = world.store.now();
  const { repository: _, head_commit: __, ...shown } = await showSuiteOf(context, suite);
  const payload = { check_run: { ...showCheckRun(world.store, run), check_suite: shown } };
  emit(world, { event: "check_run", action, repo, actor, payload });
  const whole = suiteState(checkRunsOf(world.store, suite));
  if (action !== "rerequested" && run.status === "completed" && whole.status === "completed")
    await emitSuite(world, suite, "completed", actor);
}

async function updateRun(context: Context): Promise<Answer> {
  const run = runOf(context);
  // Row 71: only the App that made it.
  if (run.appId !== appIdOf(context)) {
    throw new HttpError(
      403,
      `Invalid app_id \`${appIdOf(context)}\` - check run can only be modified by the GitHub App that created it.`,
    );
  }
  const was = run.status;
  applyFields(context, run);
  if (was !== "completed" && run.status === "completed") {
    await emitRun(context, run, context.world.store.suites.get(run.suiteId)!, "completed");
  }
  return { status: 200, body: showCheckRun(context.world.store, run) };
}

/** `filter=latest` keeps the newest run of each name and App. */
function latest(runs: readonly CheckRun[]): CheckRun[] {
  const newest = new Map<string, CheckRun>();
  for (const run of runs) newest.set(`${run.suiteId}/${run.name}`, run);
  return [...newest.values()];
}

function listRuns(context: Context, all: readonly CheckRun[]): Answer {
  const { query, world } = context;
  const name = query.get("check_name");
  const status = query.get("status");
  const appId = query.get("app_id");
  const found = (query.get("filter") === "all" ? [...all] : latest(all))
    .filter((run) => name === null || run.name === name)
    .filter((run) => status === null || run.status === status)
    .filter((run) => appId === null || run.appId === Number(appId))
    .reverse();
  const { slice, headers, visible } = cutPage(context, found);
  return {
    status: 200,
    headers,
    body: { total_count: visible, check_runs: slice.map((run) => showCheckRun(world.store, run)) },
  };
}

async function shaOf({ repo, params }: Context): Promise<string> {
  const ref = params.ref!;
  const sha = (await resolveCommit(repo.gitDir, `refs/heads/${ref}`)) ?? (await resolveCommit(repo.gitDir, ref));
  if (!sha) throw invalid(`No commit found for SHA: ${ref}`);
  return sha;
}

async function listForRef(context: Context): Promise<Answer> {
  const sha = await shaOf(context);
  const { world, repo } = context;
  return listRuns(
    context,
    [...world.store.checkRuns.values()].filter((run) => run.repoId === repo.id && run.headSha === sha),
  );
}

function suiteOf({ world, repo, params }: Context): CheckSuite {
  const suite = world.store.suites.get(Number(params.check_suite_id));
  if (!suite || suite.repoId !== repo.id) throw notFound();
  return suite;
}

async function showSuiteOf({ world, repo }: Context, suite: CheckSuite): Promise<Record<string, unknown>> {
  const commit = (await readCommit(repo.gitDir, suite.headSha))!;
  return showSuite(world.store, suite, showSimpleCommit(commit));
}

async function listSuites(context: Context): Promise<Answer> {
  const sha = await shaOf(context);
  const { world, repo, query } = context;
  const appId = query.get("app_id");
  const found = [...world.store.suites.values()].filter(
    (suite) => suite.repoId === repo.id && suite.headSha === sha && (appId === null || suite.appId === Number(appId)),
  );
  const { slice, headers, visible } = cutPage(context, found);
  const shown = await Promise.all(slice.map((suite) => showSuiteOf(context, suite)));
  return { status: 200, headers, body: { total_count: visible, check_suites: shown } };
}

const BASE = "/repos/{owner}/{repo}";
const READ = ["checks:read"];
const WRITE = ["checks:write@never"];

/** Check runs and suites: only Apps write them (row 66). */
export const checkRoutes: Route[] = [
  route("POST", `${BASE}/check-runs`, "checks/create", WRITE, createRun),
  route("GET", `${BASE}/check-runs/{check_run_id}`, "checks/get", READ, (context) => ({
    status: 200,
    body: showCheckRun(context.world.store, runOf(context)),
  })),
  route("PATCH", `${BASE}/check-runs/{check_run_id}`, "checks/update", WRITE, updateRun),
  route("GET", `${BASE}/check-runs/{check_run_id}/annotations`, "checks/list-annotations", READ, (context) => {
    const run = runOf(context);
    const blob = `${context.world.store.urls.server}/${context.params.owner}/${context.params.repo}/blob/${run.headSha}/`;
    return page(context, run.annotations, (one) => ({ ...one, blob_href: `${blob}${one.path}` }));
  }),
  route("GET", `${BASE}/commits/{+ref}/check-runs`, "checks/list-for-ref", READ, listForRef),
  route("GET", `${BASE}/commits/{+ref}/check-suites`, "checks/list-suites-for-ref", READ, listSuites),
  route("GET", `${BASE}/check-suites/{check_suite_id}`, "checks/get-suite", READ, async (context) => ({
    status: 200,
    body: await showSuiteOf(context, suiteOf(context)),
  })),
  route("GET", `${BASE}/check-suites/{check_suite_id}/check-runs`, "checks/list-for-suite", READ, (context) =>
    listRuns(context, checkRunsOf(context.world.store, suiteOf(context))),
  ),
];
