import { setTimeout as wait } from "node:timers/promises";
import { ConfigError } from "../domain/errors.ts";
import { toMicroUsd } from "../domain/limits.ts";
import { committedUsd, runSpend } from "../domain/replay.ts";
import { findPrice } from "../loop/prices.ts";
import { type Authorization, type AuthorizeRequest, defaultLimits, type LoopRole } from "../loop/spec.ts";
import { decideMaxTokens, planAllowance, remainingOf } from "../loop/spend.ts";
import type { Run } from "./open-run.ts";
import { nextRole } from "./roles.ts";
import { saveNow, saveSoon } from "./save.ts";

/** Tokens by which a prompt usually grows per turn: what the second request of an allowance is planned with. */
const growthTokens = 8_000;
/** Prompt of a run's first request as it is foreseen, tokens: its true bound is known only once its workspace stands. */
const firstPromptTokens = 16_000;
const attempts = 4;

/**
 * Lets a request go only when turns, time and money allow it at its worst, and the remote has acknowledged an allowance
 * that covers it. Money is fenced per role; nothing is sent on the hope of a cache hit.
 */
export async function authorize(run: Run, model: string, request: AuthorizeRequest): Promise<Authorization> {
  const state = run.session.state();
  const spend = runSpend(state);
  const limits = state.runs.at(-1)?.limits;
  if (!limits) throw new Error("no run is claimed");
  const isWindDown = request.purpose === "winddown";
  if (spend.turns >= limits.turns + (isWindDown ? 1 : 0)) return { kind: "ceiling", reason: "max_turns" };
  if (run.clock.remainingMs() <= 0 && !isWindDown) return { kind: "ceiling", reason: "timeout" };
  const price = findPrice(model, run.world.now(), run.world.policy.prices).price;
  const grant = decideMaxTokens(
    {
      promptTokensBound: request.promptTokensBound,
      wantedMaxTokens: request.wantedMaxTokens,
      remainingUsdMicro: remainingFor(run, request),
    },
    price,
  );
  if (grant.kind === "too_dear") return { kind: "ceiling", reason: "max_budget" };
  const needed = committedUsd(state) + grant.worstUsdMicro;
  const planned = planAllowance(
    {
      committedUsdMicro: committedUsd(state),
      capUsdMicro: capOf(run),
      promptTokensBound: request.promptTokensBound,
      growthTokens,
      maxTokens: request.wantedMaxTokens,
    },
    price,
  );
  run.allowanceUsdMicro = Math.max(run.allowanceUsdMicro, needed, planned);
  await waitForAllowance(run, needed);
  return { kind: "granted", maxTokens: grant.maxTokens };
}

/** What the first request of the next stage will need, cumulative micro-USD: to be acknowledged before it is known exactly. */
export function firstAllowance(run: Run): number {
  const state = run.session.state();
  const role = nextRole(state);
  const committedUsdMicro = committedUsd(state);
  if (role === null) return committedUsdMicro;
  const price = findPrice(run.world.models[role], run.world.now(), run.world.policy.prices).price;
  const facts = { committedUsdMicro, capUsdMicro: capOf(run), promptTokensBound: firstPromptTokens };
  const planned = planAllowance({ ...facts, growthTokens, maxTokens: defaultLimits[role].maxTokens }, price);
  return Math.max(committedUsdMicro, planned);
}

/** Has the remote asked for that allowance, unless it has it already, while other things are made ready. */
export function foreseeAllowance(run: Run): void {
  run.allowanceUsdMicro = Math.max(run.allowanceUsdMicro, firstAllowance(run));
  if (run.session.acknowledgedAllowance() < run.allowanceUsdMicro) saveSoon(run, run.allowanceUsdMicro);
}

/** Cumulative session spend at which this run must have stopped: its own cap, the session's, and what the day granted. */
export function capOf(run: Run): number {
  const state = run.session.state();
  const limit = state.runs.at(-1)?.limits.usd_micro ?? 0;
  const budget = Math.min(limit, run.dayAllowanceUsdMicro || limit);
  const before = committedUsd(state) - runSpend(state).usd_micro;
  return Math.min(before + budget, toMicroUsd(run.world.policy.limits.session.usd));
}

function remainingFor(run: Run, request: AuthorizeRequest): number {
  const state = run.session.state();
  const committed = committedUsd(state);
  const spent = runSpend(state).usd_micro;
  return remainingOf(request.role, request.purpose, {
    budgetUsdMicro: Math.max(0, capOf(run) - (committed - spent)),
    committedUsdMicro: spent,
    evaluatorUsdMicro: spentByRole(run, "evaluator"),
    finaliseUsdMicro: 0,
  });
}

/** What a role has spent in this run: its share of the session less what it had before the claim. */
function spentByRole(run: Run, role: LoopRole): number {
  return run.session.state().spend.by_role[role].usd_micro - (run.spentBefore[role] ?? 0);
}

async function waitForAllowance(run: Run, needed: number): Promise<void> {
  // What is on its way may carry enough already.
  if (run.session.acknowledgedAllowance() < needed) await run.session.settled();
  for (let attempt = 1; run.session.acknowledgedAllowance() < needed; attempt += 1) {
    run.world.signal.throwIfAborted();
    const outcome = await saveNow(run, run.allowanceUsdMicro);
    if (outcome.kind === "pushed") continue;
    if (outcome.kind === "superseded") throw new Error(`another run claimed the session: ${outcome.detail}`);
    if (run.conflict) throw new ConfigError(run.conflict.text, { hint: "Nothing more was spent." });
    if (attempt >= attempts || outcome.kind === "refused") {
      throw new Error(`the checkpoint that must carry the allowance was not taken by the remote: ${outcome.detail}`);
    }
    await wait(500 * 2 ** attempt, undefined, { signal: run.world.signal });
  }
}
