import type { SessionKey } from "../domain/session-key.ts";
import type { State } from "../domain/state.ts";
import { addDays, lastPlannedDay } from "./decide-due.ts";
import type { DigestSession } from "./render-digest.ts";

/** The last whole week before `today`, Monday to Sunday, as days. */
export function digestWeekOf(today: string): { from: string; to: string } {
  const monday = lastPlannedDay("weekly:monday", today);
  return { from: addDays(monday, -7), to: addDays(monday, -1) };
}

/** Sessions of which a run started in the week; spend and runs are those of the week, criteria as they stand now. Pure. */
export function sessionsOfWeek(
  states: Iterable<State>,
  week: { from: string; to: string },
): { key: SessionKey; digest: Omit<DigestSession, "refusals"> }[] {
  return [...states].flatMap((state) => {
    const runs = state.runs.filter(({ started_at }) => {
      const day = started_at.slice(0, 10);
      return day >= week.from && day <= week.to;
    });
    const last = runs.at(-1);
    if (!last) return [];
    const digest = {
      key: state.session,
      title: state.request.title,
      number: state.request.number,
      stop: last.stop_reason,
      outcome: state.verdict?.outcome ?? null,
      runs: runs.length,
      spent_usd_micro: runs.reduce((sum, run) => sum + run.spend.usd_micro, 0),
      criteria: state.criteria.length,
      verified: state.criteria.filter(({ status }) => status === "pass").length,
    };
    return [{ key: state.session, digest }];
  });
}
