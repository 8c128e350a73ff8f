import type { EventInput } from "../domain/event.ts";
import type { RunRecord, State } from "../domain/state.ts";
import { type CheckpointInput, type CheckpointOutcome, readWriteOff } from "./checkpoint.ts";
import type { OpenedSession, Session } from "./session.ts";

export interface ClaimInput {
  session: Session;
  found: OpenedSession["found"];
  /** Recorded first when the session is new or a new generation begins; null otherwise. */
  start: EventInput<"session_started"> | null;
  run: Omit<EventInput<"run_claimed">, "epoch" | "written_off_usd_micro">;
  workTree: string;
  /** Session spend, micro-USD, that the claim's checkpoint already covers. */
  allowanceUsdMicro(state: State): number;
  /** How the claim's checkpoint is pushed; by the session alone when not given. */
  push?(input: CheckpointInput): Promise<CheckpointOutcome>;
  /** Asks the API whether that run is under way: the clock says nothing about it. */
  isRunAlive(runId: string, runAttempt: number): Promise<boolean>;
}

export type ClaimOutcome =
  | { kind: "claimed"; epoch: number; writtenOffUsdMicro: number; checkpoint: string }
  /** Another run claimed it meanwhile. */
  | { kind: "superseded"; detail: string }
  /** The run that holds it is alive. */
  | { kind: "held"; by: RunName }
  | Exclude<CheckpointOutcome, { kind: "pushed" | "superseded" }>;

type RunName = Pick<RunRecord, "run_id" | "run_attempt">;

/** Claims a session for this run: its first checkpoint, as the child of the last one, is the only lock there is. */
export async function claimSession(input: ClaimInput): Promise<ClaimOutcome> {
  const { session, found, run } = input;
  const before = session.hasState() ? session.state() : null;
  const holder = findHolder(before, found);
  if (holder && !isSameRun(holder, run) && (await input.isRunAlive(holder.run_id, holder.run_attempt))) {
    return { kind: "held", by: holder };
  }
  const last =
    found.kind === "restored" ? found : { pushedAllowanceUsdMicro: 0, lostCheckpoints: 0, newest: { epoch: 0 } };
  const writtenOffUsdMicro = readWriteOff(before, last.pushedAllowanceUsdMicro, last.lostCheckpoints);
  const epoch = Math.max(before?.runs.at(-1)?.epoch ?? 0, last.newest.epoch) + 1;
  if (input.start) await session.record("session_started", input.start);
  await session.record("run_claimed", { ...run, epoch, written_off_usd_micro: writtenOffUsdMicro });
  if (found.kind === "restored") {
    for (const text of found.problems) await session.record("warned", { text });
  }
  const push = input.push ?? session.checkpoint;
  const outcome = await push({
    workTree: input.workTree,
    allowanceUsdMicro: input.allowanceUsdMicro(session.state()),
  });
  if (outcome.kind === "pushed") return { kind: "claimed", epoch, writtenOffUsdMicro, checkpoint: outcome.checkpoint };
  return outcome;
}

/** The run that may still be at work: the state's last one without an end, or whoever wrote checkpoints that cannot be read. */
function findHolder(before: State | null, found: ClaimInput["found"]): RunName | null {
  if (found.kind === "restored" && found.lostCheckpoints > 0) {
    const [run_id = "", attempt] = found.newest.run.split("/");
    return run_id === "" ? null : { run_id, run_attempt: Number(attempt) || 1 };
  }
  const last = before?.runs.at(-1);
  return last && !last.stop_reason ? last : null;
}

function isSameRun(holder: RunName, run: { run_id: string; run_attempt: number }): boolean {
  return holder.run_id === run.run_id && holder.run_attempt === run.run_attempt;
}
