import { nextStage } from "../domain/state.ts";
import { claimSession } from "./claim.ts";
import { takeUpUnclosedEnd } from "./continuation.ts";
import { withoutWrites } from "./dry-run.ts";
import type { RunEnd } from "./end.ts";
import { endOfError, endOfSignal } from "./end.ts";
import { evaluateWork } from "./evaluate.ts";
import { finishRun, finishUnclaimed, type RunResult } from "./finish.ts";
import { initialize } from "./initialize.ts";
import { lookAround } from "./look-around.ts";
import { openRun, type Run } from "./open-run.ts";
import { prepare, settleOnBase } from "./prepare.ts";
import { publish } from "./publish.ts";
import { work } from "./work.ts";
import type { RunWorld } from "./world.ts";

const stages: Record<ReturnType<typeof nextStage>, (run: Run) => Promise<RunEnd | null>> = {
  initialize,
  work,
  evaluate: evaluateWork,
  publish,
};

/**
 * The story of a run: claim the session, prepare the walls, then stage after stage as the state says, until one of them
 * is the end. Whatever happens after the claim is saved and shown. Never throws for an expected ending.
 */
export async function runSession(world: RunWorld): Promise<RunResult> {
  await using run = await openRun(world.dryRun ? withoutWrites(world) : world);
  const early = endOfSignal(world.signal);
  if (early) return await finishUnclaimed(run, early, { tell: true });
  const claim = await claimSession(run);
  if (claim.kind === "ended") return await finishUnclaimed(run, claim.end, { tell: claim.tell });
  let end: RunEnd | null = null;
  try {
    end = (await takeUpUnclosedEnd(run)) ?? (await prepare(run));
    while (end === null)
      end =
        endOfSignal(world.signal) ??
        (await lookAround(run, { force: true })) ??
        (await settleOnBase(run)) ??
        (await stages[nextStage(run.session.state())](run));
  } catch (error) {
    end = endOfError(error, run.world.signal);
  }
  return await finishRun(run, end);
}
