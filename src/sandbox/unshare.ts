import { ownFirstFlag, variablesOf, type WallOption } from "./bubblewrap.ts";
import { type FirstProcess, findFirstProcess, firstProcessArgs, renderBuilder } from "./first-process.ts";
import { findProgram } from "./host.ts";
import { filterFd } from "./launch.ts";
import { planTable } from "./mount-table.ts";

/** What of this host makes walls without bubblewrap: programs of util-linux, and Perl. */
export interface UnshareTools {
  unshare: string;
  setpriv: string;
  first: FirstProcess;
}

/** The tools of this host, or null when one is missing or the processor is not known. */
export function findUnshareTools(): UnshareTools | null {
  const first = findFirstProcess();
  const [unshare, setpriv] = ["unshare", "setpriv"].map(findProgram);
  return unshare && setpriv && first ? { unshare, setpriv, first } : null;
}

/** What leads to the walls: the script comes through descriptor 4, so that its text is in no argument list. */
export const unsharePrefix: readonly string[] = [
  ...["/bin/bash", "--noprofile", "--norc", "-c"],
  ...['IFS= read -r -d "" script <&4; eval "$script"', "walls"],
];

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
  const { unshare, setpriv, first } = tools;
  const has = (flag: string): boolean => options.some((option) => option.flag === flag);
  const lastOf = (flag: string): string => options.findLast((option) => option.flag === flag)?.values[0] ?? "";
  const env = variablesOf(options);
  const isSealed = options.some(({ flag, values }) => flag === "--remount-ro" && values[0] === "/");
  const letters = [has("--unshare-net") ? "n" : "", has("--disable-userns") ? "u" : "", isSealed ? "s" : ""].join("");
  const dies = has("--die-with-parent");
  const outer = [
    ...(dies ? [setpriv, "--pdeathsig", "KILL"] : []),
    ...[unshare, "--user", "--map-root-user", "--mount", "--propagation", "private", "--fork"],
    ...(dies ? ["--kill-child"] : []),
    ...Object.entries(namespaces).flatMap(([flag, name]) => (has(flag) ? [name] : [])),
    "--",
  ];
  const builder = [
    first.perl,
    "-e",
    renderBuilder(first.calls),
    root,
    lastOf("--hostname"),
    letters,
    lastOf("--chdir"),
  ];
  const user = [`--map-user=${lastOf("--uid") || "0"}`, `--map-group=${lastOf("--gid") || "0"}`];
  const inner = [unshare, "--user", ...user, "--keep-caps", "--"];
  const drop = [setpriv, "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", "--"];
  const start = firstProcessArgs(first, {
    filterFd: has("--seccomp") ? filterFd : null,
    letters: `r${dies ? "d" : ""}${has("--new-session") ? "s" : ""}${has(ownFirstFlag) ? "p" : ""}`,
    env,
  });
  const all = [...outer, ...builder, planTable(options), ...inner, ...drop, ...start];
  return `exec ${all.map(quote).join(" ")} "$@"`;
}
