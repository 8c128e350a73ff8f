import { runSpend } from "../domain/replay.ts";
import { stopReasons } from "../domain/stop-reason.ts";
import type { RunResult } from "./finish.ts";

/** A run for machines: the outputs of the action and the JSON of `baton run`. Money in US dollars, as text of six decimals. */
export interface RunSummary {
  conclusion: string;
  stop_reason: string;
  verification: "pass" | "fail" | "unverified";
  session_id: string;
  branch_name: string;
  pr_number: string;
  pr_url: string;
  num_turns: number;
  total_cost_usd: string;
  input_tokens: number;
  output_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  resumable: boolean;
  state_ref: string;
}

/** Computes the summary of a run from its state. */
export function summarise(result: RunResult): RunSummary {
  const { state } = result;
  const row = stopReasons[result.stop];
  const spend = state ? runSpend(state) : null;
  return {
    conclusion: row.conclusion,
    stop_reason: result.stop,
    verification: state?.verdict?.outcome ?? "unverified",
    session_id: state?.session ?? "",
    branch_name: state?.work_head ? state.branch : "",
    pr_number: result.pullRequest === null ? "" : String(result.pullRequest),
    pr_url: result.pullRequestUrl ?? "",
    num_turns: spend?.turns ?? 0,
    total_cost_usd: ((spend?.usd_micro ?? 0) / 1_000_000).toFixed(6),
    input_tokens: spend?.tokens.input ?? 0,
    output_tokens: spend?.tokens.output ?? 0,
    cache_read_tokens: spend?.tokens.cache_read ?? 0,
    cache_write_tokens: (spend?.tokens.cache_write_5m ?? 0) + (spend?.tokens.cache_write_1h ?? 0),
    resumable: row.resumable,
    state_ref: result.sessionRef,
  };
}
