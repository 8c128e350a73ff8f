import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { committedUsd, replay } from "../../src/domain/replay.ts";
import { openStore } from "../../src/git/store.ts";
import { claimSession } from "../../src/session/claim.ts";
import { openSession } from "../../src/session/session.ts";
import { git, type Remote } from "../git/helpers.ts";
import { claimed, recordTurn, started } from "./helpers.ts";

/** Where the reference session is played. */
export interface ReferenceWorld {
  remote: Remote;
  /** What the model's server billed so far, micro-USD. */
  billed: number;
  /** Makes a folder for one more runner. */
  dir(): string;
}

const cap = 100_000;

/** One run of the reference session: claim, turns up to the fourth, one checkpoint per turn, the work branch at the end. */
export async function playReference(
  world: ReferenceWorld,
  epoch: number,
  failpoint: (name: string) => void,
): Promise<string> {
  const dir = world.dir();
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

/** How often each failpoint is passed by a run that nobody disturbs, with what it came to. */
export async function countFailpoints(world: ReferenceWorld) {
  const counts = new Map<string, number>();
  const tree = await playReference(world, 1, (name) => void counts.set(name, (counts.get(name) ?? 0) + 1));
  return { counts, tree, billed: world.billed };
}

/** Kills a run when it passes a point for the n-th time, lets the next run finish, and says what does not hold then. */
export async function killAt(
  world: ReferenceWorld,
  kill: { name: string; at: number },
  whole: { tree: string; billed: number },
): Promise<string[]> {
  let seen = 0;
  let dead = false;
  const strike = (point: string) => {
    if (point === kill.name) seen += 1;
    if (!dead && (point !== kill.name || seen !== kill.at)) return;
    dead = true;
    throw new Error(`killed at ${point}`);
  };
  const died = await playReference(world, 1, strike).then(
    () => false,
    () => true,
  );
  const tree = await playReference(world, 2, () => {});
  const refs = git(world.remote.url, "for-each-ref", "--format=%(refname)").trim().split("\n").join(" ");
  const state = JSON.parse(git(world.remote.url, "show", "refs/baton/issue-12:session/state.json")).state;
  const booked: number = state.spend.total.usd_micro;
  const checks: [string, boolean][] = [
    ["it was not killed", died],
    ["another tree", tree === whole.tree],
    [`refs: ${refs}`, refs === "refs/baton/issue-12 refs/heads/baton/issue-12 refs/heads/main"],
    [`booked ${booked}, billed ${world.billed}`, booked >= world.billed && booked <= cap],
    [`billed ${world.billed} instead of ${whole.billed}`, world.billed <= whole.billed + 100],
  ];
  return checks.flatMap(([text, holds]) => (holds ? [] : [`${kill.name} #${kill.at}: ${text}`]));
}
