import { z } from "zod";
import type { Actor, RepositoryName, Trigger } from "../domain/trigger.ts";
import type { GitHub } from "../github/client.ts";
import { fetchLabelEvent } from "../github/fetch-trigger.ts";
import { fetchInbox, type InboxItem } from "../github/inbox.ts";
import { markerOf } from "../github/marker.ts";
import { messageOf } from "../github/outcome.ts";
import { cancelRun } from "../github/runs.ts";
import { listOwn } from "../github/status-comment.ts";
import { saysRefused } from "../intake/answers.ts";
import { stopPatienceMs } from "../intake/carry-out.ts";
import { fetchPolicy } from "../intake/fetch-policy.ts";
import type { IntakeHands } from "../intake/intake-hands.ts";
import { reconcileSession } from "../intake/reconcile.ts";
import { fetchRunCondition, listSessions, loadSessionFacts } from "../intake/session-facts.ts";
import { showStale } from "../intake/show-stale.ts";
import { readCommand } from "../triggers/read-command.ts";
import type { RepositoryFacts } from "../triggers/reading.ts";
import { sessionOfBranch } from "../triggers/session-of-trigger.ts";
import { handleTrigger } from "./handle.ts";
import { redeliverFailed } from "./redeliver.ts";
import { sweepComments } from "./sweep-comments.ts";

/** Time between two sweeps in ms. */
export const sweepEveryMs = 600_000;

const Repository = z.object({
  id: z.int(),
  name: z.string(),
  owner: z.object({ login: z.string() }),
  default_branch: z.string(),
  archived: z.boolean().default(false),
});
const Issue = z.object({
  number: z.int(),
  title: z.string(),
  user: z.object({ id: z.int() }).nullish(),
  pull_request: z.unknown().optional(),
});

/** What every delivery could have told, read from GitHub: nothing that was missed, doubled or reordered matters after it. */
export async function sweep(hands: IntakeHands): Promise<void> {
  await guarded(hands, "deliveries", () => redeliverFailed(hands));
  const installations = await hands.app.list<{ id: number; suspended_at?: string | null }>("/app/installations");
  for (const installation of installations) {
    if (installation.suspended_at) continue;
    await guarded(hands, `installation ${installation.id}`, () => sweepInstallation(hands, installation.id));
  }
}

async function sweepInstallation(hands: IntakeHands, installationId: number): Promise<void> {
  const github = hands.installation(installationId);
  for (const value of await github.list<unknown>("/installation/repositories")) {
    const found = Repository.safeParse(value);
    if (!found.success || found.data.archived) continue;
    const { id, name, owner, default_branch } = found.data;
    const repository = { id, owner: owner.login, repo: name, defaultBranch: default_branch };
    await guarded(hands, `${owner.login}/${name}`, () => sweepRepository(hands, installationId, repository));
  }
}

/** One repository: labels without a session, commands after the cursor, runs that died. */
export async function sweepRepository(
  hands: IntakeHands,
  installationId: number,
  repository: RepositoryFacts,
): Promise<void> {
  const github = hands.installation(installationId);
  const found = await fetchPolicy(github, repository, repository.defaultBranch);
  if (found.kind === "mistaken") return;
  const sessions = new Set(await listSessions(github, repository));
  const params = { owner: repository.owner, repo: repository.repo, labels: found.policy.label, state: "open" };
  for (const value of await github.list<unknown>("/repos/{owner}/{repo}/issues", params)) {
    const issue = Issue.safeParse(value);
    if (!issue.success || issue.data.pull_request || sessions.has(`issue-${issue.data.number}`)) continue;
    await guarded(hands, `label on ${issue.data.number}`, () =>
      takeLabel(hands, installationId, repository, found.policy.label, issue.data.number),
    );
  }
  await guarded(hands, "comments", () => sweepComments(hands, installationId, repository, sessions));
  for (const session of sessions) {
    await guarded(hands, session, () => reconcileSession(hands, github, repository, session));
    const key = sessionOfBranch(`baton/${session}`);
    if (key) await guarded(hands, session, () => showStale(github, repository, key));
    await guarded(hands, session, () =>
      takeCommands(hands, installationId, repository, session, found.policy.allowed_bots),
    );
  }
}

async function takeLabel(
  hands: IntakeHands,
  installationId: number,
  repository: RepositoryFacts,
  label: string,
  number: number,
): Promise<void> {
  const github = hands.installation(installationId);
  const event = await fetchLabelEvent(github, repository, number, label);
  if (!event || (await isRefused(hands, github, repository, number, event.at))) return;
  const trigger = { kind: "label", number, label, actor: event.actor } as const;
  await handleTrigger(hands, { kind: "trigger", trigger, repository, installationId, subject: null, viaAppId: null });
}

// What a person must mend before anything can start was said; they trigger again, as they were told.
async function isRefused(
  hands: IntakeHands,
  github: GitHub,
  repository: RepositoryName,
  number: number,
  at: string,
): Promise<boolean> {
  const spec = { repository, number, authors: (await hands.identity()).logins };
  const said = await listOwn(github, spec, markerOf("status", `issue-${number}`));
  return said.some(({ body, created_at }) => saysRefused(body ?? "") && Date.parse(created_at) >= Date.parse(at));
}

async function takeCommands(
  hands: IntakeHands,
  installationId: number,
  repository: RepositoryFacts,
  name: string,
  allowedBots: readonly number[],
): Promise<void> {
  const github = hands.installation(installationId);
  const session = sessionOfBranch(`baton/${name}`);
  const { state } = session ? await loadSessionFacts(github, repository, session) : { state: null };
  if (!session || !state) return;
  const identity = await hands.identity();
  const parse = (visible: string) => {
    const reading = readCommand(visible);
    return reading.kind === "command" ? reading.command : null;
  };
  const since = state.runs[0]?.started_at;
  const words = { since, parse, ownIds: identity.ids, allowedBots, headOnly: true };
  const items = await fetchInbox(github, { repository, state, ...words });
  const isAlive = (await fetchRunCondition(github, repository, state)) === "alive";
  if (isAlive) {
    await endIgnoredStop(hands, github, repository, state.runs.at(-1)?.run_id ?? "", items);
    return;
  }
  const started = Date.parse(state.runs.at(-1)?.started_at ?? "") || 0;
  for (const item of items) {
    if (item.command.name === "stop" || item.command.name === "status" || Date.parse(item.at) < started) continue;
    const account = await github.find<{ type?: string }>("/users/{username}", { username: item.actor });
    const actor = { id: item.actorId, login: item.actor, type: account?.type ?? "unknown" };
    const isOnPullRequest = item.number !== state.request.number || session.startsWith("pr-");
    const trigger = triggerOf(item, actor, isOnPullRequest);
    await handleTrigger(hands, { kind: "trigger", trigger, repository, installationId, subject: null, viaAppId: null });
  }
}

function triggerOf(item: InboxItem, actor: Actor, onPullRequest: boolean): Trigger {
  const { place, commentId, number, command, at } = item;
  if (place !== "review") return { kind: "command", number, onPullRequest, place, commentId, command, actor, at };
  return { kind: "review", number, reviewId: commentId, actor, at };
}

async function endIgnoredStop(
  hands: IntakeHands,
  github: GitHub,
  repository: RepositoryName,
  runId: string,
  items: readonly { command: { name: string }; at: string }[],
): Promise<void> {
  const stop = items.find((item) => item.command.name === "stop");
  const now = github.serverTime() ?? hands.now();
  if (runId !== "" && stop && now - Date.parse(stop.at) > stopPatienceMs) await cancelRun(github, repository, runId);
}

// One repository that cannot be read must not keep the others waiting.
async function guarded(hands: IntakeHands, what: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    hands.log({ what, error: messageOf(error) }, "the sweep could not finish this part");
  }
}
