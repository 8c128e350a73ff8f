import type { WorkflowRun } from "./actions.ts";
import type {
  Account,
  App,
  CheckRun,
  CheckSuite,
  Comment,
  Delivery,
  Installation,
  Issue,
  Repo,
  Review,
  ReviewComment,
  Token,
  Workflow,
} from "./records.ts";

/** Everything the embedded GitHub knows, in memory; ids are handed out in order, so that a world is the same each time. */
export interface Store {
  /** ms since the epoch; a test may replace it by a virtual clock. */
  now: () => number;
  nextId: () => number;
  urls: { server: string; api: string; graphql: string };
  /** Folder of the bare repositories. */
  gitRoot: string;
  accounts: Map<number, Account>;
  apps: Map<number, App>;
  installations: Map<number, Installation>;
  tokens: Map<string, Token>;
  repos: Map<number, Repo>;
  issues: Map<number, Issue>;
  comments: Map<number, Comment>;
  reviews: Map<number, Review>;
  reviewComments: Map<number, ReviewComment>;
  suites: Map<number, CheckSuite>;
  checkRuns: Map<number, CheckRun>;
  workflows: Map<number, Workflow>;
  runs: Map<number, WorkflowRun>;
  deliveries: Delivery[];
  /** The App `github-actions`, which owns job tokens and job checks. */
  actionsApp: App;
  /** Who `web-flow` commits are made by. */
  ghost: Account;
}

/** Makes an empty world with the `ghost` account and the App `github-actions`. */
export function createStore(options: { now: () => number; gitRoot: string; firstId?: number }): Store {
  let last = options.firstId ?? 1000;
  const nextId = () => ++last;
  const createdAt = options.now();
  const ghost: Account = { kind: "account", id: 10137, login: "ghost", type: "User", createdAt };
  const github: Account = { kind: "account", id: 9919, login: "github", type: "Organization", createdAt };
  const bot: Account = { kind: "account", id: 41898282, login: "github-actions[bot]", type: "Bot", createdAt };
  const actionsApp: App = {
    kind: "app",
    id: 15368,
    slug: "github-actions",
    name: "GitHub Actions",
    ownerId: github.id,
    botId: bot.id,
    privateKey: "",
    publicKey: "",
    clientId: "Iv1.05c79e9ad1f6bdfa",
    permissions: { actions: "write", checks: "write", contents: "write", issues: "write", pull_requests: "write" },
    events: [],
    webhook: null,
    createdAt,
  };
  return {
    now: options.now,
    nextId,
    urls: { server: "", api: "", graphql: "" },
    gitRoot: options.gitRoot,
    accounts: new Map([ghost, github, bot].map((account) => [account.id, account])),
    apps: new Map([[actionsApp.id, actionsApp]]),
    installations: new Map(),
    tokens: new Map(),
    repos: new Map(),
    issues: new Map(),
    comments: new Map(),
    reviews: new Map(),
    reviewComments: new Map(),
    suites: new Map(),
    checkRuns: new Map(),
    workflows: new Map(),
    runs: new Map(),
    deliveries: [],
    actionsApp,
    ghost,
  };
}

/** Looks an account up by login, without regard to case. */
export function findAccount(store: Store, login: string): Account | undefined {
  const wanted = login.toLowerCase();
  return [...store.accounts.values()].find((account) => account.login.toLowerCase() === wanted);
}

/** The account of an id, or `ghost` as on GitHub when it is gone. */
export function accountOf(store: Store, id: number): Account {
  return store.accounts.get(id) ?? store.ghost;
}

/** Looks a repository up by owner and name, without regard to case. */
export function findRepo(store: Store, owner: string, name: string): Repo | undefined {
  const wanted = `${owner}/${name}`.toLowerCase();
  return [...store.repos.values()].find((repo) => fullName(store, repo).toLowerCase() === wanted);
}

/** The repository that once had this name, if no other has it now: GraphQL and git follow it, REST answers where it is. */
export function findMovedRepo(store: Store, owner: string, name: string): Repo | undefined {
  const wanted = `${owner}/${name}`.toLowerCase();
  return [...store.repos.values()].find((repo) => repo.formerNames.some((former) => former.toLowerCase() === wanted));
}

/** `owner/name`. */
export function fullName(store: Store, repo: Repo): string {
  return `${accountOf(store, repo.ownerId).login}/${repo.name}`;
}

/** The issue or pull request of a number. */
export function findIssue(store: Store, repo: Repo, number: number): Issue | undefined {
  for (const issue of store.issues.values()) {
    if (issue.repoId === repo.id && issue.number === number) return issue;
  }
  return undefined;
}

/** All issues and pull requests of a repository, oldest first. */
export function issuesOf(store: Store, repo: Repo): Issue[] {
  return [...store.issues.values()].filter((issue) => issue.repoId === repo.id);
}

/** All comments of an issue, oldest first. */
export function commentsOf(store: Store, issue: Issue): Comment[] {
  return [...store.comments.values()].filter((comment) => comment.issueId === issue.id);
}

/** The global node id of a record: a prefix that names its type, and its id. */
export function nodeId(prefix: string, id: number): string {
  return `${prefix}_kwDO${id.toString(36).padStart(8, "0")}`;
}

/** The prefix and id that `nodeId` put together, or undefined for anything else. */
export function readNodeId(value: string): { prefix: string; id: number } | undefined {
  const match = /^([A-Z]+)_kwDO([0-9a-z]{8,})$/.exec(value);
  return match ? { prefix: match[1]!, id: Number.parseInt(match[2]!, 36) } : undefined;
}
