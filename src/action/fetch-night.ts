import { toMicroUsd } from "../domain/limits.ts";
import type { Policy } from "../domain/policy.ts";
import { committedUsd } from "../domain/replay.ts";
import { SessionKey } from "../domain/session-key.ts";
import type { State } from "../domain/state.ts";
import type { GitHub } from "../github/client.ts";
import { workflowFile } from "../github/dispatch.ts";
import { fetchPullRequest, listPullRequests, type PullRequest } from "../github/pull-request.ts";
import { readRunName } from "../github/run-name.ts";
import { listRuns } from "../github/runs.ts";
import { fetchDayUse } from "../intake/day-use.ts";
import type { IntakeHands } from "../intake/intake-hands.ts";
import { isDeathShown } from "../intake/reconcile.ts";
import { fetchRunCondition, findRef, listSessions, loadSessionFacts } from "../intake/session-facts.ts";
import { playbookOfKey } from "../maintenance/apply-playbook.ts";
import { addDays } from "../maintenance/decide-due.ts";
import { continuable, type NightSession, type NightWorld } from "../maintenance/plan-night.ts";
import { readHistories, type SessionSight } from "../maintenance/read-histories.ts";
import type { FoundPlaybooks } from "../maintenance/read-playbooks.ts";
import { numberOf } from "../triggers/make-envelope.ts";
import type { RepositoryFacts } from "../triggers/reading.ts";
import { fetchPlaybooks } from "./fetch-playbooks.ts";

/** Everything that the night found on GitHub. */
export interface Night {
  world: NightWorld;
  found: FoundPlaybooks;
  states: ReadonlyMap<SessionKey, State>;
  /** Refs whose state this version cannot read: they are left alone. */
  unreadable: string[];
}

interface Seen {
  session: NightSession;
  sight: SessionSight;
  state: State;
}

/** Reads the world of a night: playbooks and policy of the default branch, session refs, pull requests, runs and the day's ledger. */
export async function fetchNight(
  hands: IntakeHands,
  github: GitHub,
  repository: RepositoryFacts,
  policy: Policy,
): Promise<Night> {
  const found = await fetchPlaybooks(github, repository, policy.maintenance.playbooks);
  const names = await listSessions(github, repository);
  // GitHub's clock, not the runner's: the day is part of keys.
  const today = new Date(github.serverTime() ?? hands.now()).toISOString().slice(0, 10);
  const alive = await fetchAlive(github, repository, today);
  const look = createLook(hands, github, repository, alive);
  const seen: Seen[] = [];
  const unreadable: string[] = [];
  for (const name of names) {
    const key = SessionKey.safeParse(name);
    const one = key.success ? await look(key.data) : null;
    if (one) seen.push(one);
    else unreadable.push(name);
  }
  const sights = seen.map(({ sight }) => sight);
  return {
    found,
    unreadable,
    states: new Map(seen.map(({ state }) => [state.session, state])),
    world: {
      today,
      playbooks: found.playbooks,
      histories: readHistories(policy.maintenance.playbooks, sights),
      sessions: seen.map(({ session }) => session),
      running: alive,
      openMaintenancePullRequests: sights.filter(
        ({ key, openPullRequest }) => openPullRequest !== null && playbookOfKey(key) !== null,
      ).length,
      limits: {
        day_usd_micro: toMicroUsd(policy.limits.day.usd),
        run_usd_micro: toMicroUsd(policy.limits.run.usd),
        session_usd_micro: toMicroUsd(policy.limits.session.usd),
        session_runs: policy.limits.session.runs,
        max_open_pull_requests: policy.maintenance.max_open_pull_requests,
        retain_days: policy.retain_days,
        auto_continue: policy.auto_continue,
      },
      day_used_usd_micro: await fetchDayUse(github, repository, today),
    },
  };
}

/** Sessions of which a run is queued or under way; a job lives six hours, so yesterday's are enough. */
async function fetchAlive(github: GitHub, repository: RepositoryFacts, today: string): Promise<Set<string>> {
  const runs = await listRuns(github, repository, workflowFile, `${addDays(today, -1)}T00:00:00Z`);
  const open = runs.filter(({ status }) => status !== "completed");
  return new Set(open.map((run) => readRunName(run.display_title)?.session ?? run.display_title));
}

function createLook(hands: IntakeHands, github: GitHub, repository: RepositoryFacts, alive: ReadonlySet<string>) {
  const heads = new Map<string, string | null>();
  const headOf = async (ref: string): Promise<string | null> => {
    if (!heads.has(ref)) heads.set(ref, await findRef(github, repository, `refs/heads/${ref}`));
    return heads.get(ref) ?? null;
  };
  return async (key: SessionKey): Promise<Seen | null> => {
    const { state } = await loadSessionFacts(github, repository, key);
    if (!state) return null;
    const lastStop = state.runs.at(-1)?.stop_reason ?? null;
    const running = alive.has(key) || (await fetchRunCondition(github, repository, state)) === "alive";
    const end = await fetchEnd(github, repository, state);
    const isDead = lastStop === null && !running && end.closedOn === null;
    // Only a verified pull request is refreshed by itself: any other waits for a person or goes on.
    const isVerified = state.verdict?.outcome === "pass" && end.open !== null && playbookOfKey(key) !== null;
    return {
      state,
      sight: {
        key,
        openPullRequest: end.open,
        resumable: lastStop === null || continuable.has(lastStop),
        baseMoved: isVerified && (await headOf(state.base.ref)) !== state.base.sha,
      },
      session: {
        key,
        lastStop,
        running,
        runs: state.runs.length,
        spent_usd_micro: committedUsd(state),
        runsWithoutProgress: state.runs_without_progress,
        closedOn: end.closedOn,
        merged: end.merged,
        reported: isDead ? await isDeathShown(hands, github, repository, state) : true,
        held: end.held,
      },
    };
  };
}

interface End {
  /** Number of the open pull request. */
  open: number | null;
  closedOn: string | null;
  merged: boolean;
  held: string | null;
}

/** Whether a session is over: by its pull request, by its closed issue, or because nothing was ever to be shown of it. */
async function fetchEnd(github: GitHub, repository: RepositoryFacts, state: State): Promise<End> {
  const none: End = { open: null, closedOn: null, merged: false, held: null };
  const pull = await findPull(github, repository, state);
  if (pull && pull.state !== "open")
    return { ...none, closedOn: dayOf(pull.merged_at ?? pull.closed_at), merged: Boolean(pull.merged_at) };
  const number = numberOf(state.session) ?? state.request.number;
  if (number !== null) {
    const issue = await github.find<{ state?: string; closed_at?: string | null }>(
      "/repos/{owner}/{repo}/issues/{issue_number}",
      { owner: repository.owner, repo: repository.repo, issue_number: number },
    );
    const closedOn = issue?.state === "closed" ? dayOf(issue.closed_at) : null;
    if (pull) return { ...none, open: pull.number, held: closedOn && `#${number} was closed` };
    return { ...none, closedOn };
  }
  if (pull) return { ...none, open: pull.number };
  const last = state.runs.at(-1);
  // Nobody can ask for more where there is neither an issue nor a pull request: a quiet ending is the end.
  const isQuiet = last?.stop_reason && !continuable.has(last.stop_reason);
  return isQuiet ? { ...none, closedOn: dayOf(last.ended_at) } : none;
}

async function findPull(github: GitHub, repository: RepositoryFacts, state: State): Promise<PullRequest | null> {
  const number = Number(state.published.pull_request);
  if (Number.isSafeInteger(number) && number > 0) return await fetchPullRequest(github, repository, number);
  return state.work_head ? ((await listPullRequests(github, repository, state.branch))[0] ?? null) : null;
}

function dayOf(at: string | null | undefined): string | null {
  return at ? new Date(at).toISOString().slice(0, 10) : null;
}
