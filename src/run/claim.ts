import { toMicroUsd } from "../domain/limits.ts";
import { committedUsd } from "../domain/replay.ts";
import { workBranchOf } from "../domain/session-key.ts";
import type { State } from "../domain/state.ts";
import type { CheckpointInput, CheckpointOutcome } from "../session/checkpoint.ts";
import { claimSession as claimInSession } from "../session/claim.ts";
import { claimWithDay } from "./day.ts";
import type { RunEnd } from "./end.ts";
import type { SessionRequest } from "./forge.ts";
import { fetchWorkHead } from "./human-commits.ts";
import type { Run } from "./open-run.ts";
import { firstAllowance } from "./purse.ts";
import { nextRole } from "./roles.ts";

/** Whether this run holds the session now. `tell` says if people must be told: not of a doubled trigger or a race. */
export type Claim = { kind: "held" } | { kind: "ended"; tell: boolean; end: RunEnd };

/** Takes the session for this run: checks the person again, starts a generation where there is none, and pushes the claim. */
export async function claimSession(run: Run): Promise<Claim> {
  const before = run.session.hasState() ? run.session.state() : null;
  const handled = before && (await findHandled(run, before));
  if (handled) return skipped(handled);
  const fate = before ? await run.world.forge.fateOfPullRequest(before) : "none";
  // Only a person's trigger opens a new generation: a late doorbell of our own finds the work merged and rests.
  const { kind } = run.world.envelope.trigger;
  if ((fate === "merged" || fate === "closed") && (kind === "schedule" || kind === "continuation"))
    return skipped(`The pull request of this session is ${fate}.`);
  const goesOn = before !== null && fate !== "merged" && fate !== "closed";
  const asked = await run.world.forge.loadRequest(goesOn ? before : null);
  if (asked.kind === "refused") return { kind: "ended", tell: true, end: { stop: asked.stop, text: asked.reason } };
  const baseSha = goesOn ? await fetchKnownBase(run, before) : await fetchBase(run, asked.request.baseRef);
  if (!baseSha) {
    const ref = goesOn ? before.base.ref : asked.request.baseRef;
    const what = goesOn ? "no longer has the commit that this work started from" : "does not exist on the remote";
    return toldEnd("conflict", `The branch \`${ref}\` ${what}; nothing can be started from it.`);
  }
  if (!goesOn) run.workTree = await run.store.treeOf(baseSha);
  const start = goesOn
    ? null
    : describeStart(run, asked.request, { baseSha, generation: (before?.generation ?? 0) + 1 });
  return await pushClaim(run, before, start);
}

/**
 * A trigger that a run has already carried to its end starts nothing again: doubled deliveries, the App and the
 * workflow's own event, and redispatches all meet here. Commands that nobody has read yet do count, and so does a run
 * that ended without people being told.
 */
async function findHandled(run: Run, state: State): Promise<string | null> {
  const { trigger, hop } = run.world.envelope;
  const last = state.runs.at(-1);
  if (!last || last.stop_reason === null || last.closed === false) return null;
  const isRead =
    (trigger.comment_id !== null && trigger.kind === "command" && trigger.comment_id <= state.comment_cursor) ||
    state.reviews_read.includes(trigger.event_id);
  const isPassed = trigger.kind === "continuation" && hop < state.runs.length;
  const isDone = state.runs.some((one) => one.event_id === trigger.event_id && one.stop_reason !== null);
  if (!isRead && !isPassed && !isDone) return null;
  if ((await run.world.forge.readInbox(state, { force: true })).length > 0) return null;
  return `Run ${last.run_id} has already carried out this trigger.`;
}

async function pushClaim(
  run: Run,
  before: State | null,
  start: ReturnType<typeof describeStart> | null,
): Promise<Claim> {
  const { world } = run;
  const outcome = await claimInSession({
    session: run.session,
    found: run.found,
    start,
    run: {
      run_id: world.run.id,
      run_attempt: world.run.attempt,
      run_url: world.forge.runUrl,
      trigger: world.envelope.trigger.kind,
      event_id: world.envelope.trigger.event_id,
      actor: null,
      identity: world.forge.identity,
      limits: lowerBySession(run, before),
      hop: world.envelope.hop,
      baton_version: world.batonVersion,
      walls: run.workshop.wallsText,
    },
    workTree: run.workTree,
    allowanceUsdMicro: committedUsd,
    push: (input) => pushWithDay(run, input),
    isRunAlive: (runId, attempt) => world.forge.isRunAlive(runId, attempt),
  });
  switch (outcome.kind) {
    case "claimed":
      world.forge.guardWrites(() => run.session.ownsRemote());
      run.passedBefore = run.session.state().criteria.filter(({ status }) => status === "pass").length;
      run.spentBefore = spentByRole(run);
      run.startedWithoutContract = run.session.state().contract === null;
      return { kind: "held" };
    case "held":
      return skipped(`Run ${outcome.by.run_id} is at work on this session; it reads new commands between turns.`);
    case "superseded":
      run.superseded = outcome.detail;
      return {
        kind: "ended",
        tell: false,
        end: { stop: "superseded", text: "Another run claimed this session a moment earlier." },
      };
    case "refused":
      return toldEnd("config_error", `The session's ref was refused: ${outcome.detail.slice(0, 600)}`);
    default:
      return toldEnd("api_error", `The session could not be claimed on the remote: ${outcome.detail}`);
  }
}

/** The claim and the day's reservation in one push; what only reads and needs no claim goes on beside it. */
async function pushWithDay(run: Run, input: CheckpointInput): Promise<CheckpointOutcome> {
  const { base } = run.session.state();
  run.workshop.foresee(base.sha);
  const role = nextRole(run.session.state());
  // Also opens the connection that the first request then takes.
  if (role && !run.world.dryRun) void run.world.model.facts(run.world.models[role]).catch(() => {});
  // A commit that comes after this look is met by the push that expects this head.
  run.workHead = fetchWorkHead(run);
  run.workHead.catch(() => {});
  // A set-up can take long, and a machine that dies in it has asked the model nothing: its allowance comes after it.
  // What is wrong with the set-up is told under the claim, by the stage that makes it.
  const isSoon = !(await run.workshop.needsSetUp(base.sha).catch(() => true));
  return await claimWithDay(run, input, () => (isSoon ? firstAllowance(run) : input.allowanceUsdMicro));
}

/** A write-off belongs to the harness, so the roles' figures are those of before this run. */
function spentByRole(run: Run): Run["spentBefore"] {
  const { by_role: roles } = run.session.state().spend;
  return Object.fromEntries(Object.entries(roles).map(([role, spend]) => [role, spend.usd_micro]));
}

function describeStart(run: Run, request: SessionRequest, base: { baseSha: string; generation: number }) {
  return {
    session: run.session.key,
    generation: base.generation,
    branch: workBranchOf(run.session.key, base.generation, run.world.branchPrefix),
    base_ref: request.baseRef,
    base_sha: base.baseSha,
    request: {
      number: request.number,
      title: request.title,
      body: request.body,
      sha256: request.sha256,
      url: request.url,
      hidden_removed: request.hiddenRemoved,
    },
    requester: request.requester,
  };
}

/** The run's limits within what the session has left. A lost run's write-off is only known after the claim; the purse counts it. */
function lowerBySession(run: Run, before: State | null): { turns: number; usd_micro: number; ms: number } {
  const { limits, policy } = run.world;
  const left = toMicroUsd(policy.limits.session.usd) - (before ? committedUsd(before) : 0);
  return { ...limits, usd_micro: Math.max(0, Math.min(limits.usd_micro, left)) };
}

/** The session's base commit, from the base branch or, where that was rewritten or deleted, from the work branch, which descends from it. */
async function fetchKnownBase(run: Run, { base, branch }: State): Promise<string | null> {
  const isHere = async () => (await run.store.resolve(`${base.sha}^{commit}`)) !== null;
  for (const name of [base.ref, branch]) {
    if (await isHere()) return base.sha;
    await fetchBase(run, name);
  }
  return (await isHere()) ? base.sha : null;
}

async function fetchBase(run: Run, ref: string): Promise<string | null> {
  const full = ref.startsWith("refs/") ? ref : `refs/heads/${ref}`;
  const sha = (await run.store.lsRemote([full])).get(full);
  if (!sha) return null;
  await run.store.fetch([full]);
  return sha;
}

function toldEnd(stop: RunEnd["stop"], text: string): Claim {
  return { kind: "ended", tell: true, end: { stop, text } };
}

function skipped(text: string): Claim {
  return { kind: "ended", tell: false, end: { stop: "skipped", text } };
}
