/**
 * Proves that the walls have teeth: takes one guard away at a time and looks whether a probe inside turns red, for every
 * kind of walls that this host can make.
 * `node scripts/teeth-sandbox.ts` prints a table and ends with 1 when a guard can be taken away unnoticed.
 */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import type { WallOption } from "../src/sandbox/bubblewrap.ts";
import { runProbes } from "../src/sandbox/probe.ts";
import { listWalls, type Walls } from "../src/sandbox/walls.ts";
import { outliveBaton } from "../test/sandbox/outlive.ts";

interface Cut {
  guard: string;
  /** The only kind of walls in which it is a guard of its own. */
  only?: Walls["kind"];
  change: string;
  apply: (options: WallOption[]) => WallOption[];
}

const without = (guard: string, change: string, drop: (option: WallOption) => boolean): Cut => ({
  guard,
  change,
  apply: (options) => options.filter((option) => !drop(option)),
});
const flag = (guard: string, name: string): Cut => without(guard, `without ${name}`, (option) => option.flag === name);

const cuts: Cut[] = [
  flag("own processes", "--unshare-pid"),
  flag("no network", "--unshare-net"),
  flag("own IPC", "--unshare-ipc"),
  flag("own control groups", "--unshare-cgroup-try"),
  without(
    "own host name",
    "without --unshare-uts",
    ({ flag: name }) => name === "--unshare-uts" || name === "--hostname",
  ),
  without("no nested namespaces", "without --disable-userns, --seccomp", ({ flag: name }) =>
    ["--disable-userns", "--seccomp"].includes(name),
  ),
  flag("no keyrings, odd sockets", "--seccomp"),
  {
    guard: "never root",
    change: "--uid 0",
    apply: (options) => options.map((option) => (option.flag === "--uid" ? { ...option, values: ["0"] } : option)),
  },
  {
    guard: "never root's group",
    change: "--gid 0",
    apply: (options) => options.map((option) => (option.flag === "--gid" ? { ...option, values: ["0"] } : option)),
  },
  flag("a first process of our own", "--as-pid-1"),
  flag("own session", "--new-session"),
  without("own /proc", "without --proc", ({ flag: name }) => name === "--proc"),
  without(
    "own /dev",
    "without --dev",
    ({ flag: name, values }) => name === "--dev" || values.includes("/dev/shm") || values.includes("/dev"),
  ),
  {
    ...without(
      "/dev is sealed",
      "without --remount-ro /dev",
      ({ flag: name, values }) => name === "--remount-ro" && values[0] === "/dev",
    ),
    // made by util-linux, /dev is a folder of the root and sealed with it
    only: "bubblewrap",
  },
  without(
    "the root is sealed",
    "without --remount-ro /",
    ({ flag: name, values }) => name === "--remount-ro" && values[0] === "/",
  ),
  without("bounded /dev/shm", "without --size", ({ flag: name }) => name === "--size"),
  without(
    "a work tree",
    "without --bind /workspace",
    ({ flag: name, values }) => name === "--bind" && values[1] === "/workspace",
  ),
  {
    guard: "HOME is masked",
    change: "--ro-bind /home",
    apply: (options) =>
      insertBefore(options, "/home/baton", { guard: "none", flag: "--ro-bind", values: ["/usr", "/home/visible"] }),
  },
  {
    guard: "the allow-list root",
    change: "--ro-bind /sys",
    apply: (options) =>
      insertBefore(options, "/home/baton", { guard: "none", flag: "--ro-bind", values: ["/sys", "/sys"] }),
  },
];

function insertBefore(options: WallOption[], place: string, extra: WallOption): WallOption[] {
  const at = options.findIndex(({ values }) => values.includes(place));
  return [...options.slice(0, at), extra, ...options.slice(at)];
}

const ladder = listWalls();
if (ladder.length === 0) {
  console.error("bubblewrap is not installed");
  process.exit(2);
}
// something of the host to be seen when the IPC namespace is shared
const segment = /id: (\d+)/.exec(execFileSync("ipcmk", ["-M", "4096"], { encoding: "utf8" }))?.[1] ?? "";
let guards = 0;
let unnoticed = 0;
const row = (guard: string, change: string, said: string): void => {
  guards += 1;
  if (said === "") unnoticed += 1;
  console.log(
    `${said === "" ? "GREEN" : "red  "}  ${guard.padEnd(24)} ${change.padEnd(30)} ${said || "(nothing noticed it)"}`,
  );
};

async function biteInto(walls: Walls): Promise<void> {
  console.log(`\n${walls.description}`);
  const clean = await runProbes(walls);
  if (clean.length > 0) throw new Error(`the whole walls do not hold: ${clean.join("; ")}`);
  for (const { guard, change, apply, only = walls.kind } of cuts) {
    if (only !== walls.kind) continue;
    const failed = await runProbes(walls, apply).catch((error: unknown) => [
      `refuses to run: ${String(error).slice(0, 80)}`,
    ]);
    row(guard, change, failed.join("; ").slice(0, 120));
  }
  // tests take the walls that are named here
  process.env.BATON_TEST_WALLS = walls.kind;
  const left = await outliveBaton(`baton-mark-${randomBytes(6).toString("hex")}`, "--die-with-parent");
  row("dies with Baton", "without --die-with-parent", left.length > 0 ? `${left.length} process outlived it` : "");
}

try {
  for (const walls of ladder) await biteInto(walls);
} finally {
  execFileSync("ipcrm", ["-m", segment]);
}
console.log(
  unnoticed === 0 ? `${guards} of ${guards} guards have teeth` : `${unnoticed} guards can be taken away unnoticed`,
);
process.exit(unnoticed === 0 ? 0 : 1);
