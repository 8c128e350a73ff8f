import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { type CgroupHome, findCgroupHome } from "./cgroup.ts";
import { type FirstProcess, findFirstProcess } from "./first-process.ts";
import { findHostPieces, findProgram, type HostPiece } from "./host.ts";
import { outsideUid } from "./places.ts";
import { renderCallFilter } from "./system-calls.ts";
import { findUnshareTools, type UnshareTools, unsharePrefix } from "./unshare.ts";

/** Which walls are up on this host, found by raising them once. */
export interface Walls {
  kind: "bubblewrap" | "unshare";
  /** What makes them without bubblewrap. */
  tools: UnshareTools | null;
  /** Our own first process inside, which nothing there can speak for; null where bubblewrap's has to do. */
  first: FirstProcess | null;
  /** What holds, in words for the report. */
  layers: string[];
  /** What is weaker than it could be here, in words for the report. */
  weaker: string[];
  /** One sentence for the report. */
  description: string;
  /** Options that this bubblewrap is too old for. */
  unsupported: readonly string[];
  /** Programs that lead to the walls. */
  prefix: readonly string[];
  /** The user outside that owns what the model writes, when it is another than Baton's own. */
  uid: number | null;
  host: readonly HostPiece[];
  cgroups: CgroupHome | null;
}

/** The best walls that this host may be able to raise, or null; nothing is started. */
export function readWalls(): Walls | null {
  return listWalls()[0] ?? null;
}

/** Every kind of walls that this host has the programs for, the best first. */
export function listWalls(): Walls[] {
  const bwrap = findProgram("bwrap");
  const tools = findUnshareTools();
  const first = findFirstProcess();
  const unsupported = bwrap ? findUnsupported(bwrap) : [];
  const start = [...(bwrap ? [bwrap] : []), "--json-status-fd", "3", "--args", "4", "--"];
  return [
    ...(bwrap ? [describeWalls({ kind: "bubblewrap", tools: null, first, unsupported, start })] : []),
    ...(tools ? [describeWalls({ kind: "unshare", tools, first, unsupported: [], start: unsharePrefix })] : []),
  ];
}

function describeWalls({
  start,
  ...made
}: Pick<Walls, "kind" | "tools" | "first" | "unsupported"> & { start: readonly string[] }): Walls {
  const { kind, unsupported } = made;
  const isRoot = process.getuid?.() === 0;
  const setpriv = findProgram("setpriv");
  const drop = isRoot && setpriv ? [setpriv, `--reuid=${outsideUid}`, `--regid=${outsideUid}`, "--clear-groups"] : [];
  const cgroups = findCgroupHome();
  const hasFilter = renderCallFilter(process.arch) !== null;
  const weaker: string[] = [];
  // The filter refuses nested namespaces too: only without it does an old bubblewrap leave a gap.
  if (!hasFilter) {
    weaker.push(`there is no filter of system calls for ${process.arch}`);
    weaker.push(...unsupported.map((flag) => `this bubblewrap is too old for ${flag}`));
  }
  if (kind === "unshare")
    weaker.push("bubblewrap is missing or does not work here: the same walls are made by util-linux");
  if (!made.first)
    weaker.push(
      "without Perl a command can say another exit code than its own, in the name of bubblewrap's first process",
    );
  if (isRoot && !setpriv) weaker.push("Baton runs as root and cannot become another user outside (setpriv is missing)");
  if (!cgroups) weaker.push("no control groups: memory is limited for each process, not for all together");
  return {
    ...made,
    layers: [
      "own user, process, network, IPC, host-name and control-group namespaces",
      "a root of read-only system folders: HOME, runner folders, sockets and credentials do not exist inside",
      "no root, no capabilities, no new privileges, no nested namespaces",
      "only a loopback of its own; no network",
      ...(hasFilter ? ["no kernel keyrings, no sockets but UNIX and IP, no rare kernel calls"] : []),
      "limits on processes, file size, open files, memory, output and disk growth",
      ...(drop.length > 0 ? ["another user outside, although Baton runs as root"] : []),
      ...(cgroups ? [`control groups (version ${cgroups.version}) for memory and processes`] : []),
    ],
    weaker,
    description: `${kind}${drop.length > 0 ? " as an unprivileged user" : ""}${cgroups ? " with control groups" : ""}`,
    prefix: [...drop, ...start],
    uid: drop.length > 0 ? outsideUid : null,
    host: findHostPieces(),
    cgroups,
  };
}

/** `--disable-userns` came with bubblewrap 0.8; Ubuntu 22.04 has 0.6. One that cannot even say so is for the probe to refuse. */
function findUnsupported(bwrap: string): string[] {
  try {
    const help = execFileSync(bwrap, ["--help"], { env: {}, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return ["--disable-userns"].filter((flag) => !help.includes(flag));
  } catch {
    return [];
  }
}

/** Processes and threads of a user on this host: the kernel counts them towards the limit inside. */
export function countTasks(uid: number): number {
  let count = 0;
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const status = readFileSync(`/proc/${name}/status`, "utf8");
      if (Number(/^Uid:\s*(\d+)/m.exec(status)?.[1]) !== uid) continue;
      count += Number(/^Threads:\s*(\d+)/m.exec(status)?.[1] ?? 1);
    } catch {
      // ended meanwhile
    }
  }
  return count;
}
