import type { State } from "./state.ts";
import { type StopReason, stopReasons } from "./stop-reason.ts";

/** Whether a session lives on this machine alone: no issue, no pull request, no run on a platform. */
export function isLocalSession(state: State): boolean {
  return state.request.number === null && state.runs.every((run) => run.run_url === null);
}

/** What a person can do next, in the words of the place where they are: comments on GitHub, a command here. */
export interface NextStep {
  /** A sentence, or how the command is introduced; may be empty when there is one. */
  say: string;
  /** For a shell in the repository; null on GitHub. */
  command: string | null;
}

export function decideNextStep(state: State, stop: StopReason): NextStep {
  const row = stopReasons[stop];
  if (!isLocalSession(state)) return { say: row.next, command: null };
  const goOn = `baton continue ${state.session}`;
  switch (stop) {
    case "done":
      return { say: "review the branch", command: diffCommand(state) };
    case "already_satisfied":
      return { say: "look at the evidence, or say what is missing", command: `${goOn} --say "…"` };
    case "blocked":
      return { say: "answer", command: `${goOn} --say "your answer"` };
    case "setup_failed":
    case "sandbox_error":
    case "config_error":
      return { say: "mend what the message names (`baton doctor` looks, too), then", command: goOn };
    default:
      return row.resumable
        ? { say: "go on, with advice if you have some", command: `${goOn} --say "…"` }
        : { say: row.next, command: null };
  }
}

/** The step as one line of a terminal. */
export function describeNext(state: State, stop: StopReason): string {
  const { say, command } = decideNextStep(state, stop);
  return command ? `${say}: ${command}` : say;
}

/** Shows the work of a session. `heads/`, because git takes the bare name for the session's own ref, `refs/baton/…`. */
export function diffCommand(state: State): string {
  const range = `${state.base.ref}...heads/${state.branch}`;
  return `git diff ${/^[\w./-]+$/.test(range) ? range : `'${range.replaceAll("'", "'\\''")}'`}`;
}
