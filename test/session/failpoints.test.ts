import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { committedUsd, replay } from "../../src/domain/replay.ts";
import { openStore } from "../../src/git/store.ts";
import { claimSession } from "../../src/session/claim.ts";
import { listFailpoints } from "../../src/session/failpoints.ts";
import { openSession } from "../../src/session/session.ts";
import { createRemote, git, type Remote, temporaryDir } from "../git/helpers.ts";
import { claimed, recordTurn, started } from "./helpers.ts";

class Killed extends Error {}

interface World {
  remote: Remote;
  /** What the model's server billed so far, micro-USD. */
  billed: number;
}

const cap = 100_000;

/** At which of its occurrences a point kills: every one, or with BATON_FULL=1 the first, one between and the last, or one. */
function occurrencesOf(count: number): number[] {
  const between = 1 + ((count * 7) >> 4);
  if (process.env.BATON_ALL_FAILPOINTS) return Array.from({ length: count }, (_, at) => at + 1);
  return process.env.BATON_FULL === "1" ? [...new Set([1, between, count])] : [between];
}

/** One run of the reference session: claim, turns up to the fourth, one checkpoint per turn, the work branch at the end. */
async function run(world: World, epoch: number, failpoint: (name: string) => void): Promise<string> {
  const dir = temporaryDir();
  const store = await openStore({ dir: join(dir, "store"), remote: { url: world.remote.url }, failpoint });
  try {
    await store.fetch(["refs/heads/main:refs/remotes/main"]);
    const base = await store.treeOf(world.remote.base);
    const { session, found } = await openSession({
      store,
      key: "issue-12",
      dir: join(dir, "runner"),
      redact: (text) => text,
      now: () => epoch,
      failpoint,
    });
    const work = join(dir, "work");
    await store.checkout(found.kind === "restored" ? found.workTree : base, work);
    const snapshot = async () => (await store.snapshot(work, { baseTree: base, isProtected: () => false })).tree;
    const { epoch: _epoch, written_off_usd_micro: _off, ...about } = claimed(epoch);
    const allowanceUsdMicro = () => committedUsd(session.state()) + 1_000;
    const claim = await claimSession({
      session,
      found,
      start: session.hasState() ? null : started(world.remote.base),
      run: about,
      workTree: await snapshot(),
      allowanceUsdMicro,
      isRunAlive: async () => false,
    });
    if (claim.kind !== "claimed") throw new Error(claim.kind);
    for (let turn = session.state().spend.total.turns + 1; turn <= 2; turn += 1) {
      // Billed before it is recorded: the worst moment to die.
      if (committedUsd(session.state()) + 500 > session.acknowledgedAllowance()) throw new Error("no allowance");
      world.billed += 100;
      await recordTurn(session, turn, "long ".repeat(turn === 2 ? 3_000 : 1));
      await session.saveOutput(`000${turn}-1`, Buffer.from(`output ${turn}`));
      writeFileSync(join(work, `turn-${turn}.txt`), `turn ${turn}\n`);
      const outcome = await session.checkpoint({ workTree: await snapshot(), allowanceUsdMicro: allowanceUsdMicro() });
      if (outcome.kind !== "pushed") throw new Error(outcome.kind);
    }
    const tree = await snapshot();
    const commit = await store.commit({ tree, parents: [world.remote.base], message: "work", at: 0 });
    await session.record("work_committed", { commit, tree, parents: [world.remote.base], message: "work" });
    await session.record("run_ended", { stop_reason: "max_turns", text: "", progress: true });
    const outcome = await session.checkpoint({ workTree: tree, allowanceUsdMicro: committedUsd(session.state()) });
    if (outcome.kind !== "pushed") throw new Error(outcome.kind);
    if (JSON.stringify(replay(session.events())) !== JSON.stringify(session.state()))
      throw new Error("the state is not the fold of the journal");
    return tree;
  } finally {
    store.close();
  }
}

test("every failpoint is hit by the reference session, and the list is generated from the doors", async () => {
  const hit = new Set<string>();
  const world: World = { remote: createRemote(), billed: 0 };
  for (const epoch of [1, 2]) await run(world, epoch, (name) => void hit.add(name));
  const points = listFailpoints();
  expect(points.length).toBeGreaterThan(25);
  expect([...hit].filter((name) => !points.includes(name))).toEqual([]);
  // Truncating belongs to a torn tail, which the simulation makes.
  const missed = points.filter((name) => !hit.has(name) && !name.startsWith("files.truncate."));
  expect(missed).toEqual([]);
});

test("a run killed at a failpoint is finished by the next: same tree, one branch, nothing billed that is not counted", async () => {
  const counts = new Map<string, number>();
  const whole: World = { remote: createRemote(), billed: 0 };
  const tree = await run(whole, 1, (name) => void counts.set(name, (counts.get(name) ?? 0) + 1));
  const chosen = [...counts].flatMap(([name, count]) => occurrencesOf(count).map((at) => ({ name, at })));
  for (const { name, at } of chosen) {
    const world: World = { remote: createRemote(), billed: 0 };
    let seen = 0;
    let dead = false;
    const kill = (point: string) => {
      if (point === name) seen += 1;
      if (dead || (point === name && seen === at)) {
        dead = true;
        throw new Killed(name);
      }
    };
    const where = `${name} #${at}`;
    await expect(run(world, 1, kill), where).rejects.toThrow();
    expect(await run(world, 2, () => {}), where).toBe(tree);
    const refs = git(world.remote.url, "for-each-ref", "--format=%(refname)").trim().split("\n");
    expect(refs, where).toEqual(["refs/baton/issue-12", "refs/heads/baton/issue-12", "refs/heads/main"]);
    const state = JSON.parse(git(world.remote.url, "show", "refs/baton/issue-12:session/state.json")).state;
    expect(state.spend.total.usd_micro, where).toBeGreaterThanOrEqual(world.billed);
    expect(state.spend.total.usd_micro, where).toBeLessThanOrEqual(cap);
    expect(world.billed, where).toBeLessThanOrEqual(whole.billed + 100);
  }
}, 1_200_000);
