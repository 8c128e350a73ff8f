import { describeError } from "../domain/errors.ts";
import type { State } from "../domain/state.ts";
import type { StopReason } from "../domain/stop-reason.ts";
import type { Verdict } from "../domain/verdict.ts";
import { renderCheckRun } from "../evaluator/check-run.ts";
import { renderReport } from "../evaluator/report.ts";
import { type ReportView, readReportView } from "../evaluator/report-view.ts";
import { renderStatus } from "../evaluator/status.ts";
import type { Publication, PublishedIds } from "./forge.ts";
import type { Run } from "./open-run.ts";
import { listBlockedHosts, listRenewals } from "./record-set-up.ts";

/** Brings pull request, check run and status comment to what the state says now. */
export async function publishNow(run: Run, stopReason: StopReason | null): Promise<PublishedIds> {
  if (run.superseded || !(await run.session.ownsRemote())) {
    return {
      pullRequest: null,
      pullRequestUrl: null,
      problems: ["another run holds the session; nothing was written"],
    };
  }
  if (run.handsOff) {
    await run.world.forge.showProgress(buildPublication(run, stopReason), run.record, true);
    return { pullRequest: null, pullRequestUrl: null, problems: [] };
  }
  const ids = await run.world.forge.publish(buildPublication(run, stopReason), run.record);
  for (const text of ids.problems) await run.record("warned", { text });
  if (ids.pullRequestUrl) run.pullRequestUrl = ids.pullRequestUrl;
  return ids;
}

/** Shows where the work stands; what GitHub cannot take now is shown later and never ends the work. */
export async function publishProgress(run: Run): Promise<void> {
  try {
    await publishNow(run, null);
  } catch (error) {
    await run.record("warned", {
      text: `What people see could not be brought up to date: ${describeError(error).slice(0, 300)}`,
    });
  }
}

/** Updates the status comment; the forge writes at most every 30 s unless forced. */
export async function showProgress(
  run: Run,
  options: { force?: boolean; stop?: StopReason | null } = {},
): Promise<void> {
  if (run.superseded) return;
  const publication = buildPublication(run, options.stop ?? null);
  await run.world.forge.showProgress(publication, run.record, options.force === true);
}

/** What the report, the check run and the comments are rendered from. */
export function viewOf(run: Run): ReportView {
  const state = run.session.state();
  const { walls } = run.workshop;
  return readReportView(state, {
    nowMs: run.world.now().getTime(),
    verdict: lastVerdict(run, state),
    walls: walls ? walls.description : "none: nothing of the model was run",
    weaker: walls?.weaker ?? [],
    notes: run.world.notes ?? [],
    baseMoved: run.baseMoved,
    runUrl: run.world.forge.runUrl,
    traceUrl: run.world.forge.runUrl ? `${run.world.forge.runUrl}#artifacts` : null,
    fullReportUrl: null,
    head: state.work_head ? { commit: state.work_head, tree: run.workTree, author: run.world.forge.identity } : null,
    baseline: run.session.events().findLast((event) => event.type === "already_satisfied")?.data.baseline ?? [],
    blockedHosts: listBlockedHosts(run.session.events()),
    renewals: listRenewals(run.session.events()),
  });
}

/** Everything people see at this moment, computed from the state alone. */
export function buildPublication(run: Run, stopReason: StopReason | null): Publication {
  const state = run.session.state();
  const view = viewOf(run);
  const isVerified = view.headline === "pass";
  return {
    state,
    verdict: view.verdict,
    head: state.work_head,
    stopReason,
    report: renderReport(view),
    check: renderCheckRun(view),
    status: renderStatus(view, run.pullRequestUrl),
    title: state.request.title || `Baton: ${state.session}`,
    ready: isVerified && run.world.policy.ready_when_verified,
    isVerified,
  };
}

function lastVerdict(run: Run, state: State): Verdict | null {
  if (!state.verdict) return null;
  const last = run.session.events().findLast((event) => event.type === "verdict_given");
  return last?.type === "verdict_given" ? last.data.verdict : state.verdict;
}
