import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { ConfigError, describeError } from "../domain/errors.ts";

const execute = promisify(execFile);

/** Where a local repository lies. */
export interface RepositoryPlace {
  root: string;
  gitDir: string;
}

/** A local repository with a branch to start from: the commit that is checked out, never the files as they lie there. */
export interface WorkPlace extends RepositoryPlace {
  branch: string;
  head: string;
  /** Files that differ from it or are not tracked; the work does not see them. */
  uncommitted: number;
  /** `.github/baton.yml` of HEAD; null when there is none. */
  policyText: string | null;
}

/** Path of the policy in a repository. */
export const policyPath = ".github/baton.yml";

/** Runs git on a repository of the person's own, with their configuration, and returns what it prints, without the last line's end. */
export async function readGit(repo: string, ...args: string[]): Promise<string> {
  return (await execute("git", ["-C", repo, ...args], { maxBuffer: 1 << 26 })).stdout.replace(/\n$/, "");
}

/** Finds the repository that a path lies in. Throws ConfigError when there is none. */
export async function findRepository(repo: string): Promise<RepositoryPlace> {
  try {
    const root = await readGit(repo, "rev-parse", "--show-toplevel");
    return { root, gitDir: await readGit(repo, "rev-parse", "--absolute-git-dir") };
  } catch (cause) {
    throw new ConfigError(`${repo} is not the work tree of a git repository${whyNot(cause)}.`, {
      hint: "Give --repo the path of a git repository that is checked out.",
      cause,
    });
  }
}

/** What git itself says of it: a bare repository, a folder that is not there, one that belongs to somebody else. */
function whyNot(cause: unknown): string {
  const said = cause instanceof Error && "stderr" in cause ? String(cause.stderr).split("\n")[0] : "";
  return said ? `; git says: ${said.replace(/^fatal: /, "")}` : `: ${describeError(cause)}`;
}

/** Reads the branch, commit and policy that work starts from. Throws ConfigError. */
export async function readWorkPlace(repo: string): Promise<WorkPlace> {
  const place = await findRepository(repo);
  const head = await readGit(repo, "rev-parse", "--verify", "HEAD^{commit}").catch((cause: unknown) => {
    throw new ConfigError(`${repo} has no commit yet.`, {
      hint: "Make a first commit; the work starts from it.",
      cause,
    });
  });
  if (head.length !== 40) {
    throw new ConfigError(`${repo} names its objects by SHA-256, which Baton cannot read.`, {
      hint: "Use a repository with SHA-1 objects, as GitHub has them: `git init --object-format=sha1`.",
    });
  }
  const branch = await readGit(repo, "symbolic-ref", "--quiet", "--short", "HEAD").catch(() => "");
  if (!branch) {
    throw new ConfigError(`${repo} has no branch checked out.`, {
      hint: "Check out the branch that the work should start from, or make one here: `git switch -c NAME`.",
    });
  }
  const status = await readGit(repo, "status", "--porcelain", "--untracked-files=normal").catch(() => "");
  const uncommitted = status.split("\n").filter(Boolean).length;
  return { ...place, head, branch, uncommitted, policyText: await readHeadFile(repo, policyPath) };
}

/** Text of a file of HEAD, or null when it is not there. */
export async function readHeadFile(repo: string, path: string): Promise<string | null> {
  return await execute("git", ["-C", repo, "show", `HEAD:${path}`], { maxBuffer: 1 << 26 }).then(
    ({ stdout }) => stdout,
    () => null,
  );
}
