import { fetchPolicy } from "../intake/fetch-policy.ts";
import { buryRun } from "../intake/reconcile.ts";
import { loadSessionFacts } from "../intake/session-facts.ts";
import type { Door } from "./door.ts";
import { createGateHands } from "./gate.ts";
import type { Identity } from "./identity.ts";
import { readEnvelope } from "./run-job.ts";

/** The job that runs when the run job did not succeed: says truthfully that a runner died, and lets the next one go on. */
export async function closeRun(door: Door, identity: Identity, say: (line: string) => void): Promise<string> {
  const { session } = readEnvelope(door.inputs.task);
  const { state } = await loadSessionFacts(identity.github, door.repository, session);
  const run = state?.runs.at(-1);
  if (!state || !run) return `${session} has no state: the run ended before it claimed the session.`;
  if (run.run_id !== door.run.id || run.run_attempt !== door.run.attempt)
    return `${session} belongs to run ${run.run_id} now; nothing to close.`;
  if (run.stop_reason !== null) return `${session} ended properly (${run.stop_reason}); nothing to close.`;
  const policy = await fetchPolicy(
    identity.github,
    door.repository,
    door.repository.defaultBranch,
    door.inputs.config_file,
  );
  const mayGoOn = policy.kind === "policy" && policy.policy.auto_continue;
  const buried = await buryRun(createGateHands(identity, say), identity.github, door.repository, state, { mayGoOn });
  return `${session}: the runner died without a word; ${buried.goesOn ? "the next run goes on" : "`/continue` goes on"} from the last checkpoint.`;
}
