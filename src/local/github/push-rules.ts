import type { Actor } from "./auth.ts";
import { git, isAncestor, runGit } from "./git.ts";
import type { Repo } from "./records.ts";

/** One ref as a push wants to change it; forty zeros mean "absent". */
export interface RefUpdate {
  ref: string;
  before: string;
  after: string;
}

/** A rule that a test or an owner puts on a repository's pushes. */
export type PushRule =
  /** Classic branch protection (GH006). */
  | { kind: "protect"; repo?: number; refs: RegExp; why: string; allows?: (actor: Actor) => boolean }
  /** A ruleset (GH013). */
  | { kind: "ruleset"; repo?: number; refs: RegExp; why: string; allows?: (actor: Actor) => boolean }
  /** Secret push protection (GH013): new file contents are searched. */
  | { kind: "secret"; repo?: number; pattern: RegExp; name: string }
  /** No force pushes to these refs. */
  | { kind: "no_force"; repo?: number; refs: RegExp };

/** Why a push is refused: what stands behind the ref in the report, and what `remote:` lines say. */
export interface Refusal {
  ref: string;
  reason: string;
  lines: string[];
}

/** Forty zeros. */
export const ABSENT = "0".repeat(40);
/** GitHub refuses single files above 100 MB. */
const MAX_FILE_BYTES = 100 * 1024 * 1024;

/** What a rule needs to know; `env` opens the quarantine of a push that is not yet accepted. */
export interface PushAttempt {
  repo: Repo;
  actor: Actor;
  updates: readonly RefUpdate[];
  rules: readonly PushRule[];
  env: Record<string, string>;
}

/** Judges a push as GitHub does before it moves any ref; an empty list lets it through. */
export async function judgePush(attempt: PushAttempt): Promise<Refusal[]> {
  const refusals: Refusal[] = [];
  for (const update of attempt.updates) {
    const refusal =
      judgeNamespace(attempt, update) ??
      (await judgeRules(attempt, update)) ??
      (await judgeWorkflows(attempt, update)) ??
      (await judgeContents(attempt, update));
    if (refusal) refusals.push(refusal);
  }
  return refusals;
}

function judgeNamespace({ repo }: PushAttempt, { ref, after }: RefUpdate): Refusal | null {
  if (/^refs\/pull\//.test(ref)) return { ref, reason: "deny updating a hidden ref", lines: [] };
  if (!/^refs\/[^/]+\/.+/.test(ref)) return { ref, reason: "funny refname", lines: [] };
  if (ref === `refs/heads/${repo.defaultBranch}` && after === ABSENT) {
    return { ref, reason: `refusing to delete the current branch: ${ref}`, lines: [] };
  }
  return null;
}

async function judgeRules({ repo, actor, rules, env }: PushAttempt, update: RefUpdate): Promise<Refusal | null> {
  for (const rule of rules) {
    if (rule.kind === "secret" || (rule.repo !== undefined && rule.repo !== repo.id) || !rule.refs.test(update.ref))
      continue;
    if (rule.kind === "no_force") {
      const forced =
        update.before !== ABSENT &&
        (update.after === ABSENT ||
          (await runGit(repo.gitDir, ["merge-base", "--is-ancestor", update.before, update.after], { env })).code !==
            0);
      if (forced) return protectedRefusal(update.ref, "Cannot force-push to this branch");
      continue;
    }
    if (rule.allows?.(actor)) continue;
    if (rule.kind === "protect") return protectedRefusal(update.ref, rule.why);
    return rulesetRefusal(update.ref, [`- ${rule.why}`]);
  }
  return null;
}

function protectedRefusal(ref: string, why: string): Refusal {
  return {
    ref,
    reason: "protected branch hook declined",
    lines: [`error: GH006: Protected branch update failed for ${ref}.`, "", `- ${why}`],
  };
}

function rulesetRefusal(ref: string, lines: string[]): Refusal {
  return {
    ref,
    reason: "push declined due to repository rule violations",
    lines: [`error: GH013: Repository rule violations found for ${ref}.`, "Review all repository rules", "", ...lines],
  };
}

/** True for tokens that may write `.github/workflows`: persons' tokens with that scope, and Apps with that right; never a GITHUB_TOKEN. */
export function mayWriteWorkflows(actor: Actor): boolean {
  if (actor.kind === "user") return actor.token.kind !== "user" || actor.token.scopes.includes("workflow");
  return actor.kind === "installation" && actor.permissions.workflows === "write";
}

async function workflowFiles(
  gitDir: string,
  commit: string,
  env: Record<string, string>,
): Promise<Map<string, string>> {
  const out = await runGit(gitDir, ["ls-tree", "-r", "-z", commit, "--", ".github/workflows"], { env });
  const entries = out.code === 0 ? out.out.toString("utf8").split("\0").filter(Boolean) : [];
  return new Map(entries.map((line) => [line.slice(line.indexOf("\t") + 1), line.split("\t")[0]!.split(" ")[2]!]));
}

// Rows 42 and 74 of GitHub's behaviour: it compares with the default branch, so that a branch which is merely behind is refused too.
async function judgeWorkflows({ repo, actor, env }: PushAttempt, update: RefUpdate): Promise<Refusal | null> {
  if (update.after === ABSENT || mayWriteWorkflows(actor)) return null;
  const pushed = await workflowFiles(repo.gitDir, update.after, env);
  const published = await workflowFiles(repo.gitDir, `refs/heads/${repo.defaultBranch}`, env);
  let path = [...pushed].find(([name, sha]) => published.get(name) !== sha)?.[0];
  if (path === undefined && update.before !== ABSENT) {
    const former = await workflowFiles(repo.gitDir, update.before, env);
    path = [...former.keys()].find((name) => !pushed.has(name));
  }
  if (path === undefined && update.before === ABSENT && published.size > pushed.size) {
    const related = await runGit(repo.gitDir, ["merge-base", update.after, `refs/heads/${repo.defaultBranch}`], {
      env,
    });
    const base = related.code === 0 ? await workflowFiles(repo.gitDir, related.out.toString("utf8").trim(), env) : null;
    path = base ? [...base.keys()].find((name) => !pushed.has(name)) : undefined;
  }
  if (path === undefined) return null;
  const who = actor.kind === "user" ? "a Personal Access Token" : "a GitHub App";
  const what = actor.kind === "user" ? "`workflow` scope" : "`workflows` permission";
  return {
    ref: update.ref,
    reason: `refusing to allow ${who} to create or update workflow \`${path}\` without ${what}`,
    lines: [],
  };
}

async function judgeContents({ repo, rules, env }: PushAttempt, update: RefUpdate): Promise<Refusal | null> {
  if (update.after === ABSENT) return null;
  const blobs = await newBlobs(repo.gitDir, update.after, env);
  const big = blobs.filter((blob) => blob.size > MAX_FILE_BYTES);
  if (big.length > 0) return sizeRefusal(update.ref, big);
  for (const rule of rules) {
    if (rule.kind !== "secret" || (rule.repo !== undefined && rule.repo !== repo.id)) continue;
    for (const blob of blobs) {
      const bytes = await runGit(repo.gitDir, ["cat-file", "blob", blob.sha], { env });
      if (rule.pattern.test(bytes.out.toString("utf8"))) return secretRefusal(update.ref, rule.name, blob.path);
    }
  }
  return null;
}

async function newBlobs(gitDir: string, commit: string, env: Record<string, string>) {
  const objects = await git(gitDir, ["rev-list", "--objects", commit, "--not", "--all"], { env });
  if (objects.trim() === "") return [];
  const out = await git(gitDir, ["cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize) %(rest)"], {
    env,
    input: objects,
  });
  return out
    .split("\n")
    .map((line) => /^(\w+) blob (\d+) (.*)$/.exec(line))
    .filter((match) => match !== null)
    .map((match) => ({ sha: match[1]!, size: Number(match[2]), path: match[3]! }));
}

function sizeRefusal(ref: string, files: { path: string; size: number }[]): Refusal {
  const lines = files.map(({ path, size }) => {
    const megabytes = (size / 1024 / 1024).toFixed(2);
    return `error: File ${path} is ${megabytes} MB; this exceeds GitHub's file size limit of 100.00 MB`;
  });
  const advice =
    "error: GH001: Large files detected. You may want to try Git Large File Storage - https://git-lfs.github.com.";
  return {
    ref,
    reason: "pre-receive hook declined",
    lines: ["error: See https://gh.io/lfs for more information.", ...lines, advice],
  };
}

function secretRefusal(ref: string, name: string, path: string): Refusal {
  return rulesetRefusal(ref, [
    "- GITHUB PUSH PROTECTION",
    "  Resolve the following violations before pushing again",
    "",
    "  - Push cannot contain secrets",
    "",
    `    —— ${name} ——`,
    `      path: ${path}`,
  ]);
}

/** True when the update is a fast-forward, a creation or no change. */
export async function isFastForward(repo: Repo, update: RefUpdate): Promise<boolean> {
  if (update.before === ABSENT || update.before === update.after) return true;
  return update.after !== ABSENT && (await isAncestor(repo.gitDir, update.before, update.after));
}
