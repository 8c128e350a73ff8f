import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Actor } from "./auth.ts";
import { editTree, git, initBare, resolveCommit, writeBlob, writeCommit } from "./git.ts";
import { isoTime } from "./present-account.ts";
import { noReplyAddress } from "./present-commit.ts";
import { ABSENT } from "./push-rules.ts";
import type { Account, Label, Repo, Role } from "./records.ts";
import { refsChanged } from "./ref-events.ts";
import { accountOf } from "./store.ts";
import type { World } from "./world.ts";

/** What makes a repository. */
export interface RepoSpec {
  /** `owner/name`; the owner becomes a user unless the account exists. */
  fullName: string;
  private?: boolean;
  description?: string;
  defaultBranch?: string;
  /** First commit: path → text. */
  files?: Record<string, string | Uint8Array>;
  /** Instead: all of another repository's HEAD, by path. */
  importFrom?: string;
  /** login → role. */
  roles?: Record<string, Role>;
  /** Names of labels beside GitHub's defaults. */
  labels?: string[];
  secrets?: Record<string, string>;
  variables?: Record<string, string>;
  actionsMayCreatePullRequests?: boolean;
  /** `owner/name` of the repository this is a fork of. */
  forkOf?: string;
}

const DEFAULT_LABELS: [string, string, string][] = [
  ["bug", "d73a4a", "Something isn't working"],
  ["documentation", "0075ca", "Improvements or additions to documentation"],
  ["enhancement", "a2eeef", "New feature or request"],
  ["good first issue", "7057ff", "Good for newcomers"],
];

/** Makes a repository with its bare git folder; raises no events. */
export async function createRepo(world: World, spec: RepoSpec, addUser: (login: string) => Account): Promise<Repo> {
  const { store } = world;
  const [ownerLogin, name] = spec.fullName.split("/");
  const owner = addUser(ownerLogin!);
  const source =
    spec.forkOf === undefined
      ? undefined
      : [...store.repos.values()].find((one) => `${accountOf(store, one.ownerId).login}/${one.name}` === spec.forkOf);
  const defaultBranch = spec.defaultBranch ?? source?.defaultBranch ?? "main";
  const id = store.nextId();
  const gitDir = join(store.gitRoot, String(id), `${name}.git`);
  await mkdir(join(store.gitRoot, String(id)), { recursive: true });
  await initBare(gitDir, defaultBranch);
  const now = store.now();
  const named = DEFAULT_LABELS.map(
    ([label, color, description]): Label => ({
      kind: "label",
      id: store.nextId(),
      name: label,
      color,
      description,
      default: true,
    }),
  );
  const added = (spec.labels ?? []).map(
    (label): Label => ({
      kind: "label",
      id: store.nextId(),
      name: label,
      color: "5319e7",
      description: null,
      default: false,
    }),
  );
  const repo: Repo = {
    kind: "repo",
    id,
    ownerId: owner.id,
    name: name!,
    private: spec.private ?? false,
    description: spec.description ?? null,
    defaultBranch,
    gitDir,
    roles: new Map(Object.entries(spec.roles ?? {}).map(([login, role]) => [addUser(login).id, role])),
    labels: [...named, ...added],
    actionsMayCreatePullRequests: spec.actionsMayCreatePullRequests ?? false,
    deleteBranchOnMerge: false,
    archived: false,
    secrets: { ...spec.secrets },
    variables: { ...spec.variables },
    forkOf: source?.id ?? null,
    nextNumber: 1,
    formerNames: [],
    createdAt: now,
    updatedAt: now,
    pushedAt: now,
  };
  store.repos.set(id, repo);
  if (source) await git(gitDir, ["fetch", "-q", source.gitDir, "+refs/heads/*:refs/heads/*"]);
  if (spec.importFrom) await git(gitDir, ["fetch", "-q", spec.importFrom, `+HEAD:refs/heads/${defaultBranch}`]);
  if (spec.files)
    await commitFiles(world, repo, { branch: defaultBranch, files: spec.files, message: "Initial commit" }, owner);
  await world.actions.syncWorkflows(repo);
  return repo;
}

async function commitFiles(
  { store }: World,
  repo: Repo,
  commit: { branch: string; files: Record<string, string | Uint8Array | null>; message: string },
  account: Account,
): Promise<{ before: string | null; after: string }> {
  const ref = `refs/heads/${commit.branch}`;
  const before = await resolveCommit(repo.gitDir, ref);
  const parent = before ?? (await resolveCommit(repo.gitDir, `refs/heads/${repo.defaultBranch}`));
  const changes = [];
  for (const [path, content] of Object.entries(commit.files)) {
    const sha = content === null ? null : await writeBlob(repo.gitDir, Buffer.from(content));
    const executable = typeof content === "string" && content.startsWith("#!");
    changes.push({ path, sha, mode: executable ? "100755" : "100644" });
  }
  const tree = await editTree(repo.gitDir, parent, changes);
  const author = { name: account.login, email: noReplyAddress(account), date: isoTime(store.now()) };
  const parents = parent ? [parent] : [];
  const after = await writeCommit(repo.gitDir, { tree, parents, message: commit.message, author, committer: author });
  await git(repo.gitDir, ["update-ref", ref, after]);
  return { before, after };
}

/** Commits files as a person pushes them: no rules, all events. A branch that is new starts from the default branch. */
export async function addFilesCommit(
  world: World,
  repo: Repo,
  commit: { branch?: string; files: Record<string, string | null>; message: string; as?: string },
  addUser: (login: string) => Account,
): Promise<string> {
  const account = commit.as === undefined ? accountOf(world.store, repo.ownerId) : addUser(commit.as);
  const branch = commit.branch ?? repo.defaultBranch;
  return world.locked(repo, async () => {
    const { before, after } = await commitFiles(world, repo, { ...commit, branch }, account);
    const token = { kind: "user", value: "", accountId: account.id, expiresAt: null, scopes: ["workflow"] } as const;
    const actor: Actor = { kind: "user", account, token: { ...token, scopes: [...token.scopes] } };
    await refsChanged(world, repo, actor, [{ ref: `refs/heads/${branch}`, before: before ?? ABSENT, after }]);
    return after;
  });
}
