import type { Envelope } from "../domain/envelope.ts";
import { sha256 } from "../domain/hash.ts";
import { mayWrite } from "../domain/permission.ts";
import type { Policy } from "../domain/policy.ts";
import type { State } from "../domain/state.ts";
import type { RepositoryName } from "../domain/trigger.ts";
import type { GitHub } from "../github/client.ts";
import { dispatchRun } from "../github/dispatch.ts";
import { noIntentLog } from "../github/ensure-once.ts";
import { fetchTrigger } from "../github/fetch-trigger.ts";
import { fetchInbox } from "../github/inbox.ts";
import { fetchAccount, fetchPermission } from "../github/permission.ts";
import { listPullRequests } from "../github/pull-request.ts";
import { isRunAlive } from "../github/runs.ts";
import { ensureAnswer } from "../github/status-comment.ts";
import { fetchSubject, renderRequest } from "../github/subject.ts";
import { playbookOfKey } from "../maintenance/apply-playbook.ts";
import { readCommand } from "../triggers/read-command.ts";
import { fenceWrites } from "./fence.ts";
import type { Forge, InboxItem, PullRequestFate, RequestOutcome } from "./forge.ts";
import { createPublisher } from "./github-publisher.ts";
import { findReasonToStop } from "./reason-to-stop.ts";

export interface GitHubForgeOptions {
  github: GitHub;
  repository: RepositoryName & { defaultBranch: string };
  envelope: Envelope;
  policy: Policy;
  /** Logins and account ids that are Baton itself; the first login writes. */
  own: { logins: readonly string[]; ids: readonly number[] };
  /** Request of a session that no issue or pull request carries (prompt, playbook), with who is behind it. */
  given: { title: string; body: string; requester: { id: number; login: string } } | null;
  /** Labels of the pull request, and who is asked to review it once it is verified. */
  marks?: { labels: readonly string[]; reviewers: readonly string[] };
  baseBranch: string | null;
  /** The label that a session started by one needs to go on. */
  label?: string;
  runUrl: string | null;
  workflow?: string;
  now: () => number;
  say: (line: string) => void;
}

const progressEveryMs = 30_000;
const inboxEveryMs = 15_000;

/** The forge on GitHub: reads by ids, checks rights at that moment, and writes each thing once. */
export function createGitHubForge(given: GitHubForgeOptions): Forge {
  const { github, guard } = fenceWrites(given.github);
  const options = { ...given, github };
  const { repository, envelope } = options;
  const publisher = createPublisher(options);
  let lastProgress = Number.NEGATIVE_INFINITY;
  let lastLook = Number.NEGATIVE_INFINITY;
  let lastInbox = Number.NEGATIVE_INFINITY;
  const readInbox = async (state: State, { force = false } = {}): Promise<InboxItem[]> => {
    // One look per quarter minute is enough for a person, and free when nothing changed.
    if (!force && options.now() - lastInbox < inboxEveryMs) return [];
    lastInbox = options.now();
    // What was said before the session began is no word to it.
    const times = [envelope.trigger.at, state.runs[0]?.started_at ?? envelope.trigger.at];
    return await fetchInbox(github, {
      repository,
      state,
      since: times.sort((a, b) => Date.parse(a) - Date.parse(b))[0],
      parse: readVisibleCommand,
      ownIds: options.own.ids,
      allowedBots: options.policy.allowed_bots,
    });
  };
  return {
    identity: options.own.logins[0] ?? "github-actions[bot]",
    runUrl: options.runUrl,
    loadRequest: (state) => loadRequest(options, state),
    readInbox,
    isRunAlive: (runId, attempt) => isRunAlive(github, repository, runId, attempt),
    async findReasonToStop(state, { force = false } = {}) {
      if (!force && options.now() - lastLook < inboxEveryMs) return null;
      lastLook = options.now();
      return await findReasonToStop(options, state);
    },
    fateOfPullRequest: (state) => readFate(options, state),
    publish: (publication, record) => publisher.publish(publication, record),
    async showProgress(publication, record, force) {
      if (!force && options.now() - lastProgress < progressEveryMs) return;
      lastProgress = options.now();
      await publisher.status(publication, record);
    },
    explain: (stop, reason) => explain(options, `Baton did not start (${stop}): ${reason}`),
    async ringDoorbell(next) {
      const outcome = await dispatchRun(github, {
        repository,
        defaultBranch: repository.defaultBranch,
        envelope: next,
        workflow: options.workflow,
        log: noIntentLog,
      });
      if (outcome.kind === "refused") throw new Error(outcome.text);
    },
    guardWrites: guard,
    async today() {
      if (github.serverTime() === null) await github.find("/repos/{owner}/{repo}", repository);
      return new Date(github.serverTime() ?? options.now()).toISOString().slice(0, 10);
    },
  };
}

function readVisibleCommand(visible: string) {
  const found = readCommand(visible);
  return found.kind === "command" ? found.command : null;
}

/** Re-derives who, when and what from GitHub by the envelope's ids; a session that goes on keeps the text it started with. */
async function loadRequest(options: GitHubForgeOptions, state: State | null): Promise<RequestOutcome> {
  const person = await checkPerson(options, state);
  if (person.kind === "refused") return person;
  if (state) {
    const request = { ...state.request, hiddenRemoved: 0, requester: state.requester, baseRef: state.base.ref };
    return { kind: "ok", request };
  }
  const { number } = options.envelope.subject;
  if (number === null) return requestGiven(options, person.requester);
  const subject = await fetchSubject(options.github, options.repository, number, person.at);
  if (subject.kind === "gone") return { kind: "refused", stop: "skipped", reason: subject.why };
  if (subject.kind === "edited") {
    const what = subject.what.join(" and ");
    return {
      kind: "refused",
      stop: "skipped",
      reason: `the ${what} changed after the trigger. Please read it again, then take the label off and put it on again, or write the command in a new comment.`,
    };
  }
  if (!subject.open) return { kind: "refused", stop: "skipped", reason: "it is closed." };
  if (subject.head?.fork)
    return {
      kind: "refused",
      stop: "skipped",
      reason: "Baton works on branches of this repository only; this pull request comes from a fork.",
    };
  return {
    kind: "ok",
    request: {
      number,
      ...renderRequest(subject),
      url: subject.url,
      requester: person.requester,
      baseRef: subject.head ? subject.head.ref : (options.baseBranch ?? options.repository.defaultBranch),
    },
  };
}

type Person =
  | { kind: "allowed"; requester: { id: number; login: string }; at: string | null }
  | Extract<RequestOutcome, { kind: "refused" }>;

async function checkPerson(options: GitHubForgeOptions, state: State | null): Promise<Person> {
  const { github, repository, envelope, policy } = options;
  const refuse = (reason: string): Person => ({ kind: "refused", stop: "skipped", reason });
  const { kind } = envelope.trigger;
  // A chore has nobody behind it but the policy that switched its playbook on.
  const isChore = playbookOfKey(envelope.session) !== null;
  if (kind === "schedule" && !isChore) return refuse("a schedule starts playbooks only.");
  if (kind === "schedule" || (kind === "continuation" && isChore))
    return { kind: "allowed", requester: state?.requester ?? { id: 0, login: "schedule" }, at: null };
  let person = kind === "continuation" ? state?.requester : options.given?.requester;
  let at: string | null = null;
  if (kind === "label" || kind === "command" || kind === "review") {
    const found = await fetchTrigger(github, repository, envelope);
    if (found.kind === "gone") return refuse(found.why);
    if (found.kind === "edited")
      return refuse("the comment was edited after it was written. Please write the command in a new comment.");
    if (found.number !== envelope.subject.number && state === null)
      return refuse("the trigger belongs to another issue.");
    person = found.actor;
    at = found.at;
  }
  person ??= (envelope.trigger.actor_id ? await fetchAccount(github, envelope.trigger.actor_id) : null) ?? undefined;
  if (!person) return refuse("nobody stands behind this trigger.");
  if (policy.allowed_bots.includes(person.id)) return { kind: "allowed", requester: person, at };
  const right = await fetchPermission(github, repository, person);
  if (mayWrite(right)) return { kind: "allowed", requester: { id: person.id, login: person.login }, at };
  return refuse(
    `${person.login} has no write permission on this repository now${right.kind === "unknown" ? ` (it could not be checked: ${right.why})` : ""}.`,
  );
}

function requestGiven(options: GitHubForgeOptions, requester: { id: number; login: string }): RequestOutcome {
  const { given } = options;
  if (!given)
    return { kind: "refused", stop: "config_error", reason: "there is no issue, pull request or prompt to work on." };
  return {
    kind: "ok",
    request: {
      number: null,
      title: given.title,
      body: given.body,
      sha256: sha256(`${given.title}\n\n${given.body}`),
      url: null,
      hiddenRemoved: 0,
      requester,
      baseRef: options.baseBranch ?? options.repository.defaultBranch,
    },
  };
}

async function readFate({ github, repository }: GitHubForgeOptions, state: State): Promise<PullRequestFate> {
  const found = await listPullRequests(github, repository, state.branch, "all");
  if (found.length === 0) return "none";
  if (found.some((pull) => pull.state === "open")) return "open";
  return found.some((pull) => pull.merged_at) ? "merged" : "closed";
}

async function explain(options: GitHubForgeOptions, text: string): Promise<void> {
  options.say(text);
  const { number } = options.envelope.subject;
  if (number === null) return;
  await ensureAnswer(options.github, {
    repository: options.repository,
    number,
    key: `explain-${options.envelope.trigger.event_id}`,
    body: text,
    authors: options.own.logins,
    log: noIntentLog,
  });
}
