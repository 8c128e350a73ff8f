import type { Envelope } from "../domain/envelope.ts";
import type { State } from "../domain/state.ts";
import { noIntentLog } from "../github/ensure-once.ts";
import { markerOf } from "../github/marker.ts";
import { ensureStatusComment, listOwn } from "../github/status-comment.ts";
import { renderLost } from "../intake/answers.ts";
import { fetchPolicy } from "../intake/fetch-policy.ts";
import { buryRun } from "../intake/reconcile.ts";
import { isClosed, loadSessionFacts } from "../intake/session-facts.ts";
import type { Door } from "./door.ts";
import { mistakeKeyOf } from "./explain-mistake.ts";
import { createGateHands } from "./gate.ts";
import type { Identity } from "./identity.ts";
import { readEnvelope } from "./run-job.ts";

/** The job that runs when the run job did not succeed: says truthfully that a runner died, and lets the next one go on. */
export async function closeRun(door: Door, identity: Identity, say: (line: string) => void): Promise<string> {
  const envelope = readEnvelope(door.inputs.task);
  const { session } = envelope;
  const { state } = await loadSessionFacts(identity.github, door.repository, session);
  const isOurs = state?.runs.some((one) => one.run_id === door.run.id && one.run_attempt === door.run.attempt) ?? false;
  if (!state || !isOurs) return await closeUnclaimed(door, identity, envelope, state);
  const run = state.runs.at(-1);
  if (run?.run_id !== door.run.id || run.run_attempt !== door.run.attempt)
    return `${session} belongs to run ${run?.run_id} now; nothing to close.`;
  if (isClosed(run)) return `${session} ended properly (${run.stop_reason}); nothing to close.`;
  const policy = await fetchPolicy(
    identity.github,
    door.repository,
    door.repository.defaultBranch,
    door.inputs.config_file,
  );
  const mayGoOn = policy.kind === "policy" && policy.policy.auto_continue;
  const buried = await buryRun(createGateHands(identity, say), identity.github, door.repository, state, { mayGoOn });
  const how = run.stop_reason === null ? "the runner died without a word" : `its end (${run.stop_reason}) was not told`;
  return `${session}: ${how}; ${buried.goesOn ? "the next run goes on" : "`/continue` goes on"} from the last checkpoint.`;
}

/** A run that ended before it claimed the session: the promise that was given for it is taken back, unless that was said. */
async function closeUnclaimed(
  door: Door,
  identity: Identity,
  envelope: Envelope,
  state: State | null,
): Promise<string> {
  const { number } = envelope.subject;
  if (number === null) return `${envelope.session}: the run ended before it claimed the session.`;
  const subject = { repository: door.repository, number, authors: identity.logins };
  const said = await listOwn(identity.github, subject, markerOf("answer", mistakeKeyOf(door)));
  if (said.length > 0) return `${envelope.session}: why nothing was started is said already.`;
  await ensureStatusComment(identity.github, {
    ...subject,
    session: envelope.session,
    body: renderLost(state),
    knownId: Number(state?.published.status_comment) || envelope.status_comment_id,
    log: noIntentLog,
  });
  return `${envelope.session}: the run ended before it claimed the session; people were told.`;
}
