import { mayWrite } from "../domain/permission.ts";
import type { SessionKey } from "../domain/session-key.ts";
import type { State } from "../domain/state.ts";
import type { GitHub } from "../github/client.ts";
import { type DispatchOutcome, dispatchRun, workflowFile } from "../github/dispatch.ts";
import { markerOf } from "../github/marker.ts";
import { fetchPermission } from "../github/permission.ts";
import { cancelRun, fetchRunCounts } from "../github/runs.ts";
import { ensureAnswer, ensureStatusComment, listOwn } from "../github/status-comment.ts";
import { makeContinuation, numberOf } from "../triggers/make-envelope.ts";
import type { Reading, RepositoryFacts } from "../triggers/reading.ts";
import { sessionOfBranch } from "../triggers/session-of-trigger.ts";
import { renderDied, saysDied } from "./answers.ts";
import { stopPatienceMs } from "./carry-out.ts";
import { fetchPolicy } from "./fetch-policy.ts";
import type { IntakeHands } from "./intake-hands.ts";
import { fetchRunCondition, isClosed, listSessions, loadSessionFacts } from "./session-facts.ts";
import { showStale } from "./show-stale.ts";

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
    case "pull_request_changed": {
      const session = signal.headRef === null ? null : sessionOfBranch(signal.headRef);
      if (session && (await showStale(github, repository, session)))
        hands.log({ session, head: signal.headRef }, "the branch went on after its verdict");
      return;
    }
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
  const policy = await fetchPolicy(github, repository, repository.defaultBranch);
  const mayGoOn = policy.kind === "policy" && policy.policy.auto_continue;
  await buryRun(hands, github, repository, state, { mayGoOn });
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
  const mayGoOn = options.mayGoOn !== false || state.runs.at(-1)?.stop_reason !== null;
  const isWanted = mayGoOn && !isTired && (await maySpend(github, repository, state));
  const rung = isWanted ? await ringAgain(hands, github, repository, state) : null;
  const refused = rung?.kind === "refused" ? rung.text : null;
  const goesOn = isWanted && refused === null;
  // The end of a run that only could not tell it is told by the next one.
  if (!goesOn || state.runs.at(-1)?.stop_reason === null)
    await showDeath(hands, github, repository, state, renderDied(state, goesOn, refused), goesOn);
  return { goesOn };
}

/** How many of the newest runs ended without a stop reason. */
export function deathsInARow(state: State): number {
  let deaths = 0;
  for (const run of state.runs.toReversed()) {
    if (isClosed(run)) break;
    deaths += 1;
  }
  return deaths;
}

/** A chore has nobody behind it but the policy; any other session goes on only while its requester may write. */
async function maySpend(github: GitHub, repository: RepositoryFacts, state: State): Promise<boolean> {
  return (
    state.session.startsWith("maintenance-") || mayWrite(await fetchPermission(github, repository, state.requester))
  );
}

/** Rings for the next run of a session whose last run is over; its key is that run's, so that it rings once. */
export async function ringAgain(
  hands: IntakeHands,
  github: GitHub,
  repository: RepositoryFacts,
  state: State,
): Promise<DispatchOutcome | null> {
  const run = state.runs.at(-1);
  if (!run) return null;
  const outcome = await dispatchRun(github, {
    repository,
    defaultBranch: repository.defaultBranch,
    envelope: makeContinuation(state),
    log: hands.intents(`${repository.owner}/${repository.repo}/${state.session}`),
  });
  hands.log(
    { session: state.session, run: run.run_id, outcome: outcome.kind },
    outcome.kind === "refused" ? outcome.text : "its last run is over; the session goes on",
  );
  return outcome;
}

async function showDeath(
  hands: IntakeHands,
  github: GitHub,
  repository: RepositoryFacts,
  state: State,
  body: string,
  again: boolean,
): Promise<void> {
  const number = numberOf(state.session) ?? state.request.number;
  if (number === null) {
    // Work without an issue has no status comment: only what a person must act on is said on its pull request.
    const pull = pullRequestOf(state);
    if (pull === null || again) return;
    await ensureAnswer(github, {
      repository,
      number: pull,
      key: deathKeyOf(state),
      body,
      authors: (await hands.identity()).logins,
      log: hands.intents(`${repository.owner}/${repository.repo}/${state.session}`),
    });
    return;
  }
  await ensureStatusComment(github, {
    repository,
    number,
    session: state.session,
    body,
    authors: (await hands.identity()).logins,
    knownId: Number(state.published.status_comment) || null,
    log: hands.intents(`${repository.owner}/${repository.repo}/${state.session}`),
  });
}

/** Whether people can read already that the last run died and that nothing goes on by itself; true where there is no place to say it. */
export async function isDeathShown(
  hands: IntakeHands,
  github: GitHub,
  repository: RepositoryFacts,
  state: State,
): Promise<boolean> {
  const authors = (await hands.identity()).logins;
  const number = numberOf(state.session) ?? state.request.number;
  const place = number ?? pullRequestOf(state);
  if (place === null) return true;
  const marker = number === null ? markerOf("answer", deathKeyOf(state)) : markerOf("status", state.session);
  const found = await listOwn(github, { repository, number: place, authors }, marker);
  return found.some(({ body }) => saysDied(body ?? "", state));
}

function pullRequestOf(state: State): number | null {
  const number = Number(state.published.pull_request);
  return Number.isSafeInteger(number) && number > 0 ? number : null;
}

function deathKeyOf(state: State): string {
  return `died-${state.runs.at(-1)?.run_id ?? "0"}`;
}
