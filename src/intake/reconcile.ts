import { mayWrite } from "../domain/permission.ts";
import type { SessionKey } from "../domain/session-key.ts";
import type { State } from "../domain/state.ts";
import type { GitHub } from "../github/client.ts";
import { dispatchRun, workflowFile } from "../github/dispatch.ts";
import { fetchPermission } from "../github/permission.ts";
import { cancelRun, fetchRunCounts } from "../github/runs.ts";
import { ensureStatusComment } from "../github/status-comment.ts";
import { makeEnvelope, numberOf } from "../triggers/make-envelope.ts";
import type { Reading, RepositoryFacts } from "../triggers/reading.ts";
import { sessionOfBranch } from "../triggers/session-of-trigger.ts";
import { renderDied } from "./answers.ts";
import { stopPatienceMs } from "./carry-out.ts";
import type { IntakeHands } from "./intake-hands.ts";
import { fetchRunCondition, listSessions, loadSessionFacts } from "./session-facts.ts";

/** Runs in a row that may die without a word before people are asked instead. */
export const maxDeaths = 2;

/** Something changed that starts nothing: look at the sessions it may concern. */
export async function reconcileSignal(
  hands: IntakeHands,
  reading: Extract<Reading, { kind: "signal" }>,
): Promise<void> {
  const { signal, repository, installationId } = reading;
  if (installationId === null) return;
  const github = hands.installation(installationId);
  switch (signal.name) {
    case "issue_closed":
    case "unlabeled":
      if (signal.number !== null) await endLater(hands, github, repository, `issue-${signal.number}`);
      return;
    case "pull_request_closed": {
      const session = signal.headRef === null ? null : sessionOfBranch(signal.headRef);
      if (session) await endLater(hands, github, repository, session);
      return;
    }
    case "run_completed":
      for (const session of await listSessions(github, repository))
        await reconcileSession(hands, github, repository, session);
      return;
    case "pull_request_changed":
    case "checks_completed":
      hands.log({ signal: signal.name, head: signal.headRef }, "the next run reads this from GitHub");
  }
}

// The run sees a closed issue or a missing label itself, within a turn; one that does not is cancelled.
async function endLater(
  hands: IntakeHands,
  github: GitHub,
  repository: RepositoryFacts,
  session: SessionKey,
): Promise<void> {
  const { state } = await loadSessionFacts(github, repository, session);
  const run = state?.runs.at(-1);
  if (!run || (await fetchRunCondition(github, repository, state)) !== "alive") return;
  hands.later(stopPatienceMs, async () => {
    const now = await loadSessionFacts(github, repository, session);
    const isSame = now.state?.runs.at(-1)?.run_id === run.run_id;
    if (isSame && (await fetchRunCondition(github, repository, now.state)) === "alive")
      await cancelRun(github, repository, run.run_id);
  });
}

/** A session marked running whose run is over: goes on from its checkpoint, at most twice in a row, else says so truthfully. */
export async function reconcileSession(
  hands: IntakeHands,
  github: GitHub,
  repository: RepositoryFacts,
  name: string,
): Promise<void> {
  const session = sessionOfBranch(`baton/${name}`);
  if (session)
    await hands.exclusive(`${repository.id}/${session}`, () => reconcileLocked(hands, github, repository, session));
}

async function reconcileLocked(
  hands: IntakeHands,
  github: GitHub,
  repository: RepositoryFacts,
  session: SessionKey,
): Promise<void> {
  const { state } = await loadSessionFacts(github, repository, session);
  if (!state || (await fetchRunCondition(github, repository, state)) !== "over") return;
  // A run dispatched since may not have claimed the session yet.
  const counts = await fetchRunCounts(github, repository, workflowFile, { actorId: state.requester.id, session });
  if (counts.alive.length > 0) return;
  await buryRun(hands, github, repository, state);
}

/** What follows when the last run of a session died: the next one, at most twice in a row, and a truthful status. */
export async function buryRun(
  hands: IntakeHands,
  github: GitHub,
  repository: RepositoryFacts,
  state: State,
  options: { mayGoOn?: boolean } = {},
): Promise<{ goesOn: boolean }> {
  const isTired = deathsInARow(state) > maxDeaths;
  const goesOn =
    options.mayGoOn !== false && !isTired && mayWrite(await fetchPermission(github, repository, state.requester));
  if (goesOn) await goOn(hands, github, repository, state);
  await showDeath(hands, github, repository, state, goesOn);
  return { goesOn };
}

/** How many of the newest runs ended without a stop reason. */
export function deathsInARow(state: State): number {
  let deaths = 0;
  for (const run of state.runs.toReversed()) {
    if (run.stop_reason !== null) break;
    deaths += 1;
  }
  return deaths;
}

async function goOn(hands: IntakeHands, github: GitHub, repository: RepositoryFacts, state: State): Promise<void> {
  const run = state.runs.at(-1);
  if (!run) return;
  // Hop and time come from the dead run: whoever finds it, and however often, rings with the same key.
  const hop = state.runs.length;
  const trigger = { kind: "continuation", session: state.session, hop } as const;
  const envelope = makeEnvelope(trigger, {
    session: state.session,
    labelEventId: null,
    at: run.started_at,
    subjectSha256: state.request.sha256,
    statusCommentId: Number(state.published.status_comment) || null,
    requesterId: state.requester.id,
    hop,
  });
  const outcome = await dispatchRun(github, {
    repository,
    defaultBranch: repository.defaultBranch,
    envelope,
    log: hands.intents(`${repository.owner}/${repository.repo}/${state.session}`),
  });
  hands.log({ session: state.session, run: run.run_id, outcome: outcome.kind }, "a run died; the session goes on");
}

async function showDeath(
  hands: IntakeHands,
  github: GitHub,
  repository: RepositoryFacts,
  state: State,
  again: boolean,
): Promise<void> {
  const number = numberOf(state.session) ?? state.request.number;
  if (number === null) return;
  await ensureStatusComment(github, {
    repository,
    number,
    session: state.session,
    body: renderDied(state, again),
    authors: (await hands.identity()).logins,
    knownId: Number(state.published.status_comment) || null,
    log: hands.intents(`${repository.owner}/${repository.repo}/${state.session}`),
  });
}
