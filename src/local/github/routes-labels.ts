import { labelsOf, showLabel } from "./present-issue.ts";
import type { Label } from "./records.ts";
import {
  type Answer,
  type Context,
  HttpError,
  invalidField,
  notFound,
  page,
  type Route,
  requiredText,
  route,
  text,
} from "./router.ts";
import { issueOf, labelsNamed, putLabels, takeLabels } from "./routes-issues.ts";

const TRIAGE = ["issues:write@triage", "pull_requests:write@triage"];
const READ = ["issues:read", "pull_requests:read"];

function labelOf({ repo, params }: Context): Label {
  const wanted = params.name!.toLowerCase();
  const label = repo.labels.find((one) => one.name.toLowerCase() === wanted);
  if (!label) throw notFound();
  return label;
}

function createLabel({ world, repo, body }: Context): Answer {
  const name = requiredText(body, "name");
  if (repo.labels.some((label) => label.name.toLowerCase() === name.toLowerCase())) {
    throw invalidField("Label", "name", "already_exists");
  }
  const color = text(body, "color") ?? "ededed";
  if (!/^[0-9a-fA-F]{6}$/.test(color)) throw invalidField("Label", "color", "invalid");
  const description = text(body, "description") ?? null;
  const label: Label = { kind: "label", id: world.store.nextId(), name, color, description, default: false };
  repo.labels.push(label);
  return { status: 201, body: showLabel(world.store, repo, label) };
}

function updateLabel(context: Context): Answer {
  const label = labelOf(context);
  const { body } = context;
  label.name = text(body, "new_name") ?? label.name;
  label.color = text(body, "color") ?? label.color;
  label.description = text(body, "description") ?? label.description;
  return { status: 200, body: showLabel(context.world.store, context.repo, label) };
}

function namesIn({ body }: Context): unknown[] {
  const names = Array.isArray(body) ? body : (body.labels as unknown);
  if (!Array.isArray(names)) throw new HttpError(422, 'Invalid request.\n\nNo subschema in "anyOf" matched.');
  return names;
}

function showAll(context: Context): Answer {
  const { world, repo } = context;
  return { status: 200, body: labelsOf(repo, issueOf(context)).map((label) => showLabel(world.store, repo, label)) };
}

async function replaceLabels(context: Context, wanted: readonly Label[]): Promise<void> {
  const issue = issueOf(context);
  await takeLabels(
    context,
    issue,
    labelsOf(context.repo, issue).filter((label) => !wanted.includes(label)),
  );
  await putLabels(context, issue, wanted);
}

/** Labels of a repository and of its issues: applying needs triage, making needs write (row 48). */
export const labelRoutes: Route[] = [
  route("GET", "/repos/{owner}/{repo}/labels", "issues/list-labels-for-repo", READ, (context) =>
    page(context, context.repo.labels, (label) => showLabel(context.world.store, context.repo, label)),
  ),
  route(
    "POST",
    "/repos/{owner}/{repo}/labels",
    "issues/create-label",
    ["issues:write", "pull_requests:write"],
    createLabel,
  ),
  route("GET", "/repos/{owner}/{repo}/labels/{name}", "issues/get-label", READ, (context) => ({
    status: 200,
    body: showLabel(context.world.store, context.repo, labelOf(context)),
  })),
  route(
    "PATCH",
    "/repos/{owner}/{repo}/labels/{name}",
    "issues/update-label",
    ["issues:write", "pull_requests:write"],
    updateLabel,
  ),
  route(
    "DELETE",
    "/repos/{owner}/{repo}/labels/{name}",
    "issues/delete-label",
    ["issues:write", "pull_requests:write"],
    (context) => {
      const label = labelOf(context);
      context.repo.labels.splice(context.repo.labels.indexOf(label), 1);
      return { status: 204 };
    },
  ),
  route("GET", "/repos/{owner}/{repo}/issues/{issue_number}/labels", "issues/list-labels-on-issue", READ, (context) => {
    const { world, repo } = context;
    return page(context, labelsOf(repo, issueOf(context)), (label) => showLabel(world.store, repo, label));
  }),
  route("POST", "/repos/{owner}/{repo}/issues/{issue_number}/labels", "issues/add-labels", TRIAGE, async (context) => {
    await putLabels(context, issueOf(context), labelsNamed(context, namesIn(context)));
    return showAll(context);
  }),
  route("PUT", "/repos/{owner}/{repo}/issues/{issue_number}/labels", "issues/set-labels", TRIAGE, async (context) => {
    await replaceLabels(context, labelsNamed(context, namesIn(context)));
    return showAll(context);
  }),
  route(
    "DELETE",
    "/repos/{owner}/{repo}/issues/{issue_number}/labels",
    "issues/remove-all-labels",
    TRIAGE,
    async (context) => {
      await replaceLabels(context, []);
      return { status: 204 };
    },
  ),
  route(
    "DELETE",
    "/repos/{owner}/{repo}/issues/{issue_number}/labels/{name}",
    "issues/remove-label",
    TRIAGE,
    async (context) => {
      const issue = issueOf(context);
      const wanted = context.params.name!.toLowerCase();
      const label = labelsOf(context.repo, issue).find((one) => one.name.toLowerCase() === wanted);
      if (!label) throw new HttpError(404, "Label does not exist");
      await takeLabels(context, issue, [label]);
      return showAll(context);
    },
  ),
];
