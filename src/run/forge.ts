import type { Command, CommandPlace } from "../domain/command.ts";
import type { Envelope } from "../domain/envelope.ts";
import type { Record } from "../domain/event.ts";
import type { State } from "../domain/state.ts";
import type { StopReason } from "../domain/stop-reason.ts";
import type { Verdict } from "../domain/verdict.ts";

/** The request of a session as it stood at the trigger; visible text only. */
export interface SessionRequest {
  number: number | null;
  title: string;
  body: string;
  sha256: string;
  url: string | null;
  hiddenRemoved: number;
  requester: { id: number; login: string };
  /** Branch that the work starts from and the pull request goes to, without `refs/heads/`. */
  baseRef: string;
}

/** A command of a person who may steer the run, never edited, in the order of time. */
export interface InboxItem {
  place: CommandPlace;
  commentId: number;
  actor: string;
  command: Command;
  at: string;
}

export type RequestOutcome =
  | { kind: "ok"; request: SessionRequest }
  | { kind: "refused"; stop: StopReason; reason: string };

/** What has become of the pull request of a session since the last run. */
export type PullRequestFate = "none" | "open" | "merged" | "closed";

/** What is shown to people at one moment: everything in it is computed from state and verdict. */
export interface Publication {
  state: State;
  verdict: Verdict | null;
  /** Head commit of the work branch, or null before the first one. */
  head: string | null;
  stopReason: StopReason | null;
  /** Markdown of the pull request's report, the check run and the status comment. */
  report: string;
  check: { title: string; summary: string; text: string };
  status: string;
  /** Title of the pull request. */
  title: string;
  /** Whether the pull request is ready for review. */
  ready: boolean;
  /** The verdict is `pass` and about the tree that stands on the branch. */
  isVerified: boolean;
}

export interface PublishedIds {
  pullRequest: number | null;
  pullRequestUrl: string | null;
  problems: string[];
  /** Writes that GitHub could not take now; they must be made later. */
  unfinished?: string[];
}

/**
 * The place where people are: GitHub, or a folder on this machine. All writes are idempotent and found by key; a run
 * can tell no difference between forges.
 */
export interface Forge {
  /** Login that writes: `github-actions[bot]`, `<app>[bot]` or `local`. */
  readonly identity: string;
  readonly runUrl: string | null;
  /** Checks the person again and reads the frozen request. */
  loadRequest(state: State | null): Promise<RequestOutcome>;
  /** Commands after the cursor by people who may steer; cheap enough to be called between turns. */
  readInbox(state: State, options?: { force?: boolean }): Promise<InboxItem[]>;
  /** Whether the run that holds the session still lives, asked of the platform and never of a clock. */
  isRunAlive(runId: string, attempt: number): Promise<boolean>;
  /** Why the work is not wanted any more, or null. `handsOff`: branch and pull request must be left alone. */
  findReasonToStop(state: State, options?: { force?: boolean }): Promise<{ reason: string; handsOff: boolean } | null>;
  fateOfPullRequest(state: State): Promise<PullRequestFate>;
  /** Brings pull request, check run and status comment to this publication. */
  publish(publication: Publication, record: Record): Promise<PublishedIds>;
  /** The status comment alone; callers may call it often, it writes at most every 30 s unless forced. */
  showProgress(publication: Publication, record: Record, force: boolean): Promise<void>;
  /** Shown where a run ends before there is a session to show: one comment, or a line of the log. */
  explain(stop: StopReason, reason: string): Promise<void>;
  /** Rings the doorbell for the next run of the same session. */
  ringDoorbell(envelope: Envelope): Promise<void>;
  /** From now on each write asks first whether the session is still this run's. */
  guardWrites(owns: () => Promise<boolean>): void;
  /** UTC day by the platform's own clock, `yyyy-mm-dd`. */
  today(): Promise<string>;
}
