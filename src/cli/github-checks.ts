import { createGitHub, type GitHub } from "../github/client.ts";
import { messageOf, statusOf } from "../github/outcome.ts";
import { type Check, type Finding, missing, ok, optional } from "./checks.ts";
import { readGit } from "./local-place.ts";

interface Place {
  github: GitHub;
  /** Page of the repository for people. */
  page: string;
  name: { owner: string; repo: string };
}

interface RepositoryAnswer {
  full_name: string;
  default_branch: string;
  html_url: string;
  private?: boolean;
  permissions?: { push?: boolean };
}

/** The repository of `origin` on GitHub, looked at with GITHUB_TOKEN: rights, workflow, setting and secret. Only reads. */
export const checkGitHub: Check = async ({ terminal, repo }) => {
  const token = terminal.env.GITHUB_TOKEN;
  if (!token)
    return optional("token", "GITHUB_TOKEN is not set", "Set it to have the repository on GitHub looked at, too.");
  const url = await readGit(repo, "remote", "get-url", "origin").catch(() => "");
  const origin = readOrigin(url);
  const name = terminal.env.GITHUB_REPOSITORY ?? origin?.name;
  const [owner, repository] = name?.split("/") ?? [];
  if (!owner || !repository)
    return optional(
      "token",
      "no repository on GitHub is known",
      "Set GITHUB_REPOSITORY to owner/name, or add the remote `origin`.",
    );
  const baseUrl = terminal.env.GITHUB_API_URL || apiOf(origin?.host ?? "github.com");
  if (!baseUrl)
    return optional(
      "token",
      `origin is on ${origin?.host}, and GITHUB_API_URL is not set: the token was sent nowhere`,
      `Of a GitHub Enterprise Server: GITHUB_API_URL=https://${origin?.host}/api/v3 baton doctor`,
    );
  const github = createGitHub({
    token: async () => token,
    baseUrl,
    maxWaitMs: 5_000,
    signal: terminal.signal,
  });
  const place = { owner, repo: repository };
  try {
    const { data, headers } = await github.get<RepositoryAnswer>("/repos/{owner}/{repo}", place);
    const page = data.html_url;
    const scopes = typeof headers["x-oauth-scopes"] === "string" ? headers["x-oauth-scopes"] : null;
    const there = { github, page, name: place };
    const others = await Promise.all([checkActive(there), checkSetting(there), checkSecret(there)]);
    return [judgeToken(data, scopes), ...others];
  } catch (error) {
    const status = statusOf(error);
    const next =
      status === 401
        ? "The token is not valid: make a new one."
        : status === 404
          ? "The token cannot see this repository: give it access."
          : "Try again later, or mend GITHUB_API_URL.";
    return missing("token", `${github.baseUrl} on ${owner}/${repository}: ${messageOf(error)}`, next);
  }
};

/** Host and owner/name of a remote's address, over HTTP or SSH; null when it is a path. */
function readOrigin(url: string): { host: string; name: string } | null {
  const [, host, name] =
    /^(?:\w+:\/\/)?(?:[^@/]+@)?([\w.-]+)(?::\d+)?[/:]([\w.-]+\/[\w.-]+?)(?:\.git)?\/?$/.exec(url) ?? [];
  return host && name ? { host: host.toLowerCase(), name } : null;
}

/** REST base of a host that is surely GitHub's own; null of any other, to which a token must not be sent on a guess. */
function apiOf(host: string): string | null {
  if (host === "github.com" || host === "ssh.github.com") return "https://api.github.com";
  return host.endsWith(".ghe.com") ? `https://api.${host}` : null;
}

/** Rights of the token's owner; of a classic token also its scopes. A run uses the job's own token, whose rights the workflow gives. */
function judgeToken(data: RepositoryAnswer, scopes: string | null): Finding {
  if (!data.permissions?.push)
    return missing(
      "token",
      `no write permission on ${data.full_name}`,
      "Ask an owner for write access. A fine-grained token needs contents, issues, pull requests and actions: write.",
    );
  const has = scopes?.split(/,\s*/) ?? [];
  const enough = has.includes("repo") || (!data.private && has.includes("public_repo"));
  // Only classic tokens name scopes; an empty list is a token without any.
  if (scopes !== null && !enough)
    return missing(
      "token",
      `may write to ${data.full_name}, but the token's scopes (${scopes || "none"}) do not allow it`,
      `Make a token with the scope ${data.private ? "repo" : "public_repo"}: gh auth refresh --scopes repo,workflow`,
    );
  return ok("token", `may write to ${data.full_name}${scopes ? ` (scopes: ${scopes})` : ""}`);
}

/** Whether the workflow is on the default branch of GitHub and switched on. */
async function checkActive({ github, page, name }: Place): Promise<Finding> {
  return await looking("workflow", async () => {
    const path = "/repos/{owner}/{repo}/actions/workflows/{file}";
    const found = await github.find<{ state: string }>(path, { ...name, file: "baton.yml" });
    if (!found)
      return missing(
        "workflow",
        "GitHub knows no workflow baton.yml",
        "`baton init`, commit, push to the default branch.",
      );
    if (found.state === "active") return ok("workflow", "active on GitHub");
    return missing(
      "workflow",
      `baton.yml is switched off on GitHub (${found.state})`,
      `${page}/actions/workflows/baton.yml, then “Enable workflow”.`,
    );
  });
}

/** Whether the job's own token may open pull requests; only an administrator can ask. */
async function checkSetting({ github, page, name }: Place): Promise<Finding> {
  return await looking("setting", async () => {
    const path = "/repos/{owner}/{repo}/actions/permissions/workflow";
    const found = await github.find<{ can_approve_pull_request_reviews?: boolean }>(path, { ...name });
    if (found?.can_approve_pull_request_reviews === true) return ok("setting", "Actions may open pull requests");
    const next = `${page}/settings/actions, Workflow permissions: “Allow GitHub Actions to create and approve pull requests”.`;
    if (found) return missing("setting", "Actions may not open pull requests", next);
    return optional("setting", "this token cannot see whether Actions may open pull requests", next);
  });
}

/** Whether the secret is there; its value can be seen by nobody. */
async function checkSecret({ github, page, name }: Place): Promise<Finding> {
  return await looking("secret", async () => {
    const path = "/repos/{owner}/{repo}/actions/secrets/{secret}";
    const found = await github.find<{ name: string }>(path, { ...name, secret: "ANTHROPIC_API_KEY" });
    if (found) return ok("secret", "ANTHROPIC_API_KEY is set in the repository");
    // `gh` takes HOST/OWNER/REPO; without a host it means github.com.
    const named = page.replace(/^https?:\/\/(?:github\.com\/)?/, "");
    const next = `gh secret set ANTHROPIC_API_KEY --repo ${named} (or ${page}/settings/secrets/actions)`;
    return optional("secret", "ANTHROPIC_API_KEY is not set in the repository; one of the organisation would do", next);
  });
}

/** What may not be looked at is said, and is no mistake of the repository. */
async function looking(what: string, look: () => Promise<Finding>): Promise<Finding> {
  try {
    return await look();
  } catch (error) {
    if (statusOf(error) !== 403) throw error;
    return optional(
      what,
      `this token may not look: ${messageOf(error)}`,
      "Use the token of an administrator to have it checked.",
    );
  }
}
