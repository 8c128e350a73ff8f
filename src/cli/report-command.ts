import { resolve } from "node:path";
import { reportBegin, reportEnd } from "../domain/stale-report.ts";
import { renderReport } from "../evaluator/report.ts";
import { readReportView } from "../evaluator/report-view.ts";
import { listBlockedHosts, listRenewals } from "../run/record-set-up.ts";
import { type CliCommand, textOption } from "./command.ts";
import { plainText } from "./plain-text.ts";
import { openSessionShelf, readSessionKey, type SavedSession } from "./session-shelf.ts";

const help = `baton report: the report of a session, as its pull request shows it.

Usage: baton report SESSION [--repo PATH]

Markdown on standard output, computed from the session's last checkpoint and from the branch as it stands now: a commit
after the verdict makes the verdict stale, and the report says so.

  --repo PATH    the repository; default: the current folder

Examples:
  baton report task-1a2b3c4d
  baton report issue-12 --repo ../library > report.md

Exit code: 0; 2 when there is no such session.`;

/** `baton report`: prints the report of a session. */
export const reportCommand: CliCommand = {
  name: "report",
  help,
  options: { repo: { type: "string" } },
  positionals: { min: 1, max: 1 },
  async run(input) {
    const { terminal } = input;
    const key = readSessionKey(input.positionals[0]!);
    await using shelf = await openSessionShelf(resolve(terminal.cwd, textOption(input, "repo") ?? "."));
    const text = renderSavedReport(await shelf.load(key), Date.now());
    terminal.out(`${plainText(text)}\n`);
    return 0;
  },
};

/** The report of a saved session, without the markers that only a pull request's body needs. */
export function renderSavedReport({ state, events, head, problems }: SavedSession, nowMs: number): string {
  const last = <T extends SavedSession["events"][number]["type"]>(type: T) =>
    events.findLast((one) => one.type === type);
  const verdict = last("verdict_given");
  const claim = last("run_claimed");
  const satisfied = last("already_satisfied");
  const runUrl = state.runs.at(-1)?.run_url ?? null;
  const view = readReportView(
    { ...state, warnings: [...state.warnings, ...problems] },
    {
      nowMs,
      verdict: state.verdict && verdict?.type === "verdict_given" ? verdict.data.verdict : state.verdict,
      walls: claim?.type === "run_claimed" ? claim.data.walls : "not known: the journal was lost",
      weaker: [],
      notes: [],
      baseMoved: null,
      runUrl,
      traceUrl: runUrl ? `${runUrl}#artifacts` : null,
      fullReportUrl: null,
      head,
      baseline: satisfied?.type === "already_satisfied" ? satisfied.data.baseline : [],
      blockedHosts: listBlockedHosts(events),
      renewals: listRenewals(events),
    },
  );
  return renderReport(view).replace(reportBegin, "").replace(reportEnd, "").trim();
}
