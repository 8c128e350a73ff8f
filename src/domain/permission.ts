import { z } from "zod";

/**
 * What GitHub's API said, at that moment, about an account's right on the repository. `permission` folds maintain into
 * write and triage into read; `role` is the finer name. Whatever is not `known` counts as no right at all.
 */
export const PermissionOutcome = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("known"), permission: z.enum(["admin", "write", "read", "none"]), role: z.string() }),
  /** GitHub does not know the account as a collaborator (404): apps and outsiders. */
  z.object({ kind: z.literal("absent"), why: z.string() }),
  /** The question could not be answered (5xx, timeout, unexpected answer). */
  z.object({ kind: z.literal("unknown"), why: z.string() }),
]);
export type PermissionOutcome = z.infer<typeof PermissionOutcome>;

/** Whether an outcome is the right to start and steer runs: write or admin, known. */
export function mayWrite(outcome: PermissionOutcome): boolean {
  return outcome.kind === "known" && (outcome.permission === "admin" || outcome.permission === "write");
}
