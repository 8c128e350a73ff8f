import { expect, test } from "vitest";
import type { Event, EventInput, EventType, Role } from "../../src/domain/event.ts";
import { noTokens } from "../../src/domain/limits.ts";
import { applyEvent, committedUsd, runSpend } from "../../src/domain/replay.ts";
import type { State } from "../../src/domain/state.ts";
import { findPrice } from "../../src/loop/prices.ts";
import type { LoopRole } from "../../src/loop/spec.ts";
import { costOf, type Purpose, planAllowance, planFences, remainingOf, worstCase } from "../../src/loop/spend.ts";
import type { Run } from "../../src/run/open-run.ts";
import { authorize, capOf, firstAllowance } from "../../src/run/purse.ts";
import { readWriteOff } from "../../src/session/checkpoint.ts";
import { claimed, started } from "../session/helpers.ts";
import { makeEvent, random } from "./bench-hands.ts";

const models = ["claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5", "house-model"];
const day = new Date("2026-11-20T00:00:00Z");
const roles: readonly LoopRole[] = ["initializer", "worker", "worker", "worker", "evaluator"];

/**
 * A session whose disk and runner are lost at random, beside a server that keeps its own bill. What lets each request go is
 * the product's own `authorize`; only journal and remote are held in memory.
 */
async function playHistory(seed: number) {
  const next = random(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!;
  // Caps are written in USD: whole cents, as a policy has them.
  const sessionCap = 50_000 + Math.floor(next() * 300) * 10_000;
  const dayCap = Math.floor(sessionCap * (0.2 + 12 * next() ** 2));
  const runCap = 20_000 + Math.floor(next() * sessionCap);
  let events: Event[] = [];
  let state: State | null = null;
  let remote = { events: [] as Event[], state: null as State | null, allowance: 0 };
  let bill = 0;
  let dayReserved = 0;
  let acknowledged = 0;
  const found: string[] = [];
  const record = <T extends EventType>(type: T, data: EventInput<T>, role: Role = "harness"): void => {
    const event = makeEvent(events, type, data, role);
    events.push(event);
    state = applyEvent(state, event);
  };
  const claim = (): void => {
    const written_off_usd_micro = readWriteOff(state, remote.allowance);
    if (!state) record("session_started", started("base"));
    const left = Math.max(0, sessionCap - committedUsd(state!));
    const limits = { turns: 1_000, usd_micro: Math.min(runCap, left), ms: 1_000 };
    record("run_claimed", { ...claimed((state?.runs.length ?? 0) + 1), limits, written_off_usd_micro });
    // Of a run that dies its whole reservation counts for the day.
    run.dayAllowanceUsdMicro = Math.min(limits.usd_micro, dayCap - dayReserved);
    dayReserved += run.dayAllowanceUsdMicro;
    run.allowanceUsdMicro = 0;
    acknowledged = 0;
    isOver = run.dayAllowanceUsdMicro <= 0;
  };
  const push = (allowance: number): void => {
    remote = { events: [...events], state, allowance: Math.max(allowance, committedUsd(state!)) };
  };
  const checkpoint = async ({ allowanceUsdMicro }: { allowanceUsdMicro: number }) => {
    push(allowanceUsdMicro);
    acknowledged = allowanceUsdMicro;
    return { kind: "pushed" };
  };
  let isOver = false;
  const run = {
    world: {
      signal: new AbortController().signal,
      now: () => day,
      models: { initializer: pick(models), worker: pick(models), evaluator: pick(models) },
      policy: { prices: {}, limits: { session: { usd: sessionCap / 1_000_000 } } },
    },
    clock: { remainingMs: () => 1_000 },
    session: { state: () => state, acknowledgedAllowance: () => acknowledged, settled: async () => null, checkpoint },
    ...{ dayAllowanceUsdMicro: 0, allowanceUsdMicro: 0, spentBefore: {}, workTree: "", conflict: null },
  };
  const ask = async (): Promise<void> => {
    const role = pick(roles);
    const purpose: Purpose = next() < 0.1 ? "winddown" : "turn";
    const model = pick(models);
    const { price } = findPrice(model, day);
    const promptTokens = Math.floor(next() ** 3 * 250_000);
    const asked = { promptTokensBound: promptTokens, wantedMaxTokens: pick([2_000, 8_000, 16_000]), role, purpose };
    const grant = await authorize(run as unknown as Run, model, asked);
    if (grant.kind === "ceiling") return;
    const bound = { promptTokens, maxTokens: grant.maxTokens };
    const reserved = worstCase(bound, price);
    const head = { request: `r${events.length}`, context: "c1" };
    record(
      "request_sent",
      {
        ...{ ...head, attempt: 1, prompt_bytes: 0, prompt_tokens_bound: promptTokens, max_tokens: grant.maxTokens },
        ...{ reserved_usd_micro: reserved, prefix_sha256: "", messages_sha256: "" },
      },
      role,
    );
    // The server bills at its worst every now and then, and whether or not anybody hears the answer.
    const full = next() < 0.3 ? 1 : next();
    const written = Math.floor(promptTokens * full);
    const usage = { ...noTokens, cache_write_1h: written, output: Math.floor(grant.maxTokens * full) };
    const cost = costOf(usage, price);
    const fate = next();
    if (fate < 0.1) {
      record("request_failed", { ...failure(head), usage: noTokens, cost_usd_micro: 0, estimated: false }, role);
      return;
    }
    bill += cost;
    if (fate < 0.2) {
      record("request_failed", { ...failure(head), usage, cost_usd_micro: reserved, estimated: true }, role);
    } else if (fate < 0.85) {
      record(
        "reply_received",
        { ...head, model: "m", content: [], stop_reason: "end_turn", usage, cost_usd_micro: cost, duration_ms: 1 },
        role,
      );
    }
    // Else the runner dies with the request in the air, or the next request settles the open reservation.
  };
  const check = (what: string): void => {
    const committed = committedUsd(state!);
    if (committed < bill) found.push(`${what}: recorded ${committed} of ${bill}`);
    if (committed > sessionCap) found.push(`${what}: ${committed} over the session's ${sessionCap}`);
    if (bill > sessionCap) found.push(`${what}: billed ${bill} over the session's ${sessionCap}`);
    if (bill > dayCap) found.push(`${what}: billed ${bill} over the day's ${dayCap}`);
    if (runSpend(state!).usd_micro > runCap) found.push(`${what}: over the run's cap`);
  };
  /** The claim's checkpoint has the first allowance with it; where the day's ledger moved meanwhile it is made anew, with what is left. */
  const pushClaim = (): void => {
    const granted = run.dayAllowanceUsdMicro;
    run.dayAllowanceUsdMicro = granted + pick([0, 0, 1_000_000]);
    firstAllowance(run as unknown as Run);
    run.dayAllowanceUsdMicro = granted;
    const allowance = isOver ? 0 : firstAllowance(run as unknown as Run);
    run.allowanceUsdMicro = allowance;
    if (!isOver && allowance > Math.max(committedUsd(state!), capOf(run as unknown as Run)))
      found.push(`seed ${seed}: the claim allows ${allowance}, more than the day granted`);
    push(allowance);
    acknowledged = allowance;
  };
  claim();
  pushClaim();
  for (let step = 0; step < 80 && !isOver; step += 1) {
    const chance = next();
    if (chance < 0.06) {
      // The runner and its disk are gone: what the remote has is all there is.
      events = [...remote.events];
      state = remote.state;
      claim();
      pushClaim();
    } else if (chance < 0.3) push(remote.allowance);
    else await ask();
    check(`seed ${seed}, step ${step}`);
  }
  return { found, spent: committedUsd(state!), requests: events.length };
}

const failure = (head: { request: string; context: string }) => ({
  ...{ ...head, attempt: 1, error: "e", status: null, will_retry: true, delay_ms: 0 },
});

test("over random histories with lost runners no cap is passed by a micro-USD, and no bill is higher than what is recorded", async () => {
  let requests = 0;
  for (let seed = 1; seed <= 450; seed += 1) {
    const played = await playHistory(seed);
    expect(played.found).toEqual([]);
    requests += played.requests;
  }
  expect(requests).toBeGreaterThan(8_000);
});

test("whatever worker and initializer spend, the judge's share and the last word stay payable", () => {
  const next = random(3);
  for (let round = 0; round < 500; round += 1) {
    const budgetUsdMicro = Math.floor(next() * 6_000_000);
    const fences = planFences(budgetUsdMicro);
    let committedUsdMicro = 0;
    const left = (role: LoopRole, purpose: Purpose): number =>
      remainingOf(role, purpose, { budgetUsdMicro, committedUsdMicro, evaluatorUsdMicro: 0, finaliseUsdMicro: 0 });
    for (let turn = 0; turn < 20; turn += 1) {
      const all = left(turn % 2 ? "worker" : "initializer", "turn");
      committedUsdMicro += turn === 19 ? all : Math.floor(next() * all);
    }
    expect(left("worker", "turn")).toBe(0);
    expect(left("worker", "winddown")).toBe(fences.finalise);
    expect(left("evaluator", "turn")).toBe(fences.evaluator);
    committedUsdMicro += left("evaluator", "turn");
    expect(left("evaluator", "winddown")).toBe(fences.finalise);
  }
});

test("an allowance covers this request and the next, grown one, and never more than the cap", () => {
  const { price } = findPrice("claude-sonnet-5-5", day);
  const plan = (capUsdMicro: number): number =>
    planAllowance(
      { committedUsdMicro: 1_000, capUsdMicro, promptTokensBound: 10_000, growthTokens: 8_000, maxTokens: 16_000 },
      price,
    );
  const first = worstCase({ promptTokens: 10_000, maxTokens: 16_000 }, price);
  const second = worstCase({ promptTokens: 34_000, maxTokens: 16_000 }, price);
  expect(plan(10_000_000)).toBe(1_000 + first + second);
  expect(plan(1_234)).toBe(1_234);
});

test("a long prompt is priced whole at its tier, before and after an override, and reserved at the dearer one", () => {
  const { price } = findPrice("claude-haiku-5-5", day);
  const usage = (input: number) => ({ ...noTokens, input });
  expect(costOf(usage(100_000), price)).toBe(10_000);
  expect(costOf(usage(100_001), price)).toBe(50_001);
  const mended = findPrice("claude-haiku-5-5", day, { "claude-haiku-5-5": { input: 0.2, output: 1 } }).price;
  expect(costOf(usage(100_000), mended)).toBe(20_000);
  expect(costOf(usage(100_001), mended)).toBe(50_001);
  expect(worstCase({ promptTokens: 100_001, maxTokens: 1 }, price)).toBe(100_004);
});

test("of several overrides the longest name wins, dated names and gateways' prefixes included", () => {
  const overrides = { "claude-sonnet-5": { input: 9, output: 9 }, "claude-sonnet-5-5": { input: 7, output: 7 } };
  expect(findPrice("anthropic/claude-sonnet-5.5-20261001", day, overrides).price.input).toBe(7);
  expect(findPrice("claude-sonnet-5-20260101", day, overrides).price.input).toBe(9);
  expect(findPrice("claude-opus-5-5", day, overrides).price.input).toBe(4);
  const { cache_write_5m, cache_write_1h, cache_read } = findPrice("claude-sonnet-5-5", day, overrides).price;
  expect([cache_write_5m, cache_write_1h, cache_read]).toEqual([8.75, 14, expect.closeTo(0.35)]);
});
