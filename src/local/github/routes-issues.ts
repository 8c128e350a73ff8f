import { type Actor, authorOf, hasRight, hasRole, viaAppOf } from "./auth.ts";
import { emit } from "./events.ts";
import { showAccountId } from "./present-account.ts";
import { labelsOf, showIssue, showLabel } from "./present-issue.ts";
import { addEvent, emitPull } from "./pull-events.ts";
import type { Editable, Issue, Label, Repo } from "./records.ts";
import {
  type Answer,
  type Context,
  HttpError,
  invalid,
  invalidField,
  notFound,
  page,
  type Route,
  requiredText,
  route,
  text,
} from "./router.ts";
import { findAccount, findIssue, issuesOf } from "./store.ts";
import type { World } from "./world.ts";

/** Bodies of issues, pull requests and comments: row 16 of GitHub's facts. */
export const MAX_BODY_CHARACTERS = 65_536;

/** 422 when a body is longer than GitHub stores. */
export function checkBody(resource: string, body: string | null | undefined): void {
  if (body && [...body].length > MAX_BODY_CHARACTERS) {
    throw invalidField(resource, "body", "custom", `body is too long (maximum is ${MAX_BODY_CHARACTERS} characters)`);
  }
}

/** The issue (or pull request) that the path names. */
export function issueOf({ world, repo, params }: Context): Issue {
  const number = Number(params.issue_number ?? params.pull_number);
  const issue = findIssue(world.store, repo, number);
  if (!issue || (params.pull_number !== undefined && !issue.pull)) throw notFound();
  return issue;
}

/** Sends an `issues` event, or the same as a `pull_request` event when it is one. */
export async function emitIssue(
  world: World,
  issue: Issue,
  action: string,
  actor: Actor,
  extra: Record<string, unknown> = {},
) {
  const repo = world.store.repos.get(issue.repoId)!;
  if (issue.pull) return emitPull(world, issue, action, actor, extra);
  emit(world, { event: "issues", action, repo, actor, payload: { issue: showIssue(world.store, issue), ...extra } });
}

/** Marks an edit of a body, as GraphQL's `lastEditedAt` and `userContentEdits` show it. */
export function markEdited(world: World, record: Editable, actor: Actor, before: string | null): void {
  const editedAt = world.store.now();
  const editorId = authorOf(actor).id;
  Object.assign(record, { lastEditedAt: editedAt, editorId });
  record.edits.push({ id: world.store.nextId(), editedAt, editorId, diff: before ?? "" });
}

/** A body that nobody has edited yet. */
export function unedited(): Editable {
  return { lastEditedAt: null, editorId: null, edits: [] };
}

/** Makes an issue record and numbers it. */
export function newIssue(
  world: World,
  repo: Repo,
  actor: Actor,
  fields: { title: string; body: string | null },
): Issue {
  const now = world.store.now();
  const issue: Issue = {
    kind: "issue",
    id: world.store.nextId(),
    repoId: repo.id,
    number: repo.nextNumber++,
    title: fields.title,
    body: fields.body,
    authorId: authorOf(actor).id,
    viaAppId: viaAppOf(actor),
    labels: [],
    assignees: [],
    state: "open",
    stateReason: null,
    locked: false,
    lockReason: null,
    createdAt: now,
    updatedAt: now,
    closedAt: null,
    closedById: null,
    reactions: [],
    events: [],
    pull: null,
    ...unedited(),
  };
  world.store.issues.set(issue.id, issue);
  return issue;
}

/** Labels named in a request; those that do not exist are made if the asker may (triage may not), with GitHub's grey. */
export function labelsNamed({ world, repo, actor }: Context, names: readonly unknown[]): Label[] {
  return names.map((entry) => {
    const name = typeof entry === "string" ? entry : String((entry as { name?: unknown }).name ?? "");
    const known = repo.labels.find((label) => label.name.toLowerCase() === name.toLowerCase());
    if (known) return known;
    if (actor.kind === "user" && !hasRole(repo, actor.account.id, "write")) throw notFound();
    const label: Label = {
      kind: "label",
      id: world.store.nextId(),
      name,
      color: "ededed",
      description: null,
      default: false,
    };
    repo.labels.push(label);
    return label;
  });
}

/** Puts labels on; those already there raise nothing. */
export async function putLabels(context: Context, issue: Issue, labels: readonly Label[]): Promise<void> {
  const { world, actor, repo } = context;
  for (const label of labels) {
    if (issue.labels.includes(label.id)) continue;
    issue.labels.push(label.id);
    issue.updatedAt = world.store.now();
    addEvent(world, issue, actor, { event: "labeled", label: { name: label.name, color: label.color } });
    await emitIssue(world, issue, "labeled", actor, { label: showLabel(world.store, repo, label) });
  }
}

/** Takes labels off. */
export async function takeLabels(context: Context, issue: Issue, labels: readonly Label[]): Promise<void> {
  const { world, actor, repo } = context;
  for (const label of labels) {
    if (!issue.labels.includes(label.id)) continue;
    issue.labels = issue.labels.filter((id) => id !== label.id);
    issue.updatedAt = world.store.now();
    addEvent(world, issue, actor, { event: "unlabeled", label: { name: label.name, color: label.color } });
    await emitIssue(world, issue, "unlabeled", actor, { label: showLabel(world.store, repo, label) });
  }
}

async function putAssignees(context: Context, issue: Issue, logins: readonly unknown[]): Promise<void> {
  for (const login of logins) {
    const account = findAccount(context.world.store, String(login));
    if (!account || issue.assignees.includes(account.id)) continue;
    issue.assignees.push(account.id);
    addEvent(context.world, issue, context.actor, { event: "assigned", assigneeId: account.id });
    await emitIssue(context.world, issue, "assigned", context.actor, {
      assignee: showAccountId(context.world.store, account.id),
    });
  }
}

async function createIssue(context: Context): Promise<Answer> {
  const { world, repo, actor, body } = context;
  const title = requiredText(body, "title");
  if (title.trim() === "") throw invalidField("Issue", "title", "missing_field");
  const content = text(body, "body") ?? null;
  checkBody("Issue", content);
  const issue = newIssue(world, repo, actor, { title, body: content });
  const mayTriage = actor.kind !== "user" || hasRole(repo, actor.account.id, "triage");
  await emitIssue(world, issue, "opened", actor);
  if (mayTriage && Array.isArray(body.labels)) await putLabels(context, issue, labelsNamed(context, body.labels));
  if (mayTriage && Array.isArray(body.assignees)) await putAssignees(context, issue, body.assignees);
  return { status: 201, body: showIssue(world.store, issue) };
}

const SORTS: Record<string, (issue: Issue) => number> = {
  created: (issue) => issue.createdAt,
  updated: (issue) => issue.updatedAt,
  comments: (issue) => issue.events.length,
};

function listIssues(context: Context): Answer {
  const { world, repo, query } = context;
  const state = query.get("state") ?? "open";
  const since = query.get("since");
  const labels = (query.get("labels") ?? "")
    .split(",")
    .filter(Boolean)
    .map((name) => name.toLowerCase());
  const creator = query.get("creator");
  const sort = SORTS[query.get("sort") ?? "created"] ?? SORTS.created!;
  const found = issuesOf(world.store, repo)
    .filter((issue) => state === "all" || issue.state === state)
    .filter((issue) => since === null || issue.updatedAt >= Date.parse(since))
    .filter((issue) => labels.every((name) => labelsOf(repo, issue).some((label) => label.name.toLowerCase() === name)))
    .filter((issue) => creator === null || findAccount(world.store, creator)?.id === issue.authorId)
    .sort((a, b) => sort(b) - sort(a) || b.number - a.number);
  if (query.get("direction") === "asc") found.reverse();
  return page(context, found, (issue) => showIssue(world.store, issue));
}

/** Title and body belong to the author and to writers; state, labels and assignees to triagers too. */
function requireIssueEdit({ actor, repo, body }: Context, issue: Issue): void {
  if (actor.kind !== "user" || issue.authorId === actor.account.id || hasRole(repo, actor.account.id, "write")) return;
  const triage = hasRole(repo, actor.account.id, "triage");
  if (!triage || body.title !== undefined || body.body !== undefined)
    throw new HttpError(403, "Must have admin rights to Repository.");
}

/** Applies `PATCH …/issues/{n}` (and the same fields of a pull request). */
export async function editIssue(context: Context, issue: Issue): Promise<void> {
  const { world, actor, body } = context;
  requireIssueEdit(context, issue);
  const title = text(body, "title");
  const content = body.body === null ? null : text(body, "body");
  checkBody("Issue", content);
  const changes: Record<string, { from: string | null }> = {};
  if (title !== undefined && title !== issue.title) {
    changes.title = { from: issue.title };
    addEvent(world, issue, actor, { event: "renamed", rename: { from: issue.title, to: title } });
    issue.title = title;
  }
  if (content !== undefined && content !== issue.body) {
    changes.body = { from: issue.body };
    markEdited(world, issue, actor, issue.body);
    issue.body = content;
  }
  if (Object.keys(changes).length > 0) {
    issue.updatedAt = world.store.now();
    await emitIssue(world, issue, "edited", actor, { changes });
  }
  if (Array.isArray(body.labels)) await setLabels(context, issue, body.labels);
  if (Array.isArray(body.assignees)) await putAssignees(context, issue, body.assignees);
  const state = text(body, "state");
  if (state !== undefined && state !== issue.state) await setState(context, issue, state);
}

async function setLabels(context: Context, issue: Issue, names: readonly unknown[]): Promise<void> {
  const wanted = labelsNamed(context, names);
  const gone = labelsOf(context.repo, issue).filter((label) => !wanted.includes(label));
  await takeLabels(context, issue, gone);
  await putLabels(context, issue, wanted);
}

/** Opens or closes, with its event. */
export async function setState(context: Context, issue: Issue, state: string): Promise<void> {
  const { world, actor, body } = context;
  if (state !== "open" && state !== "closed") throw invalidField("Issue", "state", "invalid");
  if (state === "open" && issue.pull?.mergedAt)
    throw invalid("Validation Failed", {
      resource: "PullRequest",
      code: "custom",
      message: "state cannot be changed. The pull request is merged.",
    });
  const now = world.store.now();
  issue.state = state;
  issue.updatedAt = now;
  issue.closedAt = state === "closed" ? now : null;
  issue.closedById = state === "closed" ? authorOf(actor).id : null;
  const reason = text(body, "state_reason");
  issue.stateReason = issue.pull
    ? null
    : state === "open"
      ? "reopened"
      : ((reason ?? "completed") as Issue["stateReason"]);
  addEvent(world, issue, actor, { event: state === "closed" ? "closed" : "reopened", stateReason: issue.stateReason });
  await emitIssue(world, issue, state === "closed" ? "closed" : "reopened", actor);
}

async function updateIssue(context: Context): Promise<Answer> {
  const issue = issueOf(context);
  await editIssue(context, issue);
  return { status: 200, body: showIssue(context.world.store, issue) };
}

function lock(context: Context, locked: boolean): Answer {
  const issue = issueOf(context);
  issue.locked = locked;
  issue.lockReason = locked ? (text(context.body, "lock_reason") ?? null) : null;
  addEvent(context.world, issue, context.actor, {
    event: locked ? "locked" : "unlocked",
    lockReason: issue.lockReason,
  });
  return { status: 204 };
}

/** True when the actor may write on this issue although it is locked. */
export function mayWriteOnLocked(actor: Actor, repo: Repo): boolean {
  return actor.kind !== "user" ? hasRight(actor, repo, "issues:write") : hasRole(repo, actor.account.id, "write");
}

const EITHER = ["issues:write@read", "pull_requests:write@read"];
const EITHER_READ = ["issues:read", "pull_requests:read"];
const TRIAGE = ["issues:write@triage", "pull_requests:write@triage"];

/** Issues themselves. */
export const issueRoutes: Route[] = [
  route("GET", "/repos/{owner}/{repo}/issues", "issues/list-for-repo", EITHER_READ, listIssues),
  route("POST", "/repos/{owner}/{repo}/issues", "issues/create", ["issues:write@read"], createIssue),
  route("GET", "/repos/{owner}/{repo}/issues/{issue_number}", "issues/get", EITHER_READ, (context) => ({
    status: 200,
    body: showIssue(context.world.store, issueOf(context)),
  })),
  route("PATCH", "/repos/{owner}/{repo}/issues/{issue_number}", "issues/update", EITHER, updateIssue),
  route("PUT", "/repos/{owner}/{repo}/issues/{issue_number}/lock", "issues/lock", TRIAGE, (context) =>
    lock(context, true),
  ),
  route("DELETE", "/repos/{owner}/{repo}/issues/{issue_number}/lock", "issues/unlock", TRIAGE, (context) =>
    lock(context, false),
  ),
  route(
    "POST",
    "/repos/{owner}/{repo}/issues/{issue_number}/assignees",
    "issues/add-assignees",
    TRIAGE,
    async (context) => {
      const issue = issueOf(context);
      await putAssignees(context, issue, (context.body.assignees as unknown[] | undefined) ?? []);
      return { status: 201, body: showIssue(context.world.store, issue) };
    },
  ),
];
