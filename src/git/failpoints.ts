/** Called at the named points of a door; a test may throw, wait or end the process there. */
export type Failpoint = (name: string) => void | Promise<void>;

/** Methods of the git door that reach outward or write. */
export const gitDoorMethods = ["ls_remote", "fetch", "push", "snapshot", "checkout", "write_object"] as const;
export type GitDoorMethod = (typeof gitDoorMethods)[number];

/** Every failpoint of the git door: each method, before and after its effect. */
export function listGitFailpoints(): string[] {
  return gitDoorMethods.flatMap((method) => [`git.${method}.before`, `git.${method}.after`]);
}

/** Runs one method of the git door between its two failpoints. */
export async function throughGitDoor<T>(
  failpoint: Failpoint | undefined,
  method: GitDoorMethod,
  act: () => Promise<T>,
): Promise<T> {
  if (!failpoint) return await act();
  await failpoint(`git.${method}.before`);
  const result = await act();
  await failpoint(`git.${method}.after`);
  return result;
}
