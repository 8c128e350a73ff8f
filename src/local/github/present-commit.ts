import type { CommitData, FileChange } from "./git.ts";
import { showAccount } from "./present-account.ts";
import { repoPage, repoUrl } from "./present-repo.ts";
import type { Account, Repo } from "./records.ts";
import { nodeId, type Store } from "./store.ts";

const UNVERIFIED = { verified: false, reason: "unsigned", signature: null, payload: null, verified_at: null };

function commitNodeId(repo: Repo, sha: string): string {
  return `${nodeId("C", repo.id)}${sha}`;
}

/** The address that GitHub gives an account that hides its own. */
export function noReplyAddress(account: Account): string {
  return `${account.id}+${account.login}@users.noreply.github.com`;
}

/** The account an address belongs to: GitHub knows the no-reply ones. */
export function accountOfAddress(store: Store, email: string): Account | undefined {
  const match = /^(?:(\d+)\+)?(.+)@users\.noreply\.(?:github\.com|[\w.:-]+)$/.exec(email);
  if (!match) return undefined;
  if (match[1]) return store.accounts.get(Number(match[1]));
  return [...store.accounts.values()].find((account) => account.login === match[2]);
}

/** A commit as `repos/get-commit` and lists show it. */
export function showCommit(
  store: Store,
  repo: Repo,
  commit: CommitData,
  files?: FileChange[],
): Record<string, unknown> {
  const api = repoUrl(store, repo);
  const url = `${api}/commits/${commit.sha}`;
  const person = (email: string) => {
    const account = accountOfAddress(store, email);
    return account ? showAccount(store, account) : null;
  };
  const additions = files?.reduce((sum, file) => sum + file.additions, 0) ?? 0;
  const deletions = files?.reduce((sum, file) => sum + file.deletions, 0) ?? 0;
  return {
    sha: commit.sha,
    node_id: commitNodeId(repo, commit.sha),
    commit: {
      author: commit.author,
      committer: commit.committer,
      message: commit.message,
      tree: { sha: commit.tree, url: `${api}/git/trees/${commit.tree}` },
      url: `${api}/git/commits/${commit.sha}`,
      comment_count: 0,
      verification: UNVERIFIED,
    },
    url,
    html_url: `${repoPage(store, repo)}/commit/${commit.sha}`,
    comments_url: `${url}/comments`,
    author: person(commit.author.email),
    committer: person(commit.committer.email),
    parents: commit.parents.map((sha) => ({
      sha,
      url: `${api}/commits/${sha}`,
      html_url: `${repoPage(store, repo)}/commit/${sha}`,
    })),
    ...(files
      ? {
          stats: { total: additions + deletions, additions, deletions },
          files: files.map((file) => showFile(store, repo, commit.sha, file)),
        }
      : {}),
  };
}

/** A commit object as `git/get-commit` shows it. */
export function showGitCommit(store: Store, repo: Repo, commit: CommitData): Record<string, unknown> {
  const api = repoUrl(store, repo);
  return {
    sha: commit.sha,
    node_id: commitNodeId(repo, commit.sha),
    url: `${api}/git/commits/${commit.sha}`,
    html_url: `${repoPage(store, repo)}/commit/${commit.sha}`,
    author: commit.author,
    committer: commit.committer,
    tree: { sha: commit.tree, url: `${api}/git/trees/${commit.tree}` },
    message: commit.message,
    parents: commit.parents.map((sha) => ({
      sha,
      url: `${api}/git/commits/${sha}`,
      html_url: `${repoPage(store, repo)}/commit/${sha}`,
    })),
    verification: UNVERIFIED,
  };
}

/** A changed file of a commit, a comparison or a pull request. */
export function showFile(store: Store, repo: Repo, sha: string, file: FileChange): Record<string, unknown> {
  const path = file.filename.split("/").map(encodeURIComponent).join("/");
  return {
    sha: file.sha,
    filename: file.filename,
    status: file.status,
    additions: file.additions,
    deletions: file.deletions,
    changes: file.additions + file.deletions,
    blob_url: `${repoPage(store, repo)}/blob/${sha}/${path}`,
    raw_url: `${repoPage(store, repo)}/raw/${sha}/${path}`,
    contents_url: `${repoUrl(store, repo)}/contents/${path}?ref=${sha}`,
    ...(file.patch === null ? {} : { patch: file.patch }),
    ...(file.previous === null ? {} : { previous_filename: file.previous }),
  };
}

/** A commit in the short form of push events, runs and suites. */
export function showSimpleCommit(commit: CommitData): Record<string, unknown> {
  const person = ({ name, email }: { name: string; email: string }) => ({ name, email });
  return {
    id: commit.sha,
    tree_id: commit.tree,
    message: commit.message,
    timestamp: commit.committer.date,
    author: person(commit.author),
    committer: person(commit.committer),
  };
}

/** A ref as the git data API shows it. */
export function showRef(store: Store, repo: Repo, ref: string, sha: string, type: string): Record<string, unknown> {
  const api = repoUrl(store, repo);
  return {
    ref,
    node_id: `${nodeId("REF", repo.id)}${Buffer.from(ref).toString("base64url")}`,
    url: `${api}/git/${ref}`,
    object: { type, sha, url: `${api}/git/${type}s/${sha}` },
  };
}
