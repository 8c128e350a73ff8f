import { execFile, execFileSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { openStore } from "../../src/git/store.ts";
import { openSession, type Session } from "../../src/session/session.ts";
import { createRemote, recordTurn } from "../session.ts";

const execute = promisify(execFile);
const opener = fileURLToPath(new URL("./open-once.ts", import.meta.url));
const key = "issue-1";
/** Turns around a point that are measured: as many as fill a segment of the journal, within which a checkpoint's cost grows. */
const around = 50;
/** Fresh runners that open the session at each length. */
const openings = 5;

export interface TurnCost {
  turn: number;
  recordMs: number;
  checkpointMs: number;
  cpuMs: number;
}

/** What a fresh runner needs to open a session of so many events. */
export interface Opening {
  events: number;
  ms: number;
  residentMb: number;
}

export interface Growth {
  costs: TurnCost[];
  openings: Opening[];
}

/** Lets one session grow, measures its turns near some points, and opens it anew at some lengths. */
export async function growSession(
  root: string,
  options: { points: readonly number[]; openAt: readonly number[]; say: (line: string) => void },
): Promise<Growth> {
  const remote = createRemote(root, 200);
  const store = await openStore({ dir: join(root, "first.git"), remote: { url: remote.url } });
  const dir = join(root, "first");
  const { session } = await openSession({ store, key, dir, redact: (text) => text, now: () => 0 });
  await store.fetch(["refs/heads/main:refs/remotes/main"]);
  const base = await store.treeOf(remote.base);
  await session.record("session_started", {
    ...{ session: key, generation: 1, branch: "b", base_ref: "main", base_sha: remote.base },
    request: { number: 1, title: "t", body: "b", sha256: "0", url: null },
    requester: { id: 1, login: "a" },
  });
  const growth: Growth = { costs: [], openings: [] };
  for (let turn = 1; turn <= Math.max(...options.openAt); turn += 1) {
    const isNear = options.points.some((point) => turn > point - Math.min(point, around) && turn <= point);
    const cost = await playTurn(session, turn, isNear || turn % 25 === 0 ? base : null);
    if (isNear) growth.costs.push(cost);
    if (!options.openAt.includes(turn)) continue;
    await session.checkpoint({ workTree: base, allowanceUsdMicro: turn });
    // As a server keeps them.
    execFileSync("git", ["repack", "-a", "-d", "-q"], { cwd: remote.url, env: { PATH: process.env.PATH } });
    options.say(`opening a session of ${turn} turns`);
    for (let round = 0; round < openings; round += 1) {
      const place = join(root, `again-${turn}-${round}`);
      await mkdir(place);
      const { stdout } = await execute(process.execPath, [opener, remote.url, place, key]);
      growth.openings.push(JSON.parse(stdout) as Opening);
    }
  }
  await session.close();
  store.close();
  return growth;
}

/** One turn; with a tree it is checkpointed. */
async function playTurn(session: Session, turn: number, tree: string | null): Promise<TurnCost> {
  const started = performance.now();
  const cpu = process.cpuUsage();
  await recordTurn(session, turn);
  const recordMs = performance.now() - started;
  if (tree !== null) await session.checkpoint({ workTree: tree, allowanceUsdMicro: turn });
  const { user, system } = process.cpuUsage(cpu);
  return { turn, recordMs, checkpointMs: performance.now() - started - recordMs, cpuMs: (user + system) / 1_000 };
}

/** The costs of the turns near a point. */
export function costsNear(costs: readonly TurnCost[], point: number): TurnCost[] {
  return costs.filter(({ turn }) => turn <= point && turn > point - Math.min(point, around));
}
