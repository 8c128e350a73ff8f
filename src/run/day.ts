import { toMicroUsd } from "../domain/limits.ts";
import { runSpend } from "../domain/replay.ts";
import { createDayLedger } from "../session/day-ledger.ts";
import type { RunEnd } from "./end.ts";
import type { Run } from "./open-run.ts";

/** Reserves the run's whole budget in the day's ledger before anything is spent; less than asked lowers the run's cap. */
export async function reserveDay(run: Run): Promise<RunEnd | null> {
  const { policy } = run.world;
  const day = await run.world.forge.today();
  const outcome = await ledgerOf(run, day).reserve({
    ...who(run),
    usdMicro: run.session.state().runs.at(-1)?.limits.usd_micro ?? 0,
    cap: { usdMicro: toMicroUsd(policy.limits.day.usd), runsPerPerson: policy.limits.day.runs_per_person },
  });
  switch (outcome.kind) {
    case "granted":
      run.dayAllowanceUsdMicro = outcome.usdMicro;
      await run.record("day_allowance", { day, reserved_usd_micro: outcome.usdMicro, returned_usd_micro: 0 });
      return null;
    case "refused":
      return {
        stop: "max_budget",
        text: `${outcome.reason} \`limits.day\` in the policy sets it; it starts anew at midnight UTC.`,
      };
    case "unavailable":
      return {
        stop: "api_error",
        text: `The day's ledger could not be written, so nothing was spent: ${outcome.detail}`,
      };
  }
}

/** Gives back what the run did not spend. Of a run that dies before this, the whole reservation counts for the day. */
export async function returnDay(run: Run): Promise<void> {
  const reserved = run.session.events().findLast((event) => event.type === "day_allowance");
  if (reserved?.type !== "day_allowance" || run.dayAllowanceUsdMicro === 0) return;
  const usdMicro = Math.max(0, run.dayAllowanceUsdMicro - runSpend(run.session.state()).usd_micro);
  run.dayAllowanceUsdMicro = 0;
  await ledgerOf(run, reserved.data.day).giveBack({ ...who(run), usdMicro });
}

function ledgerOf(run: Run, day: string) {
  return createDayLedger({ store: run.store, day, clock: () => run.world.now().getTime() });
}

function who(run: Run): { session: string; run: string; person: string } {
  const { session, requester } = run.session.state();
  return { session, run: `${run.world.run.id}/${run.world.run.attempt}`, person: requester.login };
}
