import { dayLedgerRefOf } from "../domain/session-key.ts";
import type { RepositoryName } from "../domain/trigger.ts";
import type { GitHub } from "../github/client.ts";
import { removeRef } from "../github/small-writes.ts";
import { listRefsBelow } from "../intake/session-facts.ts";
import { addDays } from "../maintenance/decide-due.ts";
import type { Night } from "./fetch-night.ts";

/** Ledgers are kept at least this many days, whatever `retain_days` says: runs, digest and clocks look back over a week. */
const minDays = 14;
/** Ledgers pruned in one night, so that a long pause costs no job its time. */
const maxPerNight = 50;

/** Removes the refs of day ledgers older than `retain_days`; returns their days, oldest first. */
export async function pruneLedgers(night: Night, github: GitHub, repository: RepositoryName): Promise<string[]> {
  const { today, limits } = night.world;
  const keepFrom = addDays(today, -Math.max(limits.retain_days, minDays));
  const days = await listRefsBelow(github, repository, "baton-ledger/");
  const old = days.filter((day) => /^\d{4}-\d{2}-\d{2}$/.test(day) && day < keepFrom).sort();
  const pruned = old.slice(0, maxPerNight);
  for (const day of pruned) await removeRef(github, repository, dayLedgerRefOf(day));
  return pruned;
}
