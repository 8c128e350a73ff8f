import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { findCgroupHome } from "./cgroup.ts";
import { findProgram } from "./host.ts";

/** What of a machine decides how the walls can be made to stand on it. */
export interface HostFacts {
  /** The machine is thrown away after the job, so that it may be changed: a GitHub-hosted runner, never a self-hosted one. */
  isDisposable: boolean;
  isRoot: boolean;
  hasSudo: boolean;
  hasApt: boolean;
  hasBubblewrap: boolean;
  /** AppArmor forbids user namespaces to programs without a profile (Ubuntu 24.04). */
  isRestricted: boolean;
  /** Version 2 control groups are there, and none of them is ours to divide. */
  needsCgroup: boolean;
}

/** One command that prepares the machine, and what it is for. */
export interface HostStep {
  why: string;
  argv: readonly string[];
  /** Longest time, ms. */
  timeoutMs: number;
}

/** The group that holds Baton itself and, beside it, the groups of its sandboxes. */
const cgroupDir = "/sys/fs/cgroup/baton";

/** A group may divide its limits only when it holds no process itself, so Baton moves into a leaf. Arguments: directory, user, process. */
const divideCgroup = `set -e
mkdir -p "$1/main"
echo "+pids +memory" > "$(dirname "$1")/cgroup.subtree_control" || true
echo "+pids +memory" > "$1/cgroup.subtree_control"
chown "$2" "$1" "$1/cgroup.procs" "$1/cgroup.subtree_control" "$1/main" "$1/main/cgroup.procs"
echo "$3" > "$1/main/cgroup.procs"`;

/**
 * The commands after which the walls can stand here; none where they can already, and none on a machine that is somebody's:
 * there the probe says what to do. Sources: GitHub's ubuntu-24.04 image has no bubblewrap, passwordless sudo, and
 * `kernel.apparmor_restrict_unprivileged_userns=1`.
 */
export function planPreparation(facts: HostFacts, own: { uid: number; pid: number }): HostStep[] {
  if (!facts.isDisposable || !(facts.isRoot || facts.hasSudo)) return [];
  const as = facts.isRoot ? [] : ["sudo", "-n"];
  const apt = [...as, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=120"];
  const steps: HostStep[] = [];
  const add = (why: string, timeoutMs: number, ...argv: string[]): void => void steps.push({ why, timeoutMs, argv });
  if (!facts.hasBubblewrap && facts.hasApt) {
    add("fresh lists of packages", 180_000, ...apt, "update");
    add("bubblewrap", 180_000, ...apt, "install", "-y", "--no-install-recommends", "bubblewrap");
  }
  // Root drops its rights before it starts bubblewrap, so it is restricted as everybody.
  if (facts.isRestricted) {
    const setting = "kernel.apparmor_restrict_unprivileged_userns=0";
    add("user namespaces for bubblewrap", 20_000, ...as, "sysctl", "-q", "-w", setting);
  }
  if (facts.needsCgroup) {
    const given = [cgroupDir, String(own.uid), String(own.pid)];
    add("control groups for memory and processes", 20_000, ...as, "sh", "-c", divideCgroup, "cgroup", ...given);
  }
  return steps;
}

/** Reads what `planPreparation` decides on; nothing is started. */
export function readHostFacts(isDisposable: boolean): HostFacts {
  const restriction = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns";
  return {
    isDisposable,
    isRoot: process.getuid?.() === 0,
    hasSudo: findProgram("sudo") !== null,
    hasApt: findProgram("apt-get") !== null,
    hasBubblewrap: findProgram("bwrap") !== null,
    isRestricted: existsSync(restriction) && readFileSync(restriction, "utf8").trim() === "1",
    needsCgroup: existsSync("/sys/fs/cgroup/cgroup.controllers") && findCgroupHome() === null,
  };
}

/** Runs the steps in order with an environment of their own; one that fails is said and the rest goes on: the probe decides. */
export async function runPreparation(steps: readonly HostStep[], say: (line: string) => void): Promise<void> {
  for (const { why, argv, timeoutMs } of steps) {
    const problem = await runStep(argv, timeoutMs);
    say(problem === null ? `prepared this runner: ${why}` : `could not prepare this runner (${why}): ${problem}`);
  }
}

/** Makes a machine that is thrown away after the job ready for the walls; elsewhere, and where nothing is missing, does nothing. */
export async function prepareHost(host: { isDisposable: boolean; say: (line: string) => void }): Promise<void> {
  const own = { uid: process.getuid?.() ?? 0, pid: process.pid };
  await runPreparation(planPreparation(readHostFacts(host.isDisposable), own), host.say);
}

/** Null, or why it failed: the last words of the program. */
function runStep(argv: readonly string[], timeoutMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    const program = findProgram(argv[0]!) ?? argv[0]!;
    const env = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };
    const child = spawn(program, argv.slice(1), { env, cwd: "/", stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    const keep = (chunk: Buffer): void => {
      said = (said + chunk.toString("utf8")).slice(-2_000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
    const end = (problem: string | null): void => {
      clearTimeout(timer);
      resolve(problem);
    };
    child.once("error", (error) => end(error.message));
    child.once("close", (code, signal) => {
      const last = said.trim().split("\n").at(-1) ?? "";
      end(code === 0 ? null : `${code === null ? `ended by ${signal}` : `exit ${code}`}${last ? `: ${last}` : ""}`);
    });
  });
}
