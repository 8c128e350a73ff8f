import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { SandboxLimits } from "./limits.ts";

/** Where control groups can be made on this host: version 1 has one directory per controller, version 2 has one in all. */
export type CgroupHome = { version: 1; pids: string | null; memory: string | null } | { version: 2; dir: string };

/** The group of one sandbox. */
export interface Cgroup {
  /** Files into which a process writes its id to join. */
  joinFiles: string[];
  /** How often the kernel killed one of its processes for memory, or 0 where that cannot be read. */
  memoryKills(): number;
  /** Removes the group; false when something still runs in it. */
  remove(): boolean;
}

const root = "/sys/fs/cgroup";

function canMakeIn(dir: string): boolean {
  try {
    accessSync(dir, constants.W_OK);
    const probe = join(dir, `baton-probe-${process.pid}`);
    mkdirSync(probe);
    rmdirSync(probe);
    return true;
  } catch {
    return false;
  }
}

function ownPath(controller: string): string {
  const lines = readFileSync("/proc/self/cgroup", "utf8").split("\n");
  const line = lines.find(
    (entry) => entry.split(":")[1] === controller || entry.split(":")[1]?.split(",").includes(controller),
  );
  return line?.split(":").slice(2).join(":") ?? "/";
}

/** Finds where groups with limits on processes and memory can be made, without asking for rights. */
export function findCgroupHome(): CgroupHome | null {
  try {
    const v1 = (["pids", "memory"] as const).map((name) => {
      const dirs = [join(root, name, ownPath(name)), join(root, name)];
      return dirs.find((dir) => existsSync(join(dir, "cgroup.procs")) && canMakeIn(dir)) ?? null;
    });
    if (v1[0] || v1[1]) return { version: 1, pids: v1[0] ?? null, memory: v1[1] ?? null };
    return findVersion2();
  } catch {
    return null;
  }
}

function findVersion2(): CgroupHome | null {
  if (!existsSync(join(root, "cgroup.controllers"))) return null;
  const own = join(root, ownPath(""));
  // a group that holds processes cannot give controllers to children, so the parent is where ours can be
  for (const dir of new Set([join(own, ".."), own, root])) {
    if (!dir.startsWith(root)) continue;
    const given = join(dir, "cgroup.subtree_control");
    try {
      const has = (): boolean =>
        ["pids", "memory"].every((name) => readFileSync(given, "utf8").split(/\s+/).includes(name));
      if (!has()) writeFileSync(given, "+pids +memory");
      if (has() && canMakeIn(dir)) {
        accessSync(join(dir, "cgroup.procs"), constants.W_OK);
        return { version: 2, dir };
      }
    } catch {
      // not ours to give; the next one may be
    }
  }
  return null;
}

function makeGroup(parent: string, name: string, values: Record<string, string>): string {
  const dir = join(parent, name);
  mkdirSync(dir);
  for (const [file, value] of Object.entries(values)) {
    // some kernels have no swap accounting: the other limits hold all the same
    if (existsSync(join(dir, file))) writeFileSync(join(dir, file), value);
  }
  return dir;
}

function readCount(file: string, key: RegExp): number {
  try {
    return Number(key.exec(readFileSync(file, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Removes the groups of processes that were killed before they could do it themselves, and whoever was left in them. */
function removeStale(home: CgroupHome): void {
  for (const parent of home.version === 2 ? [home.dir] : [home.pids, home.memory]) {
    if (parent === null) continue;
    for (const name of readdirSync(parent)) {
      const owner = /^baton-(\d+)-[0-9a-f]+$/.exec(name)?.[1];
      if (owner === undefined || existsSync(`/proc/${owner}`)) continue;
      killAllIn(join(parent, name));
      removeGroup(join(parent, name));
    }
  }
}

/** Makes the group of one sandbox with its limits; `id` is hexadecimal. Throws when the host refuses. */
export function createCgroup(home: CgroupHome, id: string, limits: SandboxLimits): Cgroup {
  removeStale(home);
  const name = `baton-${process.pid}-${id}`;
  const memory = String(limits.memoryBytes);
  const pids = String(limits.processes);
  const dirs: string[] = [];
  if (home.version === 2) {
    dirs.push(makeGroup(home.dir, name, { "memory.max": memory, "memory.swap.max": "0", "pids.max": pids }));
  } else {
    if (home.pids) dirs.push(makeGroup(home.pids, name, { "pids.max": pids }));
    if (home.memory)
      dirs.push(
        makeGroup(home.memory, name, { "memory.limit_in_bytes": memory, "memory.memsw.limit_in_bytes": memory }),
      );
  }
  return {
    joinFiles: dirs.map((dir) => join(dir, "cgroup.procs")),
    memoryKills: () =>
      Math.max(
        0,
        ...dirs.flatMap((dir) => [
          readCount(join(dir, "memory.oom_control"), /oom_kill (\d+)/),
          readCount(join(dir, "memory.events"), /oom_kill (\d+)/),
        ]),
      ),
    remove: () => dirs.map(removeGroup).every(Boolean),
  };
}

function killAllIn(dir: string): void {
  try {
    for (const pid of readFileSync(join(dir, "cgroup.procs"), "utf8").split("\n").filter(Boolean))
      process.kill(Number(pid), "SIGKILL");
  } catch {
    // gone meanwhile, or nobody's to kill
  }
}

function removeGroup(dir: string): boolean {
  try {
    rmdirSync(dir);
    return true;
  } catch {
    return !existsSync(dir);
  }
}
