import { type Actor, canSee, hasRight, hasRole } from "./auth.ts";
import { type Operation, readOperation, type Selected } from "./graphql-text.ts";
import { accountNodeId, isoTime, isoTimeOrNull } from "./present-account.ts";
import { labelsOf } from "./present-issue.ts";
import { repoPage } from "./present-repo.ts";
import { addEvent, countPull, emitPull } from "./pull-events.ts";
import type { Account, Comment, Editable, Issue, Repo, Review, ReviewComment } from "./records.ts";
import { HttpError } from "./router.ts";
import { accountOf, commentsOf, findIssue, findMovedRepo, findRepo, nodeId, readNodeId } from "./store.ts";
import type { World } from "./world.ts";

type Args = Record<string, unknown>;
type Field = unknown | ((args: Args) => unknown);
/** A value of an object type: its fields are plain values or functions of their arguments. */
type GraphObject = { __typename: string; [field: string]: Field };

class GraphError extends Error {
  readonly type: string;
  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

/** Answers a GraphQL request: status 200 with `data` and `errors`, as GitHub does even for refusals. */
export async function answerGraphql(world: World, actor: Actor, body: Args): Promise<unknown> {
  if (actor.kind === "anonymous") throw new HttpError(401, "This endpoint requires you to be authenticated.");
  const errors: unknown[] = [];
  let operation: Operation;
  try {
    operation = readOperation(String(body.query ?? ""), (body.variables as Args | undefined) ?? {});
    const root = operation.kind === "mutation" ? mutationRoot(world, actor) : queryRoot(world, actor);
    return { data: await select(root, operation.selections, [], errors), ...(errors.length > 0 ? { errors } : {}) };
  } catch (error) {
    if (error instanceof SyntaxError) return { errors: [{ message: error.message }] };
    throw error;
  }
}

/** The first field of a query, by which faults can name it. */
export function firstField(body: Args): string {
  try {
    const selected = readOperation(String(body.query ?? ""), (body.variables as Args | undefined) ?? {}).selections[0];
    return selected?.kind === "field" ? selected.name : "fragment";
  } catch {
    return "unreadable";
  }
}

async function select(
  of: GraphObject,
  selections: readonly Selected[],
  path: string[],
  errors: unknown[],
): Promise<Args> {
  const out: Args = {};
  for (const selected of selections) {
    if (selected.kind === "fragment") {
      const fits = selected.type === null || selected.type === of.__typename || INTERFACES.has(selected.type);
      if (fits) Object.assign(out, await select(of, selected.selections, path, errors));
      continue;
    }
    const here = [...path, selected.alias];
    if (!(selected.name in of)) {
      throw new SyntaxError(`Field '${selected.name}' doesn't exist on type '${of.__typename}'`);
    }
    try {
      const field = of[selected.name];
      const value = typeof field === "function" ? await field(selected.args) : field;
      out[selected.alias] = await complete(value, selected.selections, here, errors);
    } catch (error) {
      if (!(error instanceof GraphError)) throw error;
      errors.push({ type: error.type, path: here, message: error.message });
      out[selected.alias] = null;
    }
  }
  return out;
}

const INTERFACES = new Set([
  "Node",
  "Actor",
  "Comment",
  "Closable",
  "Labelable",
  "Minimizable",
  "UniformResourceLocatable",
]);

async function complete(
  value: unknown,
  selections: readonly Selected[],
  path: string[],
  errors: unknown[],
): Promise<unknown> {
  if (Array.isArray(value))
    return Promise.all(value.map((item, index) => complete(item, selections, [...path, String(index)], errors)));
  if (value !== null && typeof value === "object") return select(value as GraphObject, selections, path, errors);
  return value ?? null;
}

function queryRoot(world: World, actor: Actor): GraphObject {
  return {
    __typename: "Query",
    viewer: () => {
      if (actor.kind === "anonymous" || actor.kind === "app")
        throw new GraphError("FORBIDDEN", "Resource not accessible by integration");
      return { ...showActor(actor.account), databaseId: actor.account.id };
    },
    repository: ({ owner, name }: Args) => {
      const named = [world.store, String(owner), String(name)] as const;
      // `followRenames` is true where it is not said.
      const repo = findRepo(...named) ?? findMovedRepo(...named);
      if (repo && canSee(actor, repo)) return showRepository(world, repo);
      throw new GraphError("NOT_FOUND", `Could not resolve to a Repository with the name '${owner}/${name}'.`);
    },
    node: ({ id }: Args) => nodeOf(world, actor, String(id)),
    nodes: ({ ids }: Args) => (ids as unknown[]).map((id) => nodeOf(world, actor, String(id))),
    rateLimit: () => {
      const { limit, remaining, used, reset } = world.limits.view(actor);
      return { __typename: "RateLimit", limit, remaining, used, cost: 1, nodeCount: 0, resetAt: isoTime(reset * 1000) };
    },
  };
}

function nodeOf(world: World, actor: Actor, id: string): GraphObject {
  const known = readNodeId(id);
  const { store } = world;
  const missing = new GraphError("NOT_FOUND", `Could not resolve to a node with the global id of '${id}'`);
  if (!known) throw missing;
  const visible = (repoId: number) => canSee(actor, store.repos.get(repoId)!);
  if (known.prefix === "IC") {
    const comment = store.comments.get(known.id);
    if (comment && visible(comment.repoId)) return showComment(world, comment);
  }
  if (known.prefix === "I" || known.prefix === "PR") {
    const issue = issueOfNode(world, known);
    if (issue && visible(issue.repoId)) return showIssue(world, issue);
  }
  if (known.prefix === "PRR" || known.prefix === "PRRC") {
    const found = store.reviews.get(known.id) ?? store.reviewComments.get(known.id);
    if (found && visible(found.repoId))
      return found.kind === "review" ? showReview(world, found) : showDiffComment(world, found);
  }
  if (known.prefix === "R") {
    const repo = store.repos.get(known.id);
    if (repo && visible(repo.id)) return showRepository(world, repo);
  }
  const account = ["U", "O", "BOT"].includes(known.prefix) ? store.accounts.get(known.id) : undefined;
  if (account) return showActor(account);
  throw missing;
}

function issueOfNode({ store }: World, node: { prefix: string; id: number }): Issue | undefined {
  if (node.prefix === "I") return store.issues.get(node.id);
  return [...store.issues.values()].find((issue) => issue.pull?.id === node.id);
}

function showRepository(world: World, repo: Repo): GraphObject {
  const find = (number: unknown, wanted: (issue: Issue) => boolean, type: string) => {
    const issue = findIssue(world.store, repo, Number(number));
    if (!issue || !wanted(issue))
      throw new GraphError("NOT_FOUND", `Could not resolve to ${type} with the number of ${number}.`);
    return showIssue(world, issue);
  };
  return {
    __typename: "Repository",
    id: nodeId("R", repo.id),
    databaseId: repo.id,
    name: repo.name,
    nameWithOwner: `${accountOf(world.store, repo.ownerId).login}/${repo.name}`,
    isPrivate: repo.private,
    url: repoPage(world.store, repo),
    owner: () => showActor(accountOf(world.store, repo.ownerId)),
    defaultBranchRef: { __typename: "Ref", name: repo.defaultBranch },
    issue: ({ number }: Args) => find(number, (issue) => !issue.pull, "an Issue"),
    pullRequest: ({ number }: Args) => find(number, (issue) => issue.pull !== null, "a PullRequest"),
    issueOrPullRequest: ({ number }: Args) => find(number, () => true, "an issue or pull request"),
  };
}

/** GraphQL names bots without `[bot]` (row 50). */
function showActor(account: Account): GraphObject {
  return {
    __typename: account.type,
    id: accountNodeId(account),
    login: account.login.replace(/\[bot\]$/, ""),
    databaseId: account.id,
    url: `/${account.login}`,
    avatarUrl: "",
  };
}

function showEdits(world: World, record: Editable): Record<string, Field> {
  const person = (id: number) => showActor(accountOf(world.store, id));
  return {
    lastEditedAt: isoTimeOrNull(record.lastEditedAt),
    includesCreatedEdit: record.edits.length > 0,
    editor: () => (record.editorId === null ? null : person(record.editorId)),
    userContentEdits: (args: Args) =>
      connection(args, [...record.edits].reverse(), (edit) => ({
        __typename: "UserContentEdit",
        id: nodeId("UCE", edit.id),
        editedAt: isoTime(edit.editedAt),
        createdAt: isoTime(edit.editedAt),
        deletedAt: null,
        diff: edit.diff,
        editor: () => person(edit.editorId),
      })),
  };
}

function connection<T>(args: Args, items: readonly T[], show: (item: T) => GraphObject): GraphObject {
  const start = args.after === undefined || args.after === null ? 0 : Number(args.after);
  const first = args.first === undefined || args.first === null ? null : Number(args.first);
  const last = args.last === undefined || args.last === null ? null : Number(args.last);
  if (first === null && last === null)
    throw new SyntaxError("You must provide a `first` or `last` value to properly paginate the connection.");
  const end = first === null ? items.length : Math.min(items.length, start + first);
  const begin = last === null ? start : Math.max(start, end - last);
  const nodes = items.slice(begin, end);
  return {
    __typename: "Connection",
    totalCount: items.length,
    nodes: nodes.map(show),
    edges: nodes.map((item, index) => ({ __typename: "Edge", cursor: String(begin + index + 1), node: show(item) })),
    pageInfo: {
      __typename: "PageInfo",
      hasNextPage: end < items.length,
      hasPreviousPage: begin > 0,
      endCursor: String(end),
      startCursor: String(begin),
    },
  };
}

function showIssue(world: World, issue: Issue): GraphObject {
  const { store } = world;
  const repo = store.repos.get(issue.repoId)!;
  const shared: GraphObject = {
    __typename: "Issue",
    id: nodeId("I", issue.id),
    databaseId: issue.id,
    number: issue.number,
    title: issue.title,
    body: issue.body ?? "",
    bodyText: issue.body ?? "",
    state: issue.state.toUpperCase(),
    closed: issue.state === "closed",
    locked: issue.locked,
    createdAt: isoTime(issue.createdAt),
    updatedAt: isoTime(issue.updatedAt),
    closedAt: isoTimeOrNull(issue.closedAt),
    url: `${repoPage(store, repo)}/${issue.pull ? "pull" : "issues"}/${issue.number}`,
    author: () => showActor(accountOf(store, issue.authorId)),
    repository: () => showRepository(world, repo),
    labels: (args: Args) =>
      connection(args, labelsOf(repo, issue), (label) => ({
        __typename: "Label",
        name: label.name,
        color: label.color,
      })),
    comments: (args: Args) => connection(args, commentsOf(store, issue), (comment) => showComment(world, comment)),
    timelineItems: (args: Args) =>
      connection(args, timelineOf(issue, args.itemTypes), (event) => showEvent(world, event)),
    ...showEdits(world, issue),
  };
  return issue.pull ? { ...shared, ...showPullFields(world, repo, issue) } : shared;
}

const TIMELINE_TYPES: Record<string, string> = {
  labeled: "LABELED_EVENT",
  unlabeled: "UNLABELED_EVENT",
  renamed: "RENAMED_TITLE_EVENT",
  closed: "CLOSED_EVENT",
  reopened: "REOPENED_EVENT",
  ready_for_review: "READY_FOR_REVIEW_EVENT",
  convert_to_draft: "CONVERT_TO_DRAFT_EVENT",
};

function timelineOf(issue: Issue, types: unknown) {
  const wanted = Array.isArray(types) ? types : null;
  return issue.events.filter(
    (event) => TIMELINE_TYPES[event.event] && (!wanted || wanted.includes(TIMELINE_TYPES[event.event])),
  );
}

function showEvent(world: World, event: Issue["events"][number]): GraphObject {
  const words = TIMELINE_TYPES[event.event]!.toLowerCase().split("_");
  return {
    __typename: words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join(""),
    id: nodeId("LE", event.id),
    createdAt: isoTime(event.createdAt),
    actor: () => showActor(accountOf(world.store, event.actorId)),
    ...(event.label ? { label: { __typename: "Label", name: event.label.name, color: event.label.color } } : {}),
    ...(event.rename ? { previousTitle: event.rename.from, currentTitle: event.rename.to } : {}),
  };
}

function showPullFields(world: World, repo: Repo, issue: Issue): GraphObject {
  const { store } = world;
  const pull = issue.pull!;
  const mergeable = async () => {
    const figures = await countPull(repo, issue);
    return figures.mergeable === null ? "UNKNOWN" : figures.mergeable ? "MERGEABLE" : "CONFLICTING";
  };
  return {
    __typename: "PullRequest",
    id: nodeId("PR", pull.id),
    databaseId: pull.id,
    state: pull.mergedAt !== null ? "MERGED" : issue.state.toUpperCase(),
    isDraft: pull.draft,
    isCrossRepository: pull.headRepoId !== issue.repoId,
    merged: pull.mergedAt !== null,
    mergedAt: isoTimeOrNull(pull.mergedAt),
    mergeable,
    headRefName: pull.headRef,
    headRefOid: pull.headSha,
    baseRefName: pull.baseRef,
    baseRefOid: pull.baseSha,
    reviews: (args: Args) => {
      const reviews = [...store.reviews.values()].filter((review) => review.issueId === issue.id);
      return connection(args, reviews, (review) => showReview(world, review));
    },
  };
}

function showComment(world: World, comment: Comment): GraphObject {
  const { store } = world;
  const issue = store.issues.get(comment.issueId)!;
  const repo = store.repos.get(comment.repoId)!;
  return {
    __typename: "IssueComment",
    id: nodeId("IC", comment.id),
    databaseId: comment.id,
    fullDatabaseId: String(comment.id),
    body: comment.body,
    bodyText: comment.body,
    createdAt: isoTime(comment.createdAt),
    updatedAt: isoTime(comment.updatedAt),
    url: `${repoPage(store, repo)}/${issue.pull ? "pull" : "issues"}/${issue.number}#issuecomment-${comment.id}`,
    isMinimized: comment.minimized !== null,
    minimizedReason: comment.minimized?.toLowerCase() ?? null,
    author: () => showActor(accountOf(store, comment.authorId)),
    issue: () => showIssue(world, issue),
    ...showEdits(world, comment),
  };
}

function showReview(world: World, review: Review): GraphObject {
  return {
    __typename: "PullRequestReview",
    id: nodeId("PRR", review.id),
    databaseId: review.id,
    body: review.body,
    state: review.state,
    submittedAt: isoTimeOrNull(review.submittedAt),
    author: () => showActor(accountOf(world.store, review.authorId)),
    ...showEdits(world, review),
  };
}

function showDiffComment(world: World, comment: ReviewComment): GraphObject {
  return {
    __typename: "PullRequestReviewComment",
    id: nodeId("PRRC", comment.id),
    databaseId: comment.id,
    body: comment.body,
    path: comment.path,
    createdAt: isoTime(comment.createdAt),
    updatedAt: isoTime(comment.updatedAt),
    author: () => showActor(accountOf(world.store, comment.authorId)),
    ...showEdits(world, comment),
  };
}

function requireOn(actor: Actor, repo: Repo, right: string, authorId: number | null): void {
  if (actor.kind === "user" && (actor.account.id === authorId || hasRole(repo, actor.account.id, "write"))) return;
  if (actor.kind !== "user" && hasRight(actor, repo, right)) return;
  throw new GraphError(
    "FORBIDDEN",
    actor.kind === "user" ? "Must have write access to the repository." : "Resource not accessible by integration",
  );
}

function mutationRoot(world: World, actor: Actor): GraphObject {
  const inputOf = (args: Args) => (args.input ?? {}) as Args;
  const setDraft = async (args: Args, draft: boolean) => {
    const input = inputOf(args);
    const known = readNodeId(String(input.pullRequestId));
    const issue = known?.prefix === "PR" ? issueOfNode(world, known) : undefined;
    if (!issue)
      throw new GraphError("NOT_FOUND", `Could not resolve to a node with the global id of '${input.pullRequestId}'`);
    const repo = world.store.repos.get(issue.repoId)!;
    requireOn(actor, repo, "pull_requests:write", issue.authorId);
    if (issue.state !== "open") throw new GraphError("UNPROCESSABLE", "Pull request is closed");
    if (issue.pull!.draft !== draft) {
      issue.pull!.draft = draft;
      issue.updatedAt = world.store.now();
      addEvent(world, issue, actor, { event: draft ? "convert_to_draft" : "ready_for_review" });
      await emitPull(world, issue, draft ? "converted_to_draft" : "ready_for_review", actor);
    }
    return {
      __typename: "Payload",
      clientMutationId: input.clientMutationId ?? null,
      pullRequest: showIssue(world, issue),
    };
  };
  const setMinimized = (args: Args, minimize: boolean) => {
    const input = inputOf(args);
    const known = readNodeId(String(input.subjectId));
    const comment = known?.prefix === "IC" ? world.store.comments.get(known.id) : undefined;
    if (!comment)
      throw new GraphError("NOT_FOUND", `Could not resolve to a node with the global id of '${input.subjectId}'`);
    requireOn(actor, world.store.repos.get(comment.repoId)!, "issues:write", comment.authorId);
    comment.minimized = minimize ? String(input.classifier ?? "OUTDATED") : null;
    const shown = showComment(world, comment);
    return {
      __typename: "Payload",
      clientMutationId: input.clientMutationId ?? null,
      minimizedComment: shown,
      unminimizedComment: shown,
    };
  };
  return {
    __typename: "Mutation",
    markPullRequestReadyForReview: (args: Args) => setDraft(args, false),
    convertPullRequestToDraft: (args: Args) => setDraft(args, true),
    minimizeComment: (args: Args) => setMinimized(args, true),
    unminimizeComment: (args: Args) => setMinimized(args, false),
  };
}
