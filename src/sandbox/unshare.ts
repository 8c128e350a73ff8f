import type { WallOption } from "./bubblewrap.ts";
import { type BuildCalls, buildCalls, renderBuilder, renderFirstProcess } from "./first-process.ts";
import { findProgram } from "./host.ts";
import { planTable } from "./mount-table.ts";

/** What of this host makes walls without bubblewrap: programs of util-linux, Perl, and numbers of system calls. */
export interface UnshareTools {
  unshare: string;
  setpriv: string;
  perl: string;
  calls: BuildCalls;
}

/** The tools of this host, or null when one is missing or the processor is not known. */
export function findUnshareTools(): UnshareTools | null {
  const calls = buildCalls(process.arch);
  const [unshare, setpriv, perl] = ["unshare", "setpriv", "perl"].map(findProgram);
  return unshare && setpriv && perl && calls ? { unshare, setpriv, perl, calls } : null;
}

/** What leads to the walls: the script comes through descriptor 4, so that its text is in no argument list. */
export function unsharePrefix({ setpriv }: UnshareTools): string[] {
  const shell = ["/bin/bash", "--noprofile", "--norc", "-c", 'IFS= read -r -d "" script <&4; eval "$script"', "walls"];
  return [setpriv, "--pdeathsig", "KILL", ...shell];
}

const namespaces: Readonly<Record<string, string>> = {
  "--unshare-pid": "--pid",
  "--unshare-net": "--net",
  "--unshare-ipc": "--ipc",
  "--unshare-uts": "--uts",
  "--unshare-cgroup-try": "--cgroup",
};

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/**
 * The same walls as `bwrap` would make of these options, as a script: an outer user namespace in which the root is built,
 * and an inner one in which nobody has rights over it. Every step that fails ends it before the program.
 */
export function renderUnshareScript(options: readonly WallOption[], root: string, tools: UnshareTools): string {
  const { unshare, setpriv, perl, calls } = tools;
  const has = (flag: string): boolean => options.some((option) => option.flag === flag);
  const lastOf = (flag: string): string => options.findLast((option) => option.flag === flag)?.values[0] ?? "";
  const env = options.flatMap(({ flag, values }) => (flag === "--setenv" ? [`${values[0]}=${values[1]}`] : []));
  const isSealed = options.some(({ flag, values }) => flag === "--remount-ro" && values[0] === "/");
  const letters = [has("--unshare-net") ? "n" : "", has("--disable-userns") ? "u" : "", isSealed ? "s" : ""].join("");
  const outer = [
    ...[unshare, "--user", "--map-root-user", "--mount", "--propagation", "private", "--fork"],
    ...(has("--die-with-parent") ? ["--kill-child"] : []),
    ...Object.entries(namespaces).flatMap(([flag, name]) => (has(flag) ? [name] : [])),
    "--",
  ];
  const builder = [perl, "-e", renderBuilder(calls), root, lastOf("--hostname"), letters, lastOf("--chdir")];
  const user = [`--map-user=${lastOf("--uid") || "0"}`, `--map-group=${lastOf("--gid") || "0"}`];
  const inner = [unshare, "--user", ...user, "--keep-caps", "--"];
  const drop = [setpriv, "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", "--"];
  const first = [perl, "-e", renderFirstProcess(calls), has("--seccomp") ? "5" : "-", has("--new-session") ? "1" : "0"];
  const all = [...outer, ...builder, planTable(options), ...inner, ...drop, ...first, "/usr/bin/env", "-i", ...env];
  return `exec ${all.map(quote).join(" ")} "$@"`;
}
