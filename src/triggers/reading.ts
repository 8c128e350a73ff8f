import type { RepositoryName, Trigger } from "../domain/trigger.ts";

/** The repository as an event names it. */
export interface RepositoryFacts extends RepositoryName {
  id: number;
  defaultBranch: string;
}

/** What an event says about the issue or pull request it belongs to; null means that the event does not say. */
export interface SubjectFacts {
  number: number;
  isPullRequest: boolean;
  open: boolean;
  title: string;
  authorId: number | null;
  /** Whether the text that triggers was changed after it was first written, as far as the event shows. */
  edited: boolean;
  /** Head and base are in different repositories. */
  fork: boolean | null;
  headRef: string | null;
}

/** Something that starts nothing but changes what a session's state means: look at it again. */
export interface Signal {
  name:
    | "unlabeled"
    | "issue_closed"
    | "pull_request_closed"
    | "pull_request_changed"
    | "run_completed"
    | "checks_completed";
  number: number | null;
  headRef: string | null;
  label: string | null;
  runId: number | null;
  merged: boolean;
}

/** What one delivery or Actions event comes to. */
export type Reading =
  | {
      kind: "trigger";
      trigger: Trigger;
      repository: RepositoryFacts;
      installationId: number | null;
      subject: SubjectFacts | null;
      /** Id of the App through which the text was written, when the event says so. */
      viaAppId: number | null;
    }
  | {
      kind: "malformed";
      number: number;
      commentId: number;
      actor: { id: number; login: string; type: string };
      reason: string;
      repository: RepositoryFacts;
      installationId: number | null;
    }
  | { kind: "signal"; signal: Signal; repository: RepositoryFacts; installationId: number | null }
  | { kind: "installed"; repositories: RepositoryName[]; installationId: number }
  | { kind: "ignored"; reason: string };

/** What a reader needs from outside: how markdown looks to a person. */
export interface ReadingHands {
  renderVisible(markdown: string): string;
}
