import type { RunEnd } from "./end.ts";
import type { Run } from "./open-run.ts";

/** The end that a run meets whose session has no money or no runs left; null while it has both. */
export function checkSessionCaps(run: Run): RunEnd | null {
  const state = run.session.state();
  const { session } = run.world.policy.limits;
  const limits = state.runs.at(-1)?.limits;
  if (limits && limits.usd_micro <= 0) {
    return {
      stop: "max_budget",
      text: `The session has used its $${session.usd} (\`limits.session.usd\` in the policy).`,
    };
  }
  if (state.runs.length > session.runs && run.world.envelope.trigger.kind === "continuation") {
    return {
      stop: "max_budget",
      text: `The session has used its ${session.runs} runs (\`limits.session.runs\` in the policy).`,
    };
  }
  return null;
}
