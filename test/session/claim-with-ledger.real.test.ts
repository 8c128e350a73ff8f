import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { CheckpointOutcome } from "../../src/session/checkpoint.ts";
import { createDayLedger, type EntryPush } from "../../src/session/day-ledger.ts";
import { createRemote, git, type Remote } from "../git/helpers.ts";
import { createRunner, startSession } from "./helpers.ts";

const day = "2026-11-20";
const ledgerRef = `refs/baton-ledger/${day}`;
const sessionRef = "refs/baton/issue-12";
const request = (session: string, usdMicro: number) => ({
  ...{ session, run: "1/1", person: session, usdMicro },
  cap: { usdMicro: 100, runsPerPerson: 3 },
});
const entriesOf = (remote: Remote) => git(remote.url, "show", `${ledgerRef}:ledger.jsonl`).trim().split("\n");

/** A session that is about to push its claim with an entry of the day; `meanwhile` happens between reading the ledger and pushing. */
async function createClaimant(remote: Remote, meanwhile: () => Promise<void> = async () => {}) {
  const { session, store } = await createRunner(remote);
  await startSession(session, remote.base);
  const workTree = git(remote.url, "rev-parse", "main^{tree}").trim();
  const ledger = createDayLedger({ store, day, clock: () => 0 });
  const outcomes: CheckpointOutcome[] = [];
  const push: EntryPush = async (beside, usdMicro) => {
    await meanwhile();
    const outcome = await session.checkpoint({ workTree, allowanceUsdMicro: usdMicro, beside });
    outcomes.push(outcome);
    return outcome.kind === "superseded" ? { kind: "unreachable", detail: outcome.detail } : outcome;
  };
  return { session, ledger, outcomes, reserve: () => ledger.reserve(request("issue-12", 60), push) };
}

test("claim and entry of the day arrive in one push, under the allowance that the day granted", async () => {
  const remote = createRemote();
  const one = await createClaimant(remote);
  expect(await one.reserve()).toEqual({ kind: "granted", usdMicro: 60 });
  expect(one.session.acknowledgedAllowance()).toBe(60);
  expect(entriesOf(remote)).toHaveLength(1);
  expect(git(remote.url, "log", "--format=%B", sessionRef)).toContain("Baton-Allowance-Usd-Micro: 60");
});

test("a ledger that another run moved takes the claim back with it; the next attempt counts what that run reserved", async () => {
  const remote = createRemote();
  const other = createDayLedger({ store: (await createRunner(remote)).store, day, clock: () => 0 });
  let isFirst = true;
  const one = await createClaimant(remote, async () => {
    if (isFirst) await other.reserve(request("issue-13", 70));
    isFirst = false;
  });
  expect(await one.reserve()).toEqual({ kind: "granted", usdMicro: 30 });
  expect(one.outcomes.map(({ kind }) => kind)).toEqual(["refused", "pushed"]);
  expect(one.session.acknowledgedAllowance()).toBe(30);
  expect(git(remote.url, "log", "--format=%H", sessionRef).trim().split("\n")).toHaveLength(1);
  expect(entriesOf(remote)).toHaveLength(2);
});

test("a remote that refuses both without saying for whose sake does not make the run lose its session", async () => {
  const remote = createRemote();
  const hook = join(remote.url, "hooks", "pre-receive");
  const marker = join(remote.url, "refused-once");
  const refuse = `[ -e ${marker} ] && exit 0; touch ${marker}; echo "cannot lock ref '${ledgerRef}': is at another" >&2; exit 1`;
  writeFileSync(hook, `#!/bin/sh\n${refuse}\n`);
  chmodSync(hook, 0o755);
  const one = await createClaimant(remote);
  expect(await one.reserve()).toEqual({ kind: "granted", usdMicro: 60 });
  expect(one.outcomes).toMatchObject([
    { kind: "refused", why: "non_fast_forward", refs: [ledgerRef] },
    { kind: "pushed" },
  ]);
});

test("a claim that another run was faster with reserves nothing", async () => {
  const remote = createRemote();
  const [one, two] = [await createClaimant(remote), await createClaimant(remote)];
  one.ledger.look();
  expect(await one.ledger.totals()).toMatchObject({ usdMicro: 0 });
  expect(await two.reserve()).toMatchObject({ kind: "granted" });
  expect(await one.reserve()).toMatchObject({ kind: "unavailable" });
  expect(one.outcomes).toMatchObject([{ kind: "superseded" }]);
  expect(entriesOf(remote)).toHaveLength(1);
});
