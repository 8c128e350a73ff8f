import type { RunEnd } from "./end.ts";
import type { Run } from "./open-run.ts";

/**
 * Whether the world still wants this work: the issue open and labelled, the pull request neither merged nor closed, the
 * requester still allowed to write. Asked between turns and before each stage; an answer that cannot be had ends nothing.
 */
export async function lookAround(run: Run, options: { force?: boolean } = {}): Promise<RunEnd | null> {
  const found = await run.world.forge.findReasonToStop(run.session.state(), options).catch(() => null);
  if (!found) return null;
  if (found.handsOff) run.handsOff = found.reason;
  return { stop: "cancelled", text: found.reason };
}
