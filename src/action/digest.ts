import type { GitHub } from "../github/client.ts";
import { noIntentLog } from "../github/ensure-once.ts";
import { neutralise } from "../github/neutral-text.ts";
import { ensureOwnIssue, findOwnIssue } from "../github/own-issue.ts";
import { fetchRefusals } from "../intake/fetch-refusals.ts";
import { digestWeekOf, sessionsOfWeek } from "../maintenance/digest-week.ts";
import { digestMarker, renderDigest } from "../maintenance/render-digest.ts";
import type { RepositoryFacts } from "../triggers/reading.ts";
import type { Night } from "./fetch-night.ts";

/** Brings the one digest issue to the last whole week, once; the first is made in a week in which a session ran. One line, or null where nothing was written. */
export async function ensureDigest(
  night: Night,
  github: GitHub,
  repository: RepositoryFacts,
  authors: readonly string[],
): Promise<string | null> {
  const week = digestWeekOf(night.world.today);
  const sessions = sessionsOfWeek(night.states.values(), week);
  const issue = await findOwnIssue(github, { repository, marker: digestMarker, authors });
  if (issue?.body?.includes(`## Baton, ${week.from} to ${week.to}`)) return null;
  if (!issue && sessions.length === 0) return null;
  const rows = [];
  for (const { key, digest } of sessions) {
    const refusals = await fetchRefusals(github, repository, key, week);
    rows.push({
      ...digest,
      title: neutralise(digest.title),
      refusals: refusals.map(({ rule, text }) => ({ rule: neutralise(rule), text: neutralise(text) })),
    });
  }
  const outcome = await ensureOwnIssue(github, {
    repository,
    marker: digestMarker,
    title: "Baton: weekly digest",
    body: renderDigest({ ...week, sessions: rows }),
    authors,
    mayCreate: sessions.length > 0,
    log: noIntentLog,
  });
  if (outcome.kind === "absent" || outcome.kind === "unchanged") return null;
  return `weekly digest: #${outcome.number} ${outcome.kind} for ${week.from} to ${week.to}`;
}
