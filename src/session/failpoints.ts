import { type Failpoint, listGitFailpoints } from "../git/failpoints.ts";

export type { Failpoint };

/** Methods of the file door. */
export const fileDoorMethods = ["append", "sync", "write", "read", "list", "truncate", "remove"] as const;
export type FileDoorMethod = (typeof fileDoorMethods)[number];

/** Methods whose effect can stop half way: a test may end the process when only the first half of the bytes is there. */
const tearable: readonly FileDoorMethod[] = ["append", "write"];

/** Every failpoint of the session's two doors, generated from their methods. */
export function listFailpoints(): string[] {
  const files = fileDoorMethods.flatMap((method) => [
    `files.${method}.before`,
    ...(tearable.includes(method) ? [`files.${method}.partial`] : []),
    `files.${method}.after`,
  ]);
  return [...files, ...listGitFailpoints()];
}
