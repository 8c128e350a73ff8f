import type { RunEnd } from "./end.ts";
import type { Run } from "./open-run.ts";
import { saveVerified } from "./save.ts";

/**
 * Stage: nothing is left to do in this run; the state says how it ends. Verified work is pushed here, before anything is
 * said of it: where a person was faster, what came of both is evaluated anew. What people see is written by `finishRun`.
 */
export async function publish(run: Run): Promise<RunEnd | null> {
  const state = run.session.state();
  if (state.already_satisfied) return { stop: "already_satisfied", text: state.already_satisfied };
  if (state.questions.length > 0) return { stop: "blocked", text: state.questions.join(" ") };
  if (state.verdict?.outcome === "pass") {
    await saveVerified(run);
    if (run.conflict) return run.conflict;
    if (run.session.state().verdict === null) return null;
    return { stop: "done", text: "Every criterion was verified on the published tree." };
  }
  const open = state.criteria.filter(({ status }) => status !== "pass").map(({ id }) => id);
  return {
    stop: "rejected",
    text: `After ${state.rounds} evaluations these criteria are not verified: ${open.join(", ") || "none, but findings block"}.`,
  };
}
