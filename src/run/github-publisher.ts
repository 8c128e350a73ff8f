import type { Record } from "../domain/event.ts";
import { stopReasons } from "../domain/stop-reason.ts";
import { placeReport } from "../evaluator/report.ts";
import { ensureCheckRun } from "../github/check-run.ts";
import type { GitHub } from "../github/client.ts";
import type { IntentLog } from "../github/ensure-once.ts";
import { isUnknownOutcome, readWait } from "../github/outcome.ts";
import {
  ensureDraft,
  ensurePullRequest,
  ensureReady,
  type PullRequest,
  requestReviewers,
} from "../github/pull-request.ts";
import { ensureLabel } from "../github/small-writes.ts";
import { ensureStatusComment } from "../github/status-comment.ts";
import { createIntentLog } from "../session/intents.ts";
import type { Publication, PublishedIds } from "./forge.ts";
import type { GitHubForgeOptions } from "./github-forge.ts";

/** Writes that GitHub refuses for good, and writes that it could not take now. */
interface Problems {
  refused: string[];
  unfinished: string[];
}

/** Name of the one check run per commit; its conclusion is the verdict. */
export const checkName = "baton";

export interface Publisher {
  publish(publication: Publication, record: Record): Promise<PublishedIds>;
  status(publication: Publication, record: Record): Promise<void>;
}

/** Pull request, check run and status comment on GitHub; the pull request comes first, so that the others can link it. */
export function createPublisher(options: GitHubForgeOptions): Publisher {
  const status = async (publication: Publication, record: Record): Promise<void> => {
    const number = publication.state.request.number;
    if (number === null) return;
    const log = intentsOf(publication, record);
    const known = publication.state.published.status_comment;
    const { id } = await ensureStatusComment(options.github, {
      repository: options.repository,
      number,
      session: publication.state.session,
      body: publication.status,
      authors: options.own.logins,
      knownId: Number(known) || options.envelope.status_comment_id,
      log,
    });
    // The App's comment is known from the envelope only: a later run must find it in the state.
    if (known === undefined) await log.done("status_comment", "find_comment", String(id));
  };
  return {
    status,
    async publish(publication, record) {
      const problems: Problems = { refused: [], unfinished: [] };
      const log = intentsOf(publication, record);
      const pull = publication.head ? await openPullRequest(options, publication, log, problems) : null;
      // A commit on the way gets no check: it would stay "in progress" for ever once the next one stands on the branch.
      const isFinal = publication.stopReason !== null || publication.isVerified;
      if (publication.head && isFinal)
        await attempt(problems, "the check run", () => writeCheck(options, publication, log));
      if (pull)
        await attempt(problems, "the state of the pull request", () => setReadiness(options.github, pull, publication));
      if (pull) await attempt(problems, "labels and reviewers", () => setMarks(options, pull, publication, log));
      await attempt(problems, "the status comment", () => status(publication, record));
      return {
        pullRequest: pull?.number ?? null,
        pullRequestUrl: pull?.html_url ?? null,
        problems: problems.refused,
        unfinished: problems.unfinished,
      };
    },
  };
}

async function openPullRequest(
  options: GitHubForgeOptions,
  publication: Publication,
  log: IntentLog,
  problems: Problems,
): Promise<PullRequest | null> {
  const outcome = await ensurePullRequest(options.github, {
    repository: options.repository,
    head: publication.state.branch,
    base: publication.state.base.ref,
    title: publication.title,
    placeReport: (existing) => placeReport(existing, publication.report),
    log,
  });
  if (outcome.kind === "open") return outcome.pullRequest;
  problems.refused.push(outcome.text);
  return null;
}

async function writeCheck(options: GitHubForgeOptions, publication: Publication, log: IntentLog): Promise<void> {
  const { state } = publication;
  await ensureCheckRun(options.github, {
    repository: options.repository,
    sha: publication.head!,
    name: checkName,
    externalId: `${state.session}:${publication.head}`,
    conclusion: conclusionOf(publication),
    ...publication.check,
    detailsUrl: options.runUrl,
    log,
  });
}

/** The verdict on exactly this commit; while a run is at work, none yet. An ending that a person must mend is red. */
function conclusionOf({ isVerified, verdict, stopReason }: Publication): "success" | "failure" | "neutral" | null {
  if (isVerified) return "success";
  if (stopReason === null) return null;
  if (verdict?.outcome === "fail" || stopReasons[stopReason].conclusion === "failure") return "failure";
  return "neutral";
}

async function setReadiness(github: GitHub, pull: PullRequest, { ready, isVerified }: Publication): Promise<void> {
  if (pull.state !== "open") return;
  if (ready) await ensureReady(github, pull);
  else if (!isVerified) await ensureDraft(github, pull);
}

/** Labels and reviewers of a playbook: each asked for once, so that a person can take them off for good. */
async function setMarks(
  { github, repository, marks }: GitHubForgeOptions,
  { number }: PullRequest,
  { state, isVerified }: Publication,
  log: IntentLog,
): Promise<void> {
  if (!marks) return;
  const once = async (key: string, wanted: readonly string[], act: () => Promise<void>): Promise<void> => {
    if (wanted.length === 0 || key in state.published) return;
    await log.intended(key, key, { number, wanted });
    await act();
    await log.done(key, key, wanted.join(", "));
  };
  await once("labels", marks.labels, async () => {
    for (const label of marks.labels) await ensureLabel(github, repository, number, label);
  });
  if (isVerified)
    await once("reviewers", marks.reviewers, () => requestReviewers(github, repository, number, marks.reviewers));
}

function intentsOf(publication: Publication, record: Record): IntentLog {
  const log = createIntentLog(record);
  return { ...log, isOpen: (key) => key in publication.state.open_intents };
}

async function attempt(problems: Problems, what: string, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    const list =
      isUnknownOutcome(error) || readWait(error, 1, Date.now()) !== null ? problems.unfinished : problems.refused;
    list.push(`${what} could not be written: ${error instanceof Error ? error.message.slice(0, 300) : String(error)}`);
  }
}
