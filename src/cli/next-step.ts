import type { State } from "../domain/state.ts";
import { type StopReason, stopReasons } from "../domain/stop-reason.ts";

/** Whether a session lives on this machine alone: no issue, no pull request, no run on a platform. */
export function isLocalSession(state: State): boolean {
  return state.request.number === null && state.runs.every((run) => run.run_url === null);
}

/** What a person can do next, in the words of the place where they are: comments on GitHub, commands here. */
export function describeNext(state: State, stop: StopReason): string {
  const row = stopReasons[stop];
  if (!isLocalSession(state)) return row.next;
  const goOn = `baton continue ${state.session}`;
  switch (stop) {
    case "done":
      return `review the branch: ${diffCommand(state)}`;
    case "already_satisfied":
      return `look at the evidence, or say what is missing: ${goOn} --say "…"`;
    case "blocked":
      return `answer: ${goOn} --say "your answer"`;
    case "setup_failed":
    case "sandbox_error":
    case "config_error":
      return `mend what the message names (\`baton doctor\` looks, too), then: ${goOn}`;
    default:
      return row.resumable ? `${goOn} (with advice: --say "…")` : row.next;
  }
}

/** Shows the work of a session. `heads/`, because git takes the bare name for the session's own ref, `refs/baton/…`. */
export function diffCommand(state: State): string {
  const range = `${state.base.ref}...heads/${state.branch}`;
  return `git diff ${/^[\w./-]+$/.test(range) ? range : `'${range.replaceAll("'", "'\\''")}'`}`;
}
