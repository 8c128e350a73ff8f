import type { SessionKey } from "../domain/session-key.ts";
import { playbookOfKey } from "./apply-playbook.ts";
import type { PlaybookHistory } from "./decide-due.ts";

/** What due-ness needs of one session, whoever looked it up. */
export interface SessionSight {
  key: SessionKey;
  /** Number of its open pull request, or null. */
  openPullRequest: number | null;
  baseMoved: boolean;
  resumable: boolean;
}

/** The history of each playbook from all sessions of the repository. Pure. */
export function readHistories(
  names: readonly string[],
  sessions: readonly SessionSight[],
): ReadonlyMap<string, PlaybookHistory> {
  const histories = new Map<string, { sessions: { key: SessionKey; day: string }[]; open: PlaybookHistory["open"] }>(
    names.map((name) => [name, { sessions: [], open: null }]),
  );
  for (const session of [...sessions].sort((a, b) => (a.key < b.key ? -1 : 1))) {
    const own = playbookOfKey(session.key);
    const history = own && histories.get(own.name);
    if (!own || !history) continue;
    const { key, openPullRequest: number, baseMoved, resumable } = session;
    history.sessions.push({ key, day: own.day });
    if (number !== null) history.open = { key, number, baseMoved, resumable };
  }
  return histories;
}
