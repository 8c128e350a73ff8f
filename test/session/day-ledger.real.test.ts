import { expect, test } from "vitest";
import { createDayLedger, decideReservation, type LedgerEntry, readTotals } from "../../src/session/day-ledger.ts";
import { createRemote, createStore, git } from "../git/helpers.ts";

const day = "2026-11-20";
const cap = { usdMicro: 100, runsPerPerson: 3 };
const request = (run: number, usdMicro: number, person = "ann") => ({
  session: `issue-${run}`,
  run: `${run}/1`,
  person,
  usdMicro,
  cap,
});

test("a day's budget is reserved before it is spent, given back, and never passed", async () => {
  const remote = createRemote();
  const store = await createStore(remote);
  const ledger = createDayLedger({ store, day, clock: () => 0 });
  expect(await ledger.reserve(request(1, 60))).toEqual({ kind: "granted", usdMicro: 60 });
  expect(await ledger.reserve(request(1, 60))).toEqual({ kind: "granted", usdMicro: 60 });
  expect(await ledger.reserve(request(2, 60))).toEqual({ kind: "granted", usdMicro: 40 });
  expect(await ledger.reserve(request(3, 60))).toMatchObject({ kind: "refused", why: "day_usd" });
  expect(await ledger.giveBack({ ...request(1, 50) })).toEqual({ kind: "returned" });
  expect(await ledger.giveBack({ ...request(1, 50) })).toEqual({ kind: "returned" });
  expect(await ledger.reserve(request(3, 60))).toEqual({ kind: "granted", usdMicro: 50 });
  expect(await ledger.reserve(request(4, 1))).toMatchObject({ kind: "refused", why: "runs_per_person" });
  expect((await ledger.totals()).usdMicro).toBe(100);
  expect(git(remote.url, "log", "--format=%s", `refs/baton-ledger/${day}`).trim().split("\n")).toHaveLength(4);
});

test("runs that reserve at the same time share the day, and none passes its cap", async () => {
  const remote = createRemote();
  const ledgers = [];
  for (let run = 0; run < 4; run += 1)
    ledgers.push(createDayLedger({ store: await createStore(remote), day, clock: () => 0 }));
  const outcomes = await Promise.all(
    ledgers.map((ledger, run) => ledger.reserve(request(run + 1, 40, `person-${run}`))),
  );
  const granted = outcomes.map((outcome) => (outcome.kind === "granted" ? outcome.usdMicro : 0));
  expect(granted.reduce((sum, one) => sum + one, 0)).toBe(100);
  expect(outcomes.filter((outcome) => outcome.kind === "refused")).toHaveLength(1);
});

test("a ledger that somebody edited is an error, not a free day", async () => {
  const remote = createRemote();
  const store = await createStore(remote);
  const tree = await store.graft("4b825dc642cb6eb9a060e54bf8d69288fbee4904", [
    { path: "ledger.jsonl", sha: await store.writeBlob("{}\n") },
  ]);
  await store.push([{ ref: `refs/baton-ledger/${day}`, sha: await store.commit({ tree, parents: [], message: "x" }) }]);
  await expect(createDayLedger({ store, day, clock: () => 0 }).reserve(request(1, 1))).rejects.toThrow(/not Baton's/);
});

test("totals count a return only up to what was reserved", () => {
  const entry = (kind: LedgerEntry["kind"], usd_micro: number): LedgerEntry => ({
    v: 1,
    kind,
    id: "issue-1/1/1",
    session: "issue-1",
    run: "1/1",
    person: "ann",
    usd_micro,
  });
  expect(readTotals([entry("reserved", 10), entry("returned", 50)]).usdMicro).toBe(0);
  expect(decideReservation(readTotals([entry("reserved", 10)]), request(1, 99))).toMatchObject({ kind: "granted" });
});
