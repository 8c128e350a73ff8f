import { z } from "zod";

export type Conclusion = "success" | "failure" | "neutral";

export interface StopReasonRow {
  /** One sentence for a person; follows "Run 2 ended: ". */
  readonly sentence: string;
  readonly conclusion: Conclusion;
  /** Exit code of the action and of `baton run`: 0 unless a person must act. */
  readonly exitCode: number;
  /** Whether `/continue` can go on from what was saved. */
  readonly resumable: boolean;
  /** What a person can do next. */
  readonly next: string;
}

/** The closed set of endings of a run. Code, docs and tests read this one table. */
export const stopReasons = {
  done: row("success", 0, false, "the work is done and verified.", "Review the pull request."),
  already_satisfied: row(
    "success",
    0,
    false,
    "the base already does what was asked; nothing was changed.",
    "Look at the evidence, then close the issue or say what is missing.",
  ),
  blocked: row(
    "neutral",
    0,
    true,
    "the work needs an answer from a person.",
    "Answer the question, then comment `/continue` with the answer.",
  ),
  rejected: row(
    "failure",
    10,
    true,
    "the evaluator refused the work to the end.",
    "Read the failed criteria, then comment `/continue` with advice, or `/retry`.",
  ),
  max_turns: row("neutral", 0, true, "the turns of this run are used up.", "Comment `/continue` to go on."),
  max_budget: row(
    "neutral",
    0,
    true,
    "the budget is used up.",
    "Comment `/continue` to go on, or `/continue --budget USD` within the policy.",
  ),
  timeout: row("neutral", 0, true, "the minutes of this run are used up.", "Comment `/continue` to go on."),
  stuck: row(
    "neutral",
    0,
    true,
    "the model went in circles, or only talked, and nudges did not help.",
    "Comment `/continue` with a hint, or `/retry`.",
  ),
  no_progress: row(
    "failure",
    11,
    true,
    "several runs brought no verified progress.",
    "Comment `/continue` with a hint, or `/retry`.",
  ),
  refused: row("failure", 12, true, "the model declined the request.", "Reword the request, then comment `/continue`."),
  output_truncated: row(
    "neutral",
    0,
    true,
    "the model's answers were cut off again and again.",
    "Comment `/continue`; ask for smaller steps.",
  ),
  bad_tool_calls: row("neutral", 0, true, "the model kept making calls that no tool accepts.", "Comment `/continue`."),
  api_error: row("neutral", 0, true, "the model's API could not be reached.", "Comment `/continue` later."),
  setup_failed: row(
    "failure",
    13,
    true,
    "the set-up commands failed on the base.",
    "Mend `setup` in the policy, or the base, then comment `/continue`.",
  ),
  sandbox_error: row(
    "failure",
    14,
    true,
    "the walls could not be raised, so nothing was run.",
    "Follow the message, or set `sandbox: degraded-ok` knowingly.",
  ),
  config_error: row(
    "failure",
    15,
    true,
    "something in the configuration is wrong.",
    "Mend what the message names, then trigger again.",
  ),
  policy_violation: row(
    "failure",
    16,
    true,
    "the work kept touching what the policy protects.",
    "Review the findings, then comment `/continue` or `/retry`.",
  ),
  conflict: row(
    "failure",
    17,
    true,
    "the branch was changed in a way that this run must not overwrite.",
    "Resolve the branch, then comment `/continue` or `/retry`.",
  ),
  cancelled: row("neutral", 0, true, "the run was cancelled; what was done is saved.", "Comment `/continue` to go on."),
  superseded: row("neutral", 0, true, "another run took over this session.", "Nothing; see the other run."),
  skipped: row("neutral", 0, false, "there was nothing for this run to do.", "Nothing."),
} as const satisfies Record<string, StopReasonRow>;

export const StopReason = z.enum(
  Object.keys(stopReasons) as [keyof typeof stopReasons, ...(keyof typeof stopReasons)[]],
);
export type StopReason = z.infer<typeof StopReason>;

function row(
  conclusion: Conclusion,
  exitCode: number,
  resumable: boolean,
  sentence: string,
  next: string,
): StopReasonRow {
  return { conclusion, exitCode, resumable, sentence, next };
}
