import { type MicroUsd, renderUsd } from "../domain/limits.ts";
import type { SessionKey } from "../domain/session-key.ts";
import { type StopReason, stopReasons } from "../domain/stop-reason.ts";
import { addDays, decideDue, type PlaybookHistory } from "./decide-due.ts";
import type { Playbook } from "./playbook.ts";

/** One session as the night finds it on GitHub. */
export interface NightSession {
  key: SessionKey;
  /** How its last run ended; null when a run is recorded as started and not as ended. */
  lastStop: StopReason | null;
  /** Whether GitHub says that a run of it is queued or in progress. */
  running: boolean;
  runs: number;
  spent_usd_micro: MicroUsd;
  runsWithoutProgress: number;
  /** Day on which its pull request was merged or closed, `yyyy-mm-dd`; null while it is open or there is none. */
  closedOn: string | null;
  merged: boolean;
  /** Whether the truth about its end stands on the issue or pull request already. */
  reported: boolean;
  /** Why a person has ended it without closing a pull request, in words; absent when nobody has. */
  held?: string | null;
}

/** Everything the night looked at, as one value. */
export interface NightWorld {
  today: string;
  playbooks: readonly Playbook[];
  histories: ReadonlyMap<string, PlaybookHistory>;
  sessions: readonly NightSession[];
  /** Sessions of which GitHub says that a run is queued or under way, those that have no ref yet included. */
  running?: ReadonlySet<string>;
  /** Open pull requests of maintenance sessions. */
  openMaintenancePullRequests: number;
  limits: {
    day_usd_micro: MicroUsd;
    run_usd_micro: MicroUsd;
    session_usd_micro: MicroUsd;
    session_runs: number;
    max_open_pull_requests: number;
    retain_days: number;
    auto_continue: boolean;
  };
  /** Reserved or spent today by everything, from the day's ledger. */
  day_used_usd_micro: MicroUsd;
}

export type NightOperation =
  | {
      kind: "dispatch";
      key: SessionKey;
      trigger: "schedule" | "continuation";
      playbook: string | null;
      usd_micro: MicroUsd;
      reason: string;
    }
  | { kind: "report_dead"; key: SessionKey; reason: string }
  | { kind: "prune"; key: SessionKey; reason: string };

/** What the night does, in order, and one line for everything that it leaves, for the job summary. */
export interface NightPlan {
  operations: NightOperation[];
  left: { what: string; reason: string }[];
}

/** The night only decides: dead sessions are reported, unfinished ones and due playbooks get one run each while the day's money lasts, old refs go. Pure. */
export function planNight(world: NightWorld): NightPlan {
  const plan: NightPlan = { operations: [], left: [] };
  const purse = { left: Math.max(0, world.limits.day_usd_micro - world.day_used_usd_micro) };
  for (const session of world.sessions) planSession(world, session, plan, purse);
  planPlaybooks(world, plan, purse);
  const order = { report_dead: 0, dispatch: 1, prune: 2 };
  plan.operations.sort((a, b) => order[a.kind] - order[b.kind]);
  return plan;
}

function planSession(world: NightWorld, session: NightSession, plan: NightPlan, purse: { left: number }): void {
  const { key } = session;
  if (session.closedOn === null && !session.running && session.lastStop === null && !session.reported) {
    plan.operations.push({ kind: "report_dead", key, reason: "its last run ended without a word" });
  }
  const fate = decideFate(world, session);
  if (fate.kind === "leave") plan.left.push({ what: key, reason: fate.reason });
  else if (fate.kind === "prune") plan.operations.push({ kind: "prune", key, reason: fate.reason });
  else
    dispatch(plan, purse, {
      key,
      trigger: "continuation",
      playbook: null,
      usd_micro: fate.usd_micro,
      reason: fate.reason,
    });
}

type Fate =
  | { kind: "leave"; reason: string }
  | { kind: "prune"; reason: string }
  | { kind: "continue"; reason: string; usd_micro: MicroUsd };

function decideFate(world: NightWorld, session: NightSession): Fate {
  const { limits, today } = world;
  const { lastStop } = session;
  const leave = (reason: string): Fate => ({ kind: "leave", reason });
  if (session.closedOn !== null && !session.running && isNewest(world, session.key)) {
    return leave("kept: it tells when its playbook last ran");
  }
  if (session.closedOn !== null) {
    const until = addDays(session.closedOn, limits.retain_days);
    const how = session.merged ? "merged" : "closed";
    if (session.running) return leave(`${how}, but a run is still under way`);
    if (today < until) return leave(`${how} on ${session.closedOn}, kept until ${until}`);
    return { kind: "prune", reason: `${how} on ${session.closedOn}, kept for ${limits.retain_days} days` };
  }
  if (session.running) return leave("a run is under way");
  if (session.held) return leave(session.held);
  if (lastStop !== null && !continuable.has(lastStop)) {
    return leave(`ended as ${lastStop}${stopReasons[lastStop].conclusion === "failure" ? ": a person must act" : ""}`);
  }
  if (!limits.auto_continue) return leave("auto_continue is off");
  if (session.runs >= limits.session_runs) return leave(`has had its ${limits.session_runs} runs`);
  if (session.runsWithoutProgress >= 2) {
    return leave(`${session.runsWithoutProgress} runs in a row without progress: a person must act`);
  }
  const rest = limits.session_usd_micro - session.spent_usd_micro;
  if (rest <= 0) return leave(`has spent its ${renderUsd(limits.session_usd_micro)}`);
  const reason = lastStop === null ? "its last run died" : `ended as ${lastStop}, with budget left`;
  return { kind: "continue", usd_micro: Math.min(rest, limits.run_usd_micro), reason };
}

/** Without the newest session of a playbook nobody could tell that it is not due. */
function isNewest(world: NightWorld, key: SessionKey): boolean {
  for (const { sessions } of world.histories.values())
    if (sessions.length > 0 && newestOf(sessions) === key) return true;
  return false;
}

function newestOf(sessions: PlaybookHistory["sessions"]): SessionKey | null {
  return [...sessions].sort((a, b) => (a.day < b.day ? -1 : 1)).at(-1)?.key ?? null;
}

/** Endings after which going on needs nobody. */
export const continuable: ReadonlySet<StopReason> = new Set([
  "max_turns",
  "max_budget",
  "timeout",
  "api_error",
  "output_truncated",
]);

function planPlaybooks(world: NightWorld, plan: NightPlan, purse: { left: number }): void {
  const taken = new Set(plan.operations.filter((op) => op.kind === "dispatch").map((op) => op.key));
  const running = new Set<string>([
    ...(world.running ?? []),
    ...world.sessions.filter((session) => session.running).map((session) => session.key),
  ]);
  let open = world.openMaintenancePullRequests;
  for (const playbook of world.playbooks) {
    const due = decideDue(playbook, world.today, world.histories.get(playbook.name) ?? { sessions: [], open: null });
    const leave = (reason: string): void => {
      plan.left.push({ what: playbook.name, reason });
    };
    if (due.kind === "not_due") leave(due.reason);
    else if (taken.has(due.key)) leave(`${due.key} is continued already`);
    else if (running.has(due.key)) leave(`a run of ${due.key} is under way`);
    else if (due.kind === "continue")
      leave(`${due.reason}; ${plan.left.find((l) => l.what === due.key)?.reason ?? "it is judged as a session"}`);
    else if (due.kind === "due" && open >= world.limits.max_open_pull_requests)
      leave(`${open} maintenance pull requests are open, ${world.limits.max_open_pull_requests} are allowed`);
    else {
      const usd_micro = Math.min(
        world.limits.run_usd_micro,
        Math.round((playbook.limits.usd ?? Number.POSITIVE_INFINITY) * 1_000_000),
      );
      const done = dispatch(plan, purse, {
        key: due.key,
        trigger: "schedule",
        playbook: playbook.name,
        usd_micro,
        reason: due.reason,
      });
      if (done && due.kind === "due") open += 1;
    }
  }
}

/** Adds a run when the day's money covers its whole cap; otherwise says that it waits. */
function dispatch(
  plan: NightPlan,
  purse: { left: number },
  run: Omit<Extract<NightOperation, { kind: "dispatch" }>, "kind">,
): boolean {
  if (run.usd_micro > purse.left) {
    plan.left.push({
      what: run.playbook ?? run.key,
      reason: `${run.reason}, but limits.day leaves ${renderUsd(purse.left)} and the run may need ${renderUsd(run.usd_micro)}`,
    });
    return false;
  }
  purse.left -= run.usd_micro;
  plan.operations.push({ kind: "dispatch", ...run });
  return true;
}
