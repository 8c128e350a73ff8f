import type { Event, Role } from "../../domain/event.ts";
import type { State } from "../../domain/state.ts";
import type { StopReason } from "../../domain/stop-reason.ts";
import type { Evidence } from "../../domain/verdict.ts";

/** What one run of the session cost, by role. */
export interface LedgerRow {
  run: number;
  stop: StopReason | null;
  turns: number;
  usdMicro: number;
  limitUsdMicro: number;
  byRole: Partial<Record<Role, number>>;
}

/** The session's account, run by run. The roles' shares come from the journal; a run whose events are lost has none. */
export function readLedger(state: State, events: readonly Event[]): LedgerRow[] {
  const rows = state.runs.map(
    (run, index): LedgerRow => ({
      run: index + 1,
      stop: run.stop_reason,
      turns: run.spend.turns,
      usdMicro: run.spend.usd_micro,
      limitUsdMicro: run.limits.usd_micro,
      byRole: {},
    }),
  );
  const roles = new Map<string, Role>();
  let row: LedgerRow | undefined;
  for (const event of events) {
    if (event.type === "run_claimed") row = rows[state.runs.findIndex(({ epoch }) => epoch === event.data.epoch)];
    if (event.type === "context_opened") roles.set(event.data.context, event.data.role);
    if (event.type !== "reply_received" && event.type !== "request_failed") continue;
    const role = roles.get(event.data.context);
    if (row && role) row.byRole[role] = (row.byRole[role] ?? 0) + event.data.cost_usd_micro;
  }
  return rows;
}

/** One command that Baton ran itself, without a model: set-up, baseline or evaluation. */
export interface OwnCommand {
  when: string;
  criterion: string | null;
  kind: Evidence["kind"] | "set-up" | "baseline";
  command: string;
  outcome: string;
  exit: number | null;
}

/** Every command that Baton ran itself, in order, from the journal. */
export function readOwnCommands(events: readonly Event[]): OwnCommand[] {
  const found: OwnCommand[] = [];
  let run = 0;
  let evaluations = 0;
  for (const event of events) {
    if (event.type === "run_claimed") run += 1;
    if (event.type === "setup_ran") {
      for (const { command, exit } of event.data.commands)
        found.push({
          when: `run ${run}`,
          criterion: null,
          kind: "set-up",
          command,
          exit,
          outcome: exit === 0 ? "pass" : "fail",
        });
    }
    if (event.type === "contract_frozen") found.push(...readBaseline(event, run));
    if (event.type === "verdict_given") {
      evaluations += 1;
      for (const { criterion, kind, command, outcome, exit } of event.data.verdict.evidence)
        found.push({ when: `evaluation ${evaluations}`, criterion, kind, command, outcome, exit });
    }
  }
  return found;
}

function readBaseline(event: Extract<Event, { type: "contract_frozen" }>, run: number): OwnCommand[] {
  const { criteria, baseline } = event.data.contract;
  return baseline
    .filter(({ outcome }) => outcome !== "not_run")
    .map(({ criterion, outcome, exit }) => {
      const oracle = criteria.find(({ id }) => id === criterion)?.oracle;
      const command = oracle && "run" in oracle ? oracle.run : (oracle?.type ?? "");
      return { when: `run ${run}, on the base`, criterion, kind: "baseline", command, outcome, exit };
    });
}
