import type { Event } from "../domain/event.ts";
import { renderUsd } from "../domain/limits.ts";
import { runSpend } from "../domain/replay.ts";
import type { State } from "../domain/state.ts";
import { plural } from "../evaluator/report-text.ts";

/** One line of the log for an event, or null where there is nothing that a person needs; never raw tool output. */
export function describeEvent(event: Event, state: State): string | null {
  switch (event.type) {
    case "run_claimed":
      return `run ${state.runs.length} of ${state.session} (${event.data.trigger}), walls: ${event.data.walls}`;
    case "setup_ran":
      return event.data.commands.length === 0
        ? "set-up: nothing to do"
        : `set-up${event.data.because ? ` once more, since ${event.data.because}` : ""}: ${event.data.commands.map(({ command, exit, duration_ms }) => `${command} → ${exit} in ${seconds(duration_ms)}`).join("; ")}`;
    case "network_refused":
      return `network refused: ${event.data.hosts.join(", ").slice(0, 200)}`;
    case "context_opened":
      return `${event.data.role}: ${event.data.context}${event.data.criterion ? ` on ${event.data.criterion}` : ""} (${event.data.model})`;
    case "tool_finished":
      return `  ${event.data.tool}${describeExit(event.data)} in ${seconds(event.data.duration_ms)} · turn ${runSpend(state).turns} · ${renderUsd(runSpend(state).usd_micro)}`;
    case "request_failed":
      return `  the model's API failed (${event.data.error.slice(0, 120)})${event.data.will_retry ? `; again in ${seconds(event.data.delay_ms)}` : ""}`;
    case "message_added":
      return event.data.kind === "notice"
        ? null
        : `  ${event.data.kind}${event.data.rule ? ` ${event.data.rule}` : ""}`;
    case "contract_refused":
      return `contract refused: ${event.data.reasons.join(" ").slice(0, 300)}`;
    case "contract_frozen":
      return `contract frozen: ${plural(event.data.contract.criteria.length, "criterion", "criteria")}, sha256 ${event.data.sha256.slice(0, 12)}`;
    case "already_satisfied":
      return "the base already does what was asked";
    case "context_closed":
      return `${event.data.role}: ${event.data.context} ended (${event.data.end}${event.data.criteria.length > 0 ? `, claims ${event.data.criteria.join(", ")}` : ""})`;
    case "work_finished":
      return "the worker claims to be done; the evaluator looks for itself";
    case "verdict_given": {
      const { verdict } = event.data;
      const failed = verdict.criteria.filter((one) => one.verdict !== "pass").map(({ id }) => id);
      const blockers = verdict.findings.filter(({ severity }) => severity === "blocker").map(({ rule }) => rule);
      return `verdict: ${verdict.outcome}${failed.length > 0 ? `, not verified: ${failed.join(", ")}` : ""}${blockers.length > 0 ? `, blocked by ${blockers.join(", ")}` : ""}`;
    }
    case "work_restarted":
      return `fresh start from the base: ${event.data.why}`;
    case "questions_asked":
      return `questions: ${event.data.questions.join(" ")}`;
    case "policy_enforced":
      return `policy: ${event.data.action} ${event.data.paths.join(", ").slice(0, 200)}`;
    case "human_commits_found":
      return `people's commits: ${event.data.commits.length} ${event.data.merged ? "merged" : "in conflict"}`;
    case "push_refused":
      return `the remote refused a push (${event.data.why})${event.data.left_out.length > 0 ? `; left out: ${event.data.left_out.map(({ path }) => path).join(", ")}` : ""}`;
    case "base_refreshed":
      return `the base moved on: ${event.data.from.slice(0, 10)} → ${event.data.to.slice(0, 10)}, merged into the work`;
    case "command_read":
      return `command of ${event.data.actor}: /${event.data.command.name}`;
    case "warned":
      return `warning: ${event.data.text}`;
    case "run_ended":
      return `run ended: ${event.data.stop_reason}`;
    default:
      return null;
  }
}

function describeExit(data: { exit?: number | null; is_error: boolean; timed_out: boolean }): string {
  if (data.timed_out) return " timed out";
  if (data.is_error) return " refused";
  return typeof data.exit === "number" && data.exit !== 0 ? ` exit ${data.exit}` : "";
}

function seconds(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
