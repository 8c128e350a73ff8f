import { runContext } from "../loop/run-context.ts";
import { workerTools } from "../tools/role-tools.ts";
import { copyOut } from "./copy-out.ts";
import { endOfContext, type RunEnd } from "./end.ts";
import { createHands, outputsDirOf } from "./hands.ts";
import { countIdleContexts } from "./idle-contexts.ts";
import type { Run } from "./open-run.ts";
import { describeWorker, nextCriterion } from "./roles.ts";
import { saveWork } from "./save.ts";
import { publishProgress } from "./show.ts";
import { startPath } from "./start-in.ts";

/** Contexts in a row that bring nothing new, after which no further one is begun. */
const maxIdle = 3;

/** Stage: one worker context on one criterion. Its tree is copied out, committed and shown; what it claims is only a claim. */
export async function work(run: Run): Promise<RunEnd | null> {
  const before = run.session.state();
  if (before.open_context === null && countIdleContexts(run.session.events()) >= maxIdle) {
    const text = `${maxIdle} contexts in a row left the work as an earlier one had it.`;
    return { stop: "no_progress", text };
  }
  if (before.open_context === null && nextCriterion(before) === null)
    return await handToEvaluator(run, "Every criterion is claimed.");
  const bench = run.workshop.workBench(run.workTree, outputsDirOf(run));
  const tools = workerTools({
    sandbox: bench.sandbox,
    protectedBy: run.protection,
    cwd: startPath(run.world.workingDirectory ?? ""),
    resultSchema: run.world.resultSchema,
  });
  const spec = await describeWorker(run, tools);
  const context = await runContext(
    spec,
    createHands(run, { role: "worker", model: spec.model, context: spec.context, bench }),
  );
  // Amid the context a person asked for a fresh start: its workspace is gone already.
  if (run.session.state().restarts > before.restarts) return endOfContext(context.end, context.reason);
  // The little time of a cancelled run is not spent on making what nothing was done in yet.
  const isUntouched = run.world.signal.aborted && !bench.isMade();
  const violation = isUntouched ? null : await copyOut(run, await bench.workDir());
  const end = run.superseded
    ? { stop: "superseded" as const, text: run.superseded }
    : endOfContext(context.end, context.reason);
  if (end?.stop === "superseded") return end;
  if (context.signal?.kind === "blocked") {
    await run.record("questions_asked", { questions: context.signal.questions, by: "worker" });
    return { stop: "blocked", text: context.signal.questions.join(" ") };
  }
  // The little time that a cancelled run has goes into its one last checkpoint.
  if (end && run.world.signal.aborted) return end;
  await run.workshop.renewWork(outputsDirOf(run));
  await saveWork(run, commitMessage(run, spec.criterion));
  if (run.conflict) return run.conflict;
  if (end) return end;
  if (violation) return violation;
  if (context.signal?.kind === "finish") {
    const isEverything = !context.signal.criteria || context.signal.criteria.length === 0;
    if (isEverything || nextCriterion(run.session.state()) === null)
      return await handToEvaluator(run, context.signal.summary);
  }
  await publishProgress(run);
  return null;
}

async function handToEvaluator(run: Run, summary: string): Promise<null> {
  await run.record("work_finished", { tree: run.workTree, summary });
  return null;
}

function commitMessage(run: Run, criterion: string | null): string {
  const { request, contract } = run.session.state();
  const text = contract?.criteria.find(({ id }) => id === criterion)?.text;
  const subject = text ? `${criterion}: ${text}` : request.title;
  return `baton: ${subject.replaceAll(/\s+/g, " ").slice(0, 68)}`;
}
