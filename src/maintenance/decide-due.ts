import type { SessionKey } from "../domain/session-key.ts";
import { type Playbook, weekdayOf } from "./playbook.ts";

/** What exists on GitHub of one playbook. Days are UTC, `yyyy-mm-dd`, by GitHub's `Date` header. */
export interface PlaybookHistory {
  /** Sessions of the playbook, by the date in their key; quiet ones too. */
  sessions: readonly { key: SessionKey; day: string }[];
  /** Session whose pull request is open, if there is one. */
  open: { key: SessionKey; number: number; baseMoved: boolean; resumable: boolean } | null;
}

/** Whether a playbook has something to do tonight, and why. */
export type Due =
  | { kind: "due"; key: SessionKey; reason: string }
  | { kind: "continue"; key: SessionKey; reason: string }
  | { kind: "refresh"; key: SessionKey; reason: string }
  | { kind: "not_due"; reason: string };

/** `maintenance-<playbook>-<yyyymmdd>`: the same night gives the same key, so that a doubled schedule starts nothing twice. */
export function maintenanceKeyOf(name: string, day: string): SessionKey {
  return `maintenance-${name}-${day.replaceAll("-", "")}` as SessionKey;
}

/** Due-ness from the playbook, the day and what exists; a skipped day is made up once, a doubled one does nothing. Pure. */
export function decideDue(playbook: Playbook, today: string, history: PlaybookHistory): Due {
  if (history.open) return decideOpen(history.open);
  const planned = lastPlannedDay(playbook.schedule, today);
  const last =
    history.sessions
      .map((session) => session.day)
      .sort()
      .at(-1) ?? null;
  if (last !== null && last >= planned) {
    return {
      kind: "not_due",
      reason: `${playbook.schedule}: ran on ${last}, next on ${nextPlannedDay(playbook.schedule, today)}`,
    };
  }
  // A playbook that never ran does not make up for days before it existed.
  if (last === null && planned !== today && playbook.schedule !== "nightly") {
    return { kind: "not_due", reason: `${playbook.schedule}: first on ${nextPlannedDay(playbook.schedule, today)}` };
  }
  const reason =
    planned === today
      ? `${playbook.schedule}: due today`
      : `${playbook.schedule}: due since ${planned}, when it did not run`;
  return { kind: "due", key: maintenanceKeyOf(playbook.name, today), reason };
}

function decideOpen(open: NonNullable<PlaybookHistory["open"]>): Due {
  const there = `pull request #${open.number} of ${open.key} is open`;
  if (open.resumable) return { kind: "continue", key: open.key, reason: `${there} and unfinished` };
  if (open.baseMoved) return { kind: "refresh", key: open.key, reason: `${there} and its base has moved` };
  return { kind: "not_due", reason: `${there}: it waits for a person` };
}

/** The last day, today included, on which the schedule asks for a run. */
export function lastPlannedDay(schedule: string, today: string): string {
  return plannedDay(schedule, today, -1);
}

/** The first day after today on which the schedule asks for a run. */
export function nextPlannedDay(schedule: string, today: string): string {
  return plannedDay(schedule, addDays(today, 1), 1);
}

function plannedDay(schedule: string, from: string, step: 1 | -1): string {
  for (let day = from, tries = 0; tries < 62; day = addDays(day, step), tries += 1)
    if (isPlanned(schedule, day)) return day;
  throw new Error(`no day fits the schedule ${schedule}`);
}

function isPlanned(schedule: string, day: string): boolean {
  const [kind, when] = schedule.split(":");
  if (kind === "nightly") return true;
  const date = new Date(`${day}T00:00:00Z`);
  return kind === "weekly" ? weekdayOf(date) === when : date.getUTCDate() === Number(when);
}

/** The day `days` after `day`, in UTC. */
export function addDays(day: string, days: number): string {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}
