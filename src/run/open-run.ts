import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Record, Role } from "../domain/event.ts";
import type { EvaluatorWorld } from "../evaluator/room.ts";
import type { StageOneMemory } from "../evaluator/stage-one.ts";
import { type GitStore, openStore } from "../git/store.ts";
import { createProtection, type Protection } from "../policy/protected-paths.ts";
import { type OpenedSession, openSession, type Session } from "../session/session.ts";
import { createClock, type RunClock } from "./clock.ts";
import { type DayOfRun, openDay } from "./day.ts";
import { withoutPushes } from "./dry-run.ts";
import type { RunEnd } from "./end.ts";
import { recordSetUp } from "./record-set-up.ts";
import { createWorkshop, type Workshop } from "./workshop.ts";
import type { RunWorld } from "./world.ts";
import { keepYoungSpace } from "./young-space.ts";

/** What a run carries from stage to stage. */
export interface Run extends AsyncDisposable {
  readonly world: RunWorld;
  readonly store: GitStore;
  readonly session: Session;
  readonly found: OpenedSession["found"];
  /** The session's. */
  readonly record: Record;
  readonly workshop: Workshop;
  readonly clock: RunClock;
  readonly protection: Protection;
  /** Tree of the work as it was last copied out, without `.baton/`. */
  workTree: string;
  /** Micro-USD of the day that this run has reserved in the ledger. */
  dayAllowanceUsdMicro: number;
  /** The UTC day that this run counts for, and its ledger. */
  readonly day: Promise<DayOfRun>;
  /** What the day's ledger said no to, as the end of this run; null when it granted. */
  dayRefusal: RunEnd | null;
  /** Head of the work branch on the remote, looked up beside the claim. */
  workHead: Promise<string | null> | null;
  /** Cumulative session spend, micro-USD, that the next checkpoint asks the remote to acknowledge. */
  allowanceUsdMicro: number;
  /** What each role had spent in the session before this run. */
  spentBefore: Partial<globalThis.Record<Role, number>>;
  /** The copy-out that is under way after a turn. */
  copying: Promise<void>;
  /** Why nothing more goes onto the work branch: people's work that must not be overwritten, or a remote that refuses it. */
  conflict: RunEnd | null;
  /** Why no more may be written: a successor has claimed the session. */
  superseded: string | null;
  /** Why branch and pull request are left alone from now on: they are people's, or nobody who may write is behind the work. */
  handsOff: string | null;
  /** Criteria that had passed when the run began, to tell progress. */
  passedBefore: number;
  /** There was no contract when the run began: freezing one is progress. */
  startedWithoutContract: boolean;
  /** Folder of journal, state and outputs on this runner. */
  readonly sessionDir: string;
  pullRequestUrl: string | null;
  /** Commits on the base branch since the session's base; null while not known. */
  baseMoved: number | null;
  /** What the evaluator may touch. */
  readonly evaluatorWorld: EvaluatorWorld;
  /** What the oracles did on the base, kept between the rounds of this run. */
  readonly oraclesOnBase: StageOneMemory;
}

/** Opens Baton's git directory and the session on this runner; nothing is written outside of it yet. */
export async function openRun(world: RunWorld): Promise<Run> {
  keepYoungSpace();
  await mkdir(world.dir, { recursive: true });
  const opened = await openStore({ dir: join(world.dir, "store.git"), remote: world.remote, hostEnv: world.hostEnv });
  const store = world.dryRun ? withoutPushes(opened) : opened;
  const { session, found } = await openSession({
    store,
    key: world.envelope.session,
    dir: world.dir,
    redact: world.redact,
    now: () => world.now().getTime(),
    onEvent: world.onEvent,
  });
  const protection = createProtection(world.policy, world.chore?.paths);
  const workshop = await createWorkshop({
    world,
    store,
    renewed: (setUp) => recordSetUp(session.record, setUp),
  });
  return {
    world,
    store,
    session,
    found,
    record: session.record,
    workshop,
    clock: createClock(world.limits.ms),
    protection,
    workTree: found.kind === "restored" ? found.workTree : "",
    dayAllowanceUsdMicro: 0,
    day: openDay({ world, store }),
    dayRefusal: null,
    workHead: null,
    allowanceUsdMicro: 0,
    spentBefore: {},
    copying: Promise.resolve(),
    conflict: null,
    superseded: null,
    handsOff: null,
    passedBefore: 0,
    startedWithoutContract: false,
    sessionDir: join(world.dir, "session"),
    pullRequestUrl: null,
    baseMoved: null,
    evaluatorWorld: {
      store,
      openRoom: (tree) => workshop.openRoom(tree),
      redact: world.redact,
      isProtected: (path) => protection(path) !== null,
      signal: world.signal,
    },
    oraclesOnBase: new Map(),
    async [Symbol.asyncDispose]() {
      await workshop.close();
      await session.close();
      store.close();
    },
  };
}
