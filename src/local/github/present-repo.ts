import { type Actor, hasRole } from "./auth.ts";
import { isoTime, showAccountId } from "./present-account.ts";
import type { Repo } from "./records.ts";
import { fullName, issuesOf, nodeId, type Store } from "./store.ts";

const TEMPLATES: Record<string, string> = {
  forks: "/forks",
  keys: "/keys{/key_id}",
  collaborators: "/collaborators{/collaborator}",
  teams: "/teams",
  hooks: "/hooks",
  issue_events: "/issues/events{/number}",
  events: "/events",
  assignees: "/assignees{/user}",
  branches: "/branches{/branch}",
  tags: "/tags",
  blobs: "/git/blobs{/sha}",
  git_tags: "/git/tags{/sha}",
  git_refs: "/git/refs{/sha}",
  trees: "/git/trees{/sha}",
  statuses: "/statuses/{sha}",
  languages: "/languages",
  stargazers: "/stargazers",
  contributors: "/contributors",
  subscribers: "/subscribers",
  subscription: "/subscription",
  commits: "/commits{/sha}",
  git_commits: "/git/commits{/sha}",
  comments: "/comments{/number}",
  issue_comment: "/issues/comments{/number}",
  contents: "/contents/{+path}",
  compare: "/compare/{base}...{head}",
  merges: "/merges",
  archive: "/{archive_format}{/ref}",
  downloads: "/downloads",
  issues: "/issues{/number}",
  pulls: "/pulls{/number}",
  milestones: "/milestones{/number}",
  notifications: "/notifications{?since,all,participating}",
  labels: "/labels{/name}",
  releases: "/releases{/id}",
  deployments: "/deployments",
};

/** The API address of a repository. */
export function repoUrl(store: Store, repo: Repo): string {
  return `${store.urls.api}/repos/${fullName(store, repo)}`;
}

/** The page of a repository. */
export function repoPage(store: Store, repo: Repo): string {
  return `${store.urls.server}/${fullName(store, repo)}`;
}

/** A repository in the short form of runs and suites. */
export function showMinimalRepo(store: Store, repo: Repo): Record<string, unknown> {
  const url = repoUrl(store, repo);
  const urls = Object.entries(TEMPLATES).map(([key, rest]) => [`${key}_url`, `${url}${rest}`]);
  return {
    id: repo.id,
    node_id: nodeId("R", repo.id),
    name: repo.name,
    full_name: fullName(store, repo),
    private: repo.private,
    owner: showAccountId(store, repo.ownerId),
    html_url: repoPage(store, repo),
    description: repo.description,
    fork: repo.forkOf !== null,
    url,
    ...Object.fromEntries(urls),
  };
}

/** A repository as webhooks and pull requests carry it. */
export function showRepo(store: Store, repo: Repo): Record<string, unknown> {
  const page = repoPage(store, repo);
  const openIssues = issuesOf(store, repo).filter((issue) => issue.state === "open").length;
  const forks = [...store.repos.values()].filter((other) => other.forkOf === repo.id).length;
  return {
    ...showMinimalRepo(store, repo),
    created_at: isoTime(repo.createdAt),
    updated_at: isoTime(repo.updatedAt),
    pushed_at: isoTime(repo.pushedAt),
    git_url: `${page.replace(/^https?/, "git")}.git`,
    ssh_url: `git@${new URL(page).host}:${fullName(store, repo)}.git`,
    clone_url: `${page}.git`,
    svn_url: page,
    homepage: null,
    size: 0,
    stargazers_count: 0,
    watchers_count: 0,
    language: null,
    has_issues: true,
    has_projects: true,
    has_downloads: true,
    has_wiki: false,
    has_pages: false,
    has_discussions: false,
    forks_count: forks,
    mirror_url: null,
    archived: repo.archived,
    disabled: false,
    open_issues_count: openIssues,
    license: null,
    allow_forking: true,
    is_template: false,
    web_commit_signoff_required: false,
    custom_properties: {},
    topics: [],
    visibility: repo.private ? "private" : "public",
    forks,
    open_issues: openIssues,
    watchers: 0,
    default_branch: repo.defaultBranch,
  };
}

/** A repository as `GET /repos/{owner}/{repo}` answers, with what the asker may do. */
export function showFullRepo(store: Store, repo: Repo, actor: Actor): Record<string, unknown> {
  const can = (role: string) =>
    actor.kind === "user"
      ? hasRole(repo, actor.account.id, role)
      : (actor.kind === "installation" || actor.kind === "job") &&
        (role === "read" || (role === "write" && actor.permissions.contents === "write"));
  const permissions = {
    admin: can("admin"),
    maintain: can("maintain"),
    push: can("write"),
    triage: can("triage"),
    pull: can("read") || !repo.private,
  };
  const parent = repo.forkOf === null ? undefined : store.repos.get(repo.forkOf);
  return {
    ...showRepo(store, repo),
    permissions,
    temp_clone_token: null,
    allow_squash_merge: true,
    allow_merge_commit: true,
    allow_rebase_merge: true,
    allow_auto_merge: false,
    delete_branch_on_merge: repo.deleteBranchOnMerge,
    network_count: 0,
    subscribers_count: 0,
    ...(parent ? { parent: showRepo(store, parent), source: showRepo(store, parent) } : {}),
  };
}
