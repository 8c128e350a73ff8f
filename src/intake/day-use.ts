import type { MicroUsd } from "../domain/limits.ts";
import { dayLedgerRefOf } from "../domain/session-key.ts";
import type { RepositoryName } from "../domain/trigger.ts";
import type { GitHub } from "../github/client.ts";
import { ledgerFile, readLedger, readTotals } from "../session/day-ledger.ts";
import { findRef, loadText } from "./session-facts.ts";

/** Micro-USD that are reserved or spent on a UTC day (`yyyy-mm-dd`), as the day's ledger on the remote says. */
export async function fetchDayUse(github: GitHub, repository: RepositoryName, day: string): Promise<MicroUsd> {
  const ref = dayLedgerRefOf(day);
  const sha = await findRef(github, repository, ref);
  if (!sha) return 0;
  return readTotals(readLedger((await loadText(github, repository, sha, ledgerFile)) ?? "", ref)).usdMicro;
}
