import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describeError, SandboxError } from "../domain/errors.ts";
import { createSandbox, type SandboxSpec } from "./sandbox.ts";
import { makeScratch } from "./scratch.ts";
import { listWalls, type Walls } from "./walls.ts";

/** One thing that must hold inside, and the shell test that says so. */
interface Probe {
  holds: string;
  test: string;
  /** The policy may accept a host where it does not hold: a second line behind others that do. */
  tolerable?: true;
  /** Only where the first process is our own; without one the report says so. */
  ofFirst?: true;
}

/** A line of `/proc/self/status`, which the script reads once: a process less for each probe. */
const statusHas = (line: string): string => `[[ $status == *$'\\n${line}\\n'* ]]`;
const nobody = Array.from({ length: 4 }, () => "65534").join("\\t");
const noRights = "0".repeat(16);

/**
 * What is looked at inside, each with a test that is true only when the wall stands; in the shell's own words where they can
 * say it, since each program that is started costs every run its milliseconds.
 */
export const probes: readonly Probe[] = [
  { holds: "not root", test: `${statusHas(`Uid:\\t${nobody}`)} && ${statusHas(`Gid:\\t${nobody}`)}` },
  {
    holds: "no capabilities",
    test: `${statusHas(`CapEff:\\t${noRights}`)} && ${statusHas(`CapBnd:\\t${noRights}`)}`,
  },
  { holds: "no new privileges", test: statusHas("NoNewPrivs:\\t1") },
  { holds: "a filter of system calls", test: statusHas("Seccomp:\\t2"), tolerable: true },
  { holds: "only its own processes", test: "set -- /proc/[0-9]*; [ $# -lt 12 ] && [ $$ -lt 100 ]" },
  {
    holds: "an empty environment of the first process",
    test: "{ mapfile -d '' names < /proc/1/environ; } 2>/dev/null; IFS=; all=\"${names[*]}\"; [ -z \"${all//$'\\n'/}\" ]",
  },
  {
    holds: "a first process that nobody can speak for",
    test: "[ ! -e /proc/1/exe ]",
    tolerable: true,
    ofFirst: true,
  },
  { holds: "a host name of its own", test: '[ "$(</proc/sys/kernel/hostname)" = baton ]', tolerable: true },
  { holds: "no shared memory of the host", test: "mapfile -t shm < /proc/sysvipc/shm && [ ${#shm[@]} = 1 ]" },
  {
    holds: "no control groups of the host",
    test: "cgroup=$(</proc/self/cgroup) && [[ $cgroup != *baton-* ]]",
    tolerable: true,
  },
  {
    holds: "no terminal session of the host",
    test: 'read -ra stat < /proc/self/stat && [ "${stat[5]}" != 0 ]',
    tolerable: true,
  },
  {
    holds: "bounded memory disks",
    test: 'mapfile -t rows < <(df -k --output=size /dev/shm) && [ "${rows[1]}" -le 262144 ]',
    tolerable: true,
  },
  {
    holds: "no network",
    test: 'while IFS= read -r line; do [[ $line == *"|"* || $line == *lo:* ]] || exit 1; done < /proc/net/dev && ! (exec 3<>/dev/tcp/1.1.1.1/53) 2>/dev/null',
  },
  { holds: "no nested user namespaces", test: "! unshare -U true 2>/dev/null", tolerable: true },
  {
    holds: "a read-only root",
    test: 'for dir in / /usr /dev /etc /run /outputs /opt; do ! { : > "${dir%/}/x"; } 2>/dev/null || exit 1; done',
  },
  { holds: "a writable work tree", test: ": > /workspace/x && : > /tmp/x && : > $HOME/x" },
  {
    holds: "limits",
    test: '[ "$(ulimit -c)" = 0 ] && [ "$(ulimit -n)" -le 4096 ] && [ "$(ulimit -u)" != unlimited ] && [ "$(ulimit -f)" != unlimited ]',
    tolerable: true,
  },
  {
    holds: "no home of the host",
    test: 'shopt -s nullglob dotglob; homes=(/home/*); roots=(/root/*); [ "${homes[*]}" = /home/baton ] && [ ${#roots[@]} = 0 ]',
  },
  { holds: "no sockets of the host", test: "[ ! -e /run/docker.sock ] && [ ! -e /var/run ] && [ ! -e /sys ]" },
];

/** The script that runs all probes and prints the ones that fail. */
function renderProbeScript(list: readonly Probe[]): string {
  return [
    "IFS= read -r -d '' status < /proc/self/status",
    ...list.map(({ test }, index) => `if ( ${test} ); then :; else echo "fails ${index}"; fi`),
    "echo done",
  ].join("\n");
}

const installHint = [
  "Install it: `sudo apt-get update && sudo apt-get install -y bubblewrap`.",
  "On Ubuntu 24.04 also allow user namespaces: `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`.",
].join(" ");

/** What to do when bubblewrap is there and does not work, from the switches of this kernel. */
function hintForHost(): string {
  const read = (path: string): string => (existsSync(path) ? readFileSync(path, "utf8").trim() : "");
  if (read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") === "1")
    return "Run `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`, then try again.";
  if (read("/proc/sys/kernel/unprivileged_userns_clone") === "0")
    return "Run `sudo sysctl -w kernel.unprivileged_userns_clone=1`, then try again.";
  if (read("/proc/sys/user/max_user_namespaces") === "0")
    return "Run `sudo sysctl -w user.max_user_namespaces=15000`, then try again.";
  return "In a container, start it with `--security-opt seccomp=unconfined --security-opt apparmor=unconfined`, or run the job on the runner itself.";
}

/** Raises the walls once and looks at them from inside; the names of what does not hold. */
export async function runProbes(walls: Walls, filterOptions?: SandboxSpec["filterOptions"]): Promise<string[]> {
  const dir = makeScratch("baton-probe-");
  const [workDir, homeDir, outputsDir] = ["work", "home", "outputs"].map((name) => {
    mkdirSync(join(dir, name));
    return join(dir, name);
  }) as [string, string, string];
  try {
    await using sandbox = await createSandbox({
      walls,
      workDir,
      homeDir,
      outputsDir,
      network: null,
      ...(filterOptions ? { filterOptions } : {}),
    });
    const list = probes.filter(({ ofFirst }) => !ofFirst || walls.first);
    const result = await sandbox.exec(renderProbeScript(list), { timeoutMs: 180_000 });
    const text = result.whole ?? result.head;
    const failed = [...text.matchAll(/^fails (\d+)$/gm)].map((found) => list[Number(found[1])]?.holds ?? "unknown");
    return result.exit === 0 && text.trimEnd().endsWith("done")
      ? failed
      : [...failed, `the probe itself (exit ${result.exit}: ${text.slice(-200)})`];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/**
 * Finds out which walls this host can raise, by raising them and looking from inside: bubblewrap's, else those of util-linux,
 * with the same probes. With `allowDegraded` a second line that does not hold is reported as weaker; without it, and for
 * everything else always, SandboxError says the exact command to run: nothing of the model may run then.
 */
export async function probeWalls(request: { allowDegraded: boolean; ladder?: readonly Walls[] }): Promise<Walls> {
  const ladder = request.ladder ?? listWalls();
  const tried: { walls: Walls; failed: string[] }[] = [];
  const errors: unknown[] = [];
  for (const walls of ladder) {
    try {
      const failed = await runProbes(walls);
      if (failed.length === 0) return walls;
      tried.push({ walls, failed });
    } catch (error) {
      errors.push(error);
    }
  }
  for (const { walls, failed } of tried) {
    try {
      return acceptWalls(walls, failed, request.allowDegraded);
    } catch (error) {
      errors.unshift(error);
    }
  }
  throw describeFailure(ladder, errors);
}

/** Why nothing stands, as the best walls that could be tried say it. */
function describeFailure(ladder: readonly Walls[], errors: readonly unknown[]): SandboxError {
  if (!ladder.some(({ kind }) => kind === "bubblewrap")) {
    const also = errors.length > 0 ? `, and util-linux cannot make the walls here: ${describeError(errors[0])}` : "";
    return new SandboxError(`bubblewrap is not installed${also}`, { hint: installHint, cause: errors[0] });
  }
  const [cause] = errors;
  if (cause instanceof SandboxError && cause.message.startsWith("the walls stand")) return cause;
  const [first, second] = errors.map((error) => (error instanceof SandboxError ? error.message : describeError(error)));
  const also = second === undefined ? "" : `; made by util-linux: ${second}`;
  return new SandboxError(`bubblewrap does not work here: ${first}${also}`, { hint: hintForHost(), cause });
}

/** Decides whether walls with failed probes are good enough. Throws SandboxError when they are not. */
export function acceptWalls(walls: Walls, failed: readonly string[], allowDegraded: boolean): Walls {
  const fatal = failed.filter(
    (holds) => !allowDegraded || !probes.some((probe) => probe.holds === holds && probe.tolerable),
  );
  if (fatal.length > 0) {
    const old = walls.unsupported.length > 0 ? "Install bubblewrap 0.8 or newer, or set `sandbox: degraded-ok`. " : "";
    throw new SandboxError(`the walls stand, but these do not hold: ${fatal.join("; ")}`, {
      hint: old + hintForHost(),
    });
  }
  if (failed.length === 0) return walls;
  return {
    ...walls,
    weaker: [...walls.weaker, ...failed.map((holds) => `does not hold here: ${holds}`)],
    description: `${walls.description}, degraded`,
  };
}
