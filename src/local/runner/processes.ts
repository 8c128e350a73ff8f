import { readdir, readFile } from "node:fs/promises";

/** Name of the variable by which a job's stray processes are found again, as on GitHub's runner. */
export const trackingVariable = "RUNNER_TRACKING_ID";

async function parentOf(pid: number): Promise<number | null> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  if (stat === null) return null;
  // The command name may hold spaces and parentheses: fields count from the last one.
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

async function allPids(): Promise<number[]> {
  const names = await readdir("/proc").catch(() => []);
  return names.filter((name) => /^\d+$/.test(name)).map(Number);
}

/** The process and all that descend from it, as far as they still hang together. */
export async function treeOf(root: number): Promise<number[]> {
  const children = new Map<number, number[]>();
  for (const pid of await allPids()) {
    const parent = await parentOf(pid);
    if (parent !== null) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const tree = [root];
  for (let at = 0; at < tree.length; at++) tree.push(...(children.get(tree[at] ?? -1) ?? []));
  return tree;
}

/** Processes whose environment still carries a job's tracking id, wherever they moved to. */
export async function strayProcesses(trackingId: string): Promise<number[]> {
  const found: number[] = [];
  for (const pid of await allPids()) {
    const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
    if (environment.includes(`${trackingVariable}=${trackingId}`)) found.push(pid);
  }
  return found;
}

/** Sends a signal to processes that may be gone already. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It ended by itself.
    }
  }
}

/** Kills a process tree and every stray of the job; repeats until none is left, at most a few rounds. */
export async function killJobProcesses(root: number | null, trackingId: string): Promise<void> {
  for (let round = 0; round < 5; round++) {
    const pids = new Set([
      ...(root === null || round > 0 ? [] : await treeOf(root)),
      ...(await strayProcesses(trackingId)),
    ]);
    pids.delete(process.pid);
    if (pids.size === 0) return;
    signalAll([...pids], "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
