import { z } from "zod";
import { Contract } from "./contract.ts";
import { HandoffNoteData, Role } from "./event.ts";
import { MicroUsd, Spend } from "./limits.ts";
import { SessionKey } from "./session-key.ts";
import { StopReason } from "./stop-reason.ts";
import { TriggerKind } from "./trigger.ts";
import { Verdict } from "./verdict.ts";

/** Newest version of the state file that this Baton writes and reads. */
export const stateVersion = 1;

/** One run as the state remembers it. */
export const RunRecord = z.object({
  epoch: z.int().positive(),
  run_id: z.string(),
  run_attempt: z.int().positive(),
  run_url: z.string().nullable(),
  trigger: TriggerKind,
  event_id: z.string().default(""),
  actor: z.string().nullable(),
  started_at: z.string(),
  ended_at: z.string().nullable(),
  stop_reason: StopReason.nullable(),
  /** How it ended, in a sentence for people. */
  end_text: z.string().default(""),
  /** False from the claim until the end of the run is shown; a run that ended without it is shown by the next one. */
  closed: z.boolean().optional(),
  spend: Spend,
  limits: z.object({ turns: z.int(), usd_micro: MicroUsd, ms: z.int() }),
});
export type RunRecord = z.infer<typeof RunRecord>;

/**
 * Everything that any runner needs to go on: a fold of the journal (`replay`), saved as `.baton/<session>/state.json`.
 * `nextStage` reads nothing else.
 */
export const State = z.object({
  v: z.literal(stateVersion),
  session: SessionKey,
  generation: z.int().positive(),
  branch: z.string(),
  base: z.object({ ref: z.string(), sha: z.string() }),
  request: z.object({
    number: z.int().positive().nullable(),
    title: z.string(),
    body: z.string(),
    sha256: z.string(),
    url: z.string().nullable(),
  }),
  requester: z.object({ id: z.int(), login: z.string() }),
  contract: Contract.nullable(),
  contract_sha256: z.string().nullable(),
  /** Drafts of the initializer that Baton refused since the last frozen contract, with the last reasons. */
  contract_refusals: z.object({ count: z.int().nonnegative(), reasons: z.array(z.string()) }),
  criteria: z.array(z.object({ id: z.string(), status: z.enum(["open", "claimed", "pass", "fail", "unverifiable"]) })),
  /** Tree that waits for the evaluator. */
  unjudged: z.string().nullable(),
  /** Last verdict; evidence tails are cut, the journal has them whole. */
  verdict: Verdict.nullable(),
  already_satisfied: z.string().nullable(),
  questions: z.array(z.string()),
  /** Feedback of the evaluator that the next worker context gets. */
  feedback: z.string().nullable(),
  /** Evaluations in the current run. */
  rounds: z.int().nonnegative(),
  /** Restarts from the base, by the evaluator or `/retry`. */
  restarts: z.int().nonnegative(),
  contexts: z.int().nonnegative(),
  /** Worker contexts in a row that ended in a reset, without a finished criterion or a verdict between them. */
  resets: z.int().nonnegative(),
  /** Context that was open when the journal ended: to be rebuilt byte for byte. */
  open_context: z.object({ context: z.string(), role: Role, criterion: z.string().nullable() }).nullable(),
  handoff: HandoffNoteData.nullable(),
  /** Steering of people that no context has been told yet. */
  steering: z.array(z.object({ comment_id: z.int().positive(), actor: z.string(), text: z.string() })),
  /** Id of the last comment whose command was read; 0 before the first. */
  comment_cursor: z.int().nonnegative(),
  /** Keys of the reviews and review comments that were read: their ids do not grow with the time they are submitted at. */
  reviews_read: z.array(z.string()).default([]),
  spend: z.object({
    total: Spend,
    by_role: z.object({ initializer: Spend, worker: Spend, evaluator: Spend, harness: Spend }),
    /** Reservation of the request that is under way: counts as spent until settled. */
    open_reservation: z.object({ request: z.string(), role: Role, usd_micro: MicroUsd }).nullable(),
  }),
  /** Cumulative session spend, micro-USD, that the last acknowledged checkpoint covers. */
  allowance_usd_micro: MicroUsd,
  runs: z.array(RunRecord),
  /** Runs in a row without progress that Baton verified. */
  runs_without_progress: z.int().nonnegative(),
  work_head: z.string().nullable(),
  checkpoint: z.string().nullable(),
  /** Ids of what was published, by intent key: `pull_request`, `status_comment`, `check_run:<sha>`. */
  published: z.record(z.string(), z.string()),
  /** Intents whose outcome is unknown: looked up by key before anything is done again. */
  open_intents: z.record(z.string(), z.string()),
  warnings: z.array(z.string()),
  journal: z.object({ seq: z.int(), sha256: z.string() }),
});
export type State = z.infer<typeof State>;

export type Stage = "initialize" | "work" | "evaluate" | "publish";

/** Rounds of evaluate and revise in one run before it ends as `rejected`. */
export const maxRounds = 3;

/** The run's next stage, from the state alone, so that a killed runner resumes at the right one. */
export function nextStage(state: State): Stage {
  const run = state.runs.at(-1);
  if (run?.stop_reason || state.already_satisfied || state.questions.length > 0) return "publish";
  if (!state.contract) return "initialize";
  if (state.unjudged) return "evaluate";
  if (state.verdict?.outcome === "pass" || state.rounds >= maxRounds) return "publish";
  return "work";
}
