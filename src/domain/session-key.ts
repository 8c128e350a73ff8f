import { z } from "zod";

/** Key of a session: `issue-12`, `pr-34`, `maintenance-<playbook>-<yyyymmdd>` or `task-<hash8>`. */
export const SessionKey = z
  .string()
  .regex(
    /^(?:issue-[1-9]\d{0,9}|pr-[1-9]\d{0,9}|maintenance-[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?-\d{8}|task-[0-9a-f]{8})$/,
    "a session key is issue-<n>, pr-<n>, maintenance-<playbook>-<yyyymmdd> or task-<8 hex digits>",
  );
export type SessionKey = z.infer<typeof SessionKey>;

/** `refs/baton/<session>`: the chain of checkpoints. */
export function sessionRefOf(session: SessionKey): string {
  return `refs/baton/${session}`;
}

/** Where checkpoints go when the server refuses our namespace (`1-product.md`, refs). */
export function fallbackSessionRefOf(session: SessionKey): string {
  return `refs/heads/baton-session/${session}`;
}

/** Name of the work branch, without `refs/heads/`. Generation 1 has no suffix. */
export function workBranchOf(session: SessionKey, generation: number, prefix = "baton/"): string {
  return `${prefix}${session}${generation > 1 ? `-${generation}` : ""}`;
}

/** `refs/baton-ledger/<yyyy-mm-dd>` of a UTC day. */
export function dayLedgerRefOf(day: string): string {
  return `refs/baton-ledger/${day}`;
}

/** Path of the checked-in state file in the work tree. */
export function stateFileOf(session: SessionKey): string {
  return `.baton/${session}/state.json`;
}
