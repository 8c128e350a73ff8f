import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Ids of processes on this host whose command line holds a mark. */
export function processesWith(mark: string): string[] {
  return readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, "utf8").includes(mark);
    } catch {
      return false;
    }
  });
}

/** Parent, state and start of a process (`/proc/PID/stat`, fields 4, 3 and 22), or null when it is gone. */
function statOf(pid: string): { parent: string; state: string; start: string } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { parent: fields[1]!, state: fields[0]!, start: fields[19]! };
  } catch {
    return null;
  }
}

/** A process of a tree, told from a later one with the same id by its start. */
interface Member {
  pid: string;
  start: string;
}

/** Everything below a process, as the host sees it. */
function membersBelow(root: string): Member[] {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const stat = statOf(pid);
      return stat ? [{ pid, ...stat }] : [];
    });
  const below = (parent: string): Member[] =>
    all.filter((one) => one.parent === parent).flatMap(({ pid, start }) => [{ pid, start }, ...below(pid)]);
  return below(root);
}

const isAlive = ({ pid, start }: Member): boolean => {
  const now = statOf(pid);
  return now !== null && now.start === start && now.state !== "Z";
};

/** Longest wait for the kernel to bury what has been told to die, ms: only a machine that stands still needs more than moments. */
const buriedWithinMs = 60_000;
/** What keeps running without a guard is looked at after this time, ms. */
const lookAfterMs = 2_000;

/**
 * Starts a process that runs a command inside the walls, kills it with SIGKILL once the command runs, and gives the ids of all
 * that it had started and that lives on. `without` names an option of the walls to leave out. No control groups: another
 * Baton of this host would clear away the group of a dead one, and hide what this is about.
 */
export async function outliveBaton(mark: string, without?: string): Promise<string[]> {
  const dir = mkdtempSync(join(tmpdir(), "baton-outlive-"));
  // else its files would go elsewhere, and stay
  chmodSync(dir, 0o755);
  const script = `
    import { openBox, testWalls } from ${JSON.stringify(join(import.meta.dirname, "support.ts"))};
    const filterOptions = (options) => options.filter(({ flag }) => flag !== ${JSON.stringify(without ?? "")});
    const box = await openBox({ walls: { ...testWalls, cgroups: null }, filterOptions });
    await box.sandbox.exec("exec -a ${mark} sleep 120", { timeoutMs: 200000 });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: "ignore",
    env: { ...process.env, TMPDIR: dir },
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  for (let tries = 0; tries < 1_200 && !isRunning(mark); tries += 1) await sleep(50);
  const members = isRunning(mark) ? membersBelow(String(child.pid)) : [];
  child.kill("SIGKILL");
  await ended;
  const until = Date.now() + (without === undefined ? buriedWithinMs : lookAfterMs);
  while (Date.now() < until && members.some(isAlive)) await sleep(20);
  const left = members.filter(isAlive).map(({ pid }) => pid);
  for (const pid of left) process.kill(Number(pid), "SIGKILL");
  rmSync(dir, { recursive: true, force: true });
  if (members.length === 0) throw new Error("the command never ran");
  return left;
}

/** Whether the marked program itself is there: the starting script holds the mark too. */
export const isRunning = (mark: string): boolean =>
  processesWith(mark).some((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith(mark);
    } catch {
      return false;
    }
  });

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
