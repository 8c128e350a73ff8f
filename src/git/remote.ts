import { setTimeout as wait } from "node:timers/promises";
import { type PushOutcome, readPush } from "./push-refusal.ts";
import { GitError, type GitResult } from "./run-git.ts";

/** A call of git that may speak to the remote: arguments in, result out. */
export type RemoteGit = (args: readonly string[], options?: { timeoutMs?: number }) => Promise<GitResult>;

/** One ref of a push. With `expected` (null: absent) the ref must be exactly there before, or nothing is pushed. */
export interface RefPush {
  ref: string;
  sha: string;
  expected?: string | null;
}

const networkTimeoutMs = 600_000;
const refName = /^refs\/[^\s~^:?*[\\\x00-\x1f\x7f]+$/;

/** Refs of the remote that match the patterns, by name. Throws when the remote cannot be reached. */
export async function listRemoteRefs(
  git: RemoteGit,
  url: string,
  patterns: readonly string[],
): Promise<Map<string, string>> {
  const result = await git(["ls-remote", "--quiet", "--", url, ...patterns], { timeoutMs: networkTimeoutMs });
  if (result.code !== 0) throw new GitError("ls-remote", result);
  const refs = new Map<string, string>();
  for (const line of result.stdout.toString("utf8").split("\n")) {
    const [sha, ref] = line.split("\t");
    if (sha && ref && !ref.endsWith("^{}")) refs.set(ref, sha);
  }
  return refs;
}

/** Fetches whole histories, or the last `depth` commits; object ids and refs in, nothing followed, no tags, no submodules. */
export async function fetchRefs(
  git: RemoteGit,
  url: string,
  refspecs: readonly string[],
  depth?: number,
): Promise<void> {
  for (const refspec of refspecs) checkRefspec(refspec);
  const args = [
    "fetch",
    "--quiet",
    "--no-tags",
    "--no-recurse-submodules",
    "--no-write-fetch-head",
    "--no-auto-maintenance",
    // A clone of a few commits is a good remote too: work needs its head, not its past.
    "--update-shallow",
  ];
  const result = await git([...args, ...(depth ? [`--depth=${depth}`] : []), "--", url, ...refspecs], {
    timeoutMs: networkTimeoutMs,
  });
  if (result.code !== 0) throw new GitError("fetch", result);
}

/**
 * Updates all refs or none, only by fast-forward. When the outcome is unknown the refs are looked up again, so that an
 * update whose answer was lost counts as made and never happens twice.
 */
export async function pushRefs(git: RemoteGit, url: string, updates: readonly RefPush[]): Promise<PushOutcome> {
  const specs = updates.map(({ ref, sha }) => {
    if (!refName.test(ref) || !/^[0-9a-f]{40}$/.test(sha)) throw new Error(`not a ref update: ${sha} ${ref}`);
    return `${sha}:${ref}`;
  });
  // A lease alone would allow any update from the expected value; the store has proven that this one is a fast-forward.
  const leases = updates
    .filter(({ expected }) => expected !== undefined)
    .map(({ ref, expected }) => `--force-with-lease=${ref}:${expected ?? ""}`);
  let detail = "";
  for (const delayMs of [0, 1_000, 4_000]) {
    if (delayMs > 0) await wait(delayMs);
    const result = await git(
      ["push", "--atomic", "--porcelain", "--no-verify", "--no-follow-tags", ...leases, "--", url, ...specs],
      { timeoutMs: networkTimeoutMs },
    );
    const reading = readPush({ code: result.code, stdout: result.stdout.toString("utf8"), stderr: result.stderr });
    if (reading.kind === "pushed") return reading;
    detail = reading.detail;
    const known = await lookUp(git, url, updates);
    if (known === "there") return { kind: "pushed" };
    if (reading.kind === "refused") return reading;
  }
  return { kind: "unreachable", detail };
}

async function lookUp(
  git: RemoteGit,
  url: string,
  updates: readonly RefPush[],
): Promise<"there" | "other" | "unreachable"> {
  try {
    const refs = await listRemoteRefs(
      git,
      url,
      updates.map(({ ref }) => ref),
    );
    return updates.every(({ ref, sha }) => refs.get(ref) === sha) ? "there" : "other";
  } catch (error) {
    if (error instanceof GitError) return "unreachable";
    throw error;
  }
}

function checkRefspec(refspec: string): void {
  const [from = "", to, ...rest] = refspec.split(":");
  const fromOk = /^[0-9a-f]{40}$/.test(from) || from === "HEAD" || refName.test(from.replaceAll("*", "x"));
  if (rest.length > 0 || !fromOk || (to !== undefined && !refName.test(to.replaceAll("*", "x")))) {
    throw new Error(`not a refspec that Baton fetches: ${JSON.stringify(refspec)}`);
  }
}
