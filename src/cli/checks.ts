import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, describeError, SandboxError } from "../domain/errors.ts";
import { createGitHub } from "../github/client.ts";
import { messageOf, statusOf } from "../github/outcome.ts";
import { readPlaybooks } from "../maintenance/read-playbooks.ts";
import { readFoundPolicy } from "../policy/read-policy.ts";
import { probeWalls } from "../sandbox/probe.ts";
import type { Terminal } from "./command.ts";
import { targetPathOf, workflowFiles } from "./init-files.ts";
import { findRepository, policyPath, readGit, readHeadFile } from "./local-place.ts";

/** What one check found. `missing` keeps something from working; `optional` is needed for a part that may not be wanted. */
export interface Finding {
  mark: "ok" | "missing" | "optional";
  what: string;
  found: string;
  /** What to do about it; null when there is nothing to do. */
  next: string | null;
}

/** One thing that `baton doctor` looks at; never throws for what it looks for. */
export type Check = (place: { terminal: Terminal; repo: string }) => Promise<Finding | Finding[]>;

const ok = (what: string, found: string): Finding => ({ mark: "ok", what, found, next: null });
const missing = (what: string, found: string, next: string): Finding => ({ mark: "missing", what, found, next });
const optional = (what: string, found: string, next: string): Finding => ({ mark: "optional", what, found, next });

/** Node of at least 24: sources run as they are, from that version on. */
export const checkNode: Check = async () => {
  const { node } = process.versions;
  if (Number(node.split(".")[0]) >= 24) return ok("node", node);
  return missing("node", node, "Install Node 24 or newer.");
};

/** git of at least 2.38: `merge-tree --write-tree`, with which people's commits are merged, came with it. */
export const checkGit: Check = async ({ repo }) => {
  const text = await readGit(repo, "--version").catch(() => "");
  const [, major = "0", minor = "0"] = /(\d+)\.(\d+)/.exec(text) ?? [];
  if (Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 38))
    return ok("git", text.replace("git version ", ""));
  return missing("git", text || "not found", "Install git 2.38 or newer.");
};

/** Raises the walls once and looks at them from inside, as every run does. */
export const checkWalls: Check = async () => {
  try {
    const walls = await probeWalls({ allowDegraded: false });
    const weaker = walls.weaker.map((text) => optional("walls", text, "Runs work; the report says so."));
    return [ok("walls", `${walls.description}: raised and probed from inside`), ...weaker];
  } catch (error) {
    if (!(error instanceof SandboxError) && !(error instanceof ConfigError)) throw error;
    return missing("walls", error.message, error.hint);
  }
};

/** A repository with a commit and a branch, from which work can start. */
export const checkRepository: Check = async ({ repo }) => {
  try {
    const { root } = await findRepository(repo);
    const branch = await readGit(root, "symbolic-ref", "--quiet", "--short", "HEAD").catch(() => "");
    const head = await readGit(root, "rev-parse", "--short=12", "--verify", "HEAD^{commit}").catch(() => "");
    if (!head) return missing("repository", `${root} has no commit`, "Make a first commit; work starts from it.");
    if (!branch) return missing("repository", `${root} has no branch checked out`, "Check out a branch.");
    return ok("repository", `${root}, ${branch} at ${head}`);
  } catch (error) {
    return missing("repository", describeError(error), "Run this in a git repository, or give --repo.");
  }
};

/** The policy of HEAD and the playbooks that it switches on. */
export const checkPolicy: Check = async ({ repo }) => {
  const text = await readHeadFile(repo, policyPath);
  if (text === null) {
    const onDisk = await readFile(join(repo, policyPath), "utf8").catch(() => null);
    const next = onDisk === null ? "`baton init` writes it with every default explained." : "Commit it.";
    return optional("policy", `${policyPath} is not in HEAD: the defaults apply`, next);
  }
  try {
    const { policy } = readFoundPolicy(text, policyPath);
    const files = new Map<string, string>();
    for (const name of policy.maintenance.playbooks) {
      const path = `.github/baton/maintenance/${name}.md`;
      const playbook = await readHeadFile(repo, path);
      if (playbook !== null) files.set(path, playbook);
    }
    const { broken } = readPlaybooks(policy.maintenance.playbooks, files);
    const { run, session } = policy.limits;
    return [
      ok(
        "policy",
        `${policyPath}: $${run.usd}, ${run.turns} turns, ${run.minutes} minutes a run; $${session.usd} a session`,
      ),
      ...broken.map(({ name, error }) => missing(`playbook ${name}`, error.message, error.hint)),
    ];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return missing("policy", error.message, error.hint);
  }
};

/** The workflows that GitHub needs; a local run needs none. */
export const checkWorkflows: Check = async ({ repo }) =>
  await Promise.all(
    workflowFiles.map(async (file) => {
      const path = targetPathOf(file);
      const text = await readHeadFile(repo, path);
      if (text === null)
        return optional("workflow", `${path} is not in HEAD`, "For GitHub: `baton init`, then commit and push.");
      if (!/uses:\s*\S*(?:baton\S*@\S+|\.\/)/.test(text))
        return missing("workflow", `${path} does not use Baton's action`, "`baton init --force` writes it anew.");
      return ok("workflow", path);
    }),
  );

/** The key, tried on the API's list of models, which costs nothing. */
export const checkKey: Check = async ({ terminal: { env, signal } }) => {
  const key = env.ANTHROPIC_API_KEY;
  const base = (env.ANTHROPIC_BASE_URL || "https://api.anthropic.com").replace(/\/+$/, "");
  if (!key) {
    return missing(
      "API key",
      "ANTHROPIC_API_KEY is not set",
      "Set it for local runs; on GitHub it is a secret. `npm run demo` needs none.",
    );
  }
  try {
    const answer = await fetch(`${base}/v1/models?limit=1`, {
      headers: { "x-api-key": key, "anthropic-version": "2023-06-01" },
      signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
    });
    await answer.body?.cancel();
    if (answer.ok) return ok("API key", `accepted by ${base}`);
    return missing(
      "API key",
      `${base} answers ${answer.status}`,
      answer.status === 401
        ? "Set ANTHROPIC_API_KEY to a key that is valid there."
        : "Try again later, or mend ANTHROPIC_BASE_URL.",
    );
  } catch (error) {
    return missing(
      "API key",
      `${base} cannot be reached: ${describeError(error)}`,
      "Mend the network, the proxy or ANTHROPIC_BASE_URL.",
    );
  }
};

interface RepositoryAnswer {
  full_name: string;
  default_branch: string;
  permissions?: { push?: boolean; admin?: boolean };
}

/** Rights of GITHUB_TOKEN on the repository that `origin` names. */
export const checkToken: Check = async ({ terminal, repo }) => {
  const token = terminal.env.GITHUB_TOKEN;
  if (!token) return optional("token", "GITHUB_TOKEN is not set", "Set it to have its rights on GitHub looked at.");
  const url = await readGit(repo, "remote", "get-url", "origin").catch(() => "");
  const name = terminal.env.GITHUB_REPOSITORY ?? /[/:]([\w.-]+\/[\w.-]+?)(?:\.git)?\/?$/.exec(url)?.[1];
  const [owner, repository] = name?.split("/") ?? [];
  if (!owner || !repository)
    return optional(
      "token",
      "no repository on GitHub is known",
      "Set GITHUB_REPOSITORY to owner/name, or add the remote `origin`.",
    );
  const github = createGitHub({
    token: async () => token,
    ...(terminal.env.GITHUB_API_URL ? { baseUrl: terminal.env.GITHUB_API_URL } : {}),
    maxWaitMs: 5_000,
    signal: terminal.signal,
  });
  try {
    const { data, headers } = await github.get<RepositoryAnswer>("/repos/{owner}/{repo}", { owner, repo: repository });
    if (!data.permissions?.push)
      return missing(
        "token",
        `no write permission on ${data.full_name}`,
        "Use a token with contents, issues, pull requests, checks and actions: write.",
      );
    const scopes = typeof headers["x-oauth-scopes"] === "string" ? headers["x-oauth-scopes"] : "";
    return ok("token", `may write to ${data.full_name}${scopes ? ` (scopes: ${scopes})` : ""}`);
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
