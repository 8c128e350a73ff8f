import { toMicroUsd } from "../domain/limits.ts";
import { runSpend } from "../domain/replay.ts";
import type { CheckpointInput, CheckpointOutcome } from "../session/checkpoint.ts";
import { createDayLedger, type DayLedger, type EntryPush, type ReserveOutcome } from "../session/day-ledger.ts";
import { endOfError, type RunEnd } from "./end.ts";
import type { Run } from "./open-run.ts";
import { checkSessionCaps } from "./session-caps.ts";

/**
 * Reserves the run's whole budget in the day's ledger in the same push as its claim, before anything is spent: both or none.
 * Less than asked lowers the run's cap. What the day refuses, or a ledger that cannot be written, does not keep the claim
 * from being made; the end that it means is then left in `run.dayRefusal`. `allowance` is asked once the day has granted.
 */
export async function claimWithDay(
  run: Run,
  claim: CheckpointInput,
  allowance: () => number,
): Promise<CheckpointOutcome> {
  const { policy } = run.world;
  const usdMicro = run.session.state().runs.at(-1)?.limits.usd_micro ?? 0;
  if (checkSessionCaps(run)) return await run.session.checkpoint(claim);
  let claimed: CheckpointOutcome | null = null;
  const cap = { usdMicro: toMicroUsd(policy.limits.day.usd), runsPerPerson: policy.limits.day.runs_per_person };
  const withEntry: EntryPush = async (beside, grantedUsdMicro) => {
    run.dayAllowanceUsdMicro = grantedUsdMicro;
    claimed = await run.session.checkpoint({ ...claim, allowanceUsdMicro: allowance(), beside });
    return claimed.kind === "superseded" ? { kind: "unreachable", detail: claimed.detail } : claimed;
  };
  const reserved = run.day.then(({ ledger }) => ledger.reserve({ ...who(run), usdMicro, cap }, withEntry));
  const outcome = await reserved.catch((error: unknown) => ({ kind: "failed" as const, error }));
  if (outcome.kind === "granted") {
    // A run that had reserved before has no entry to add, and its claim is still to be pushed.
    run.dayAllowanceUsdMicro = outcome.usdMicro;
    claimed ??= await run.session.checkpoint({ ...claim, allowanceUsdMicro: allowance() });
    const { day } = await run.day;
    const granted = { day, reserved_usd_micro: outcome.usdMicro, returned_usd_micro: 0 };
    run.allowanceUsdMicro = run.session.acknowledgedAllowance();
    if (claimed.kind === "pushed") await run.record("day_allowance", granted);
    return claimed;
  }
  run.dayAllowanceUsdMicro = 0;
  if (isLost(claimed)) return claimed;
  run.dayRefusal = outcome.kind === "failed" ? endOfError(outcome.error, run.world.signal) : endOfRefusal(outcome);
  return await run.session.checkpoint(claim);
}

/** The claim itself did not come through; with a ledger that alone was refused it may. */
function isLost(claimed: CheckpointOutcome | null): claimed is CheckpointOutcome {
  return claimed !== null && claimed.kind !== "refused";
}

function endOfRefusal(outcome: Exclude<ReserveOutcome, { kind: "granted" }>): RunEnd {
  if (outcome.kind === "refused")
    return {
      stop: "max_budget",
      text: `${outcome.reason} \`limits.day\` in the policy sets it; it starts anew at midnight UTC.`,
    };
  return {
    stop: "api_error",
    text: `The day's ledger could not be written, so nothing was spent: ${outcome.detail}`,
  };
}

/** Gives back what the run did not spend. Of a run that dies before this, the whole reservation counts for the day. */
export async function returnDay(run: Run): Promise<void> {
  const reserved = run.session.events().findLast((event) => event.type === "day_allowance");
  if (reserved?.type !== "day_allowance" || run.dayAllowanceUsdMicro === 0) return;
  const usdMicro = Math.max(0, run.dayAllowanceUsdMicro - runSpend(run.session.state()).usd_micro);
  run.dayAllowanceUsdMicro = 0;
  const { ledger } = await run.day;
  await ledger.giveBack({ ...who(run), usdMicro });
}

export interface DayOfRun {
  day: string;
  ledger: DayLedger;
}

/** The ledger of the day that this run counts for; it begins to be read at once. What fails is told to whoever waits for it. */
export function openDay({ world, store }: Pick<Run, "world" | "store">): Promise<DayOfRun> {
  const opening = world.forge.today().then((day) => {
    const ledger = createDayLedger({ store, day, clock: () => world.now().getTime() });
    ledger.look();
    return { day, ledger };
  });
  opening.catch(() => {});
  return opening;
}

function who(run: Run): { session: string; run: string; person: string } {
  const { session, requester } = run.session.state();
  return { session, run: `${run.world.run.id}/${run.world.run.attempt}`, person: requester.login };
}
