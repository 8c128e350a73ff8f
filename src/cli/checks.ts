import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { ConfigError, describeError, SandboxError } from "../domain/errors.ts";
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

export const ok = (what: string, found: string): Finding => ({ mark: "ok", what, found, next: null });
export const missing = (what: string, found: string, next: string): Finding => ({ mark: "missing", what, found, next });
export const optional = (what: string, found: string, next: string): Finding => ({
  mark: "optional",
  what,
  found,
  next,
});

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

/** Rights that the job of a run needs; the nightly job only prunes, answers and starts. */
const runRights = ["actions", "checks", "contents", "issues", "pull-requests"];

/** Which rights a workflow's run job does not give, as `checks: write`; nothing where no job is told to run. */
function findLackingRights(text: string): string[] {
  const lacking = (granted: unknown): string[] => {
    if (granted === "write-all") return [];
    const rights = (typeof granted === "object" ? granted : null) as Record<string, unknown> | null;
    return runRights.filter((right) => rights?.[right] !== "write").map((right) => `${right}: write`);
  };
  try {
    const { permissions, jobs } = parse(text) as {
      permissions?: unknown;
      jobs?: Record<string, { permissions?: unknown }>;
    };
    const runs = Object.values(jobs ?? {}).filter((job) => /"mode":"run"/.test(JSON.stringify(job)));
    return [...new Set(runs.flatMap((job) => lacking(job.permissions ?? permissions)))];
  } catch {
    return [];
  }
}

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
      const lacking = findLackingRights(text);
      if (lacking.length > 0)
        return missing(
          "workflow",
          `${path}: the job that runs Baton lacks ${lacking.join(", ")}`,
          "Add them under `permissions:` of that job, or `baton init --force` writes the file anew.",
        );
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
    // fetch itself says no more than "fetch failed".
    const why = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return missing(
      "API key",
      `${base} cannot be reached: ${describeError(why)}`,
      "Mend the network, the proxy or ANTHROPIC_BASE_URL.",
    );
  }
};
