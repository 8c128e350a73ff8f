import { evaluate } from "../evaluator/evaluate.ts";
import { renderFeedback } from "../evaluator/feedback.ts";
import { endOfContext, type RunEnd } from "./end.ts";
import { askJudge } from "./judge.ts";
import type { Run } from "./open-run.ts";
import { recordRefusedHosts } from "./record-set-up.ts";
import { publishProgress } from "./show.ts";

/** Restarts from the base that the evaluator may order in one session. */
const maxRestarts = 2;

/** Stage: the evaluator judges exactly the tree that waits, and its verdict decides what comes next. */
export async function evaluateWork(run: Run): Promise<RunEnd | null> {
  const before = run.session.state();
  const { contract, unjudged, request } = before;
  if (!contract || !unjudged) throw new Error("nothing waits for the evaluator");
  const judge: { end: RunEnd | null } = { end: null };
  const verdict = await evaluate(
    {
      contract,
      request,
      tree: unjudged,
      memory: run.oraclesOnBase,
      // A first refusal by the oracles speaks for itself; from the second round on the judge may order a fresh start.
      judgeFailures: before.rounds > 0,
      judge: async (input) => {
        const answer = await askJudge(run, input);
        if (answer.kind === "none") judge.end = endOfContext(answer.end.end, answer.end.reason);
        return answer;
      },
    },
    run.evaluatorWorld,
  );
  await recordRefusedHosts(run);
  if (run.world.signal.aborted)
    return { stop: "cancelled", text: "The run was cancelled during the evaluation; it is repeated." };
  // What people said meanwhile made this judgement one about something else.
  const now = run.session.state();
  if (now.unjudged !== unjudged || now.contract_sha256 !== before.contract_sha256) return judge.end;
  await run.record("verdict_given", { verdict, round: before.rounds + 1 }, "evaluator");
  if (verdict.outcome === "pass") return null;
  if (judge.end && verdict.outcome !== "fail") {
    // What the oracles passed is not sent back because the judge could not be paid or reached: the next run asks again.
    await run.record("work_finished", { tree: unjudged, summary: "The judge is still to be asked." }, "evaluator");
    return judge.end;
  }
  const feedback = renderFeedback(contract, verdict);
  await run.record("work_sent_back", { feedback: feedback.text, criteria: feedback.criteria }, "evaluator");
  if (verdict.restart && before.restarts < maxRestarts) await restart(run, verdict.restart.why);
  await publishProgress(run);
  return null;
}

async function restart(run: Run, why: string): Promise<void> {
  const tree = await run.store.treeOf(run.session.state().base.sha);
  await run.record("work_restarted", { why, tree }, "evaluator");
  await run.workshop.discardWork();
  run.workTree = tree;
}
