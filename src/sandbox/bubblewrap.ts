import { type FirstProcess, firstProcessArgs } from "./first-process.ts";
import type { Mount } from "./mounts.ts";
import { insideUid } from "./places.ts";

/** One bubblewrap option with its values, and the guard that it stands for. */
export interface WallOption {
  flag: string;
  values: string[];
  guard: string;
}

const option = (guard: string, flag: string, ...values: string[]): WallOption => ({ guard, flag, values });

/** The options that make the walls, before any mount. Each is taken away once by `scripts/teeth-sandbox.ts`. */
function namespaceOptions(): WallOption[] {
  return [
    option("a user namespace of its own", "--unshare-user"),
    option("no processes of the host", "--unshare-pid"),
    option("no network", "--unshare-net"),
    option("no shared memory of the host", "--unshare-ipc"),
    option("a host name of its own", "--unshare-uts"),
    option("no control groups of the host", "--unshare-cgroup-try"),
    option("nested namespaces off", "--disable-userns"),
    option("never root inside", "--uid", String(insideUid)),
    option("never root's group inside", "--gid", String(insideUid)),
    option("a host name of its own", "--hostname", "baton"),
    option("no terminal of the host", "--new-session"),
    option("dies with Baton", "--die-with-parent"),
  ];
}

function mountOption(mount: Mount): WallOption[] {
  switch (mount.kind) {
    case "ro":
      return [option(`${mount.to} cannot be written`, "--ro-bind", mount.from, mount.to)];
    case "rw":
      return [option(`${mount.to} is there`, "--bind", mount.from, mount.to)];
    case "tmpfs":
      return [
        option(`${mount.to} is bounded`, "--size", String(mount.bytes)),
        option(`${mount.to} has its mode`, "--perms", mount.mode),
        option(`${mount.to} is empty and apart`, "--tmpfs", mount.to),
      ];
    case "dir":
      return [option(`${mount.to} is there`, "--dir", mount.to)];
    case "link":
      return [option(`${mount.to} is there`, "--symlink", mount.target, mount.to)];
    case "proc":
      return [option("/proc shows only what is inside", "--proc", mount.to)];
    case "dev":
      return [option("/dev holds only harmless devices", "--dev", mount.to)];
    case "seal":
      return [option(`${mount.to} is read-only`, "--remount-ro", mount.to)];
  }
}

/** All options of one bubblewrap call in their order; the last mount seals the root itself. */
export function planWallOptions(request: {
  mounts: readonly Mount[];
  env: Readonly<Record<string, string>>;
  cwd: string;
  commandFile: string | null;
  commandPlace: string;
  /** Whether the first process is our own: everybody inside can look into bubblewrap's, and say an exit code in its name. */
  isFirstOwn: boolean;
  /** Descriptor of the filter of system calls, where there is one for this processor. */
  filterFd: number | null;
}): WallOption[] {
  const command = request.commandFile
    ? [option("the command is there", "--ro-bind", request.commandFile, request.commandPlace)]
    : [];
  return [
    ...namespaceOptions(),
    ...request.mounts.flatMap(mountOption),
    ...command,
    option("the root is read-only", "--remount-ro", "/"),
    ...Object.entries(request.env).map(([name, value]) => option(`${name} is set`, "--setenv", name, value)),
    option("starts in its directory", "--chdir", request.cwd),
    ...(request.isFirstOwn ? [option("nobody speaks for the first process", ownFirstFlag)] : []),
    ...(request.filterFd === null
      ? []
      : [option("no keyrings, odd sockets or rare kernel calls", "--seccomp", String(request.filterFd))]),
  ];
}

/** The bytes for `bwrap --args`: NUL-separated, so that no host path is in an argument list that can be read inside. */
export function renderWallArgs(options: readonly WallOption[]): string {
  return options
    .flatMap(({ flag, values }) => [flag, ...values])
    .map((part) => `${part}\0`)
    .join("");
}

/** The variables among the options, as `NAME=value`. */
export function variablesOf(options: readonly WallOption[]): string[] {
  return options.flatMap(({ flag, values }) => (flag === "--setenv" ? [`${values[0]}=${values[1]}`] : []));
}

/** Says that our own first process stands in for bubblewrap's. */
export const ownFirstFlag = "--as-pid-1";

/** What bubblewrap is given of the options, and what it starts before the program: our own first process, where they name it. */
export function placeFirstProcess(
  options: readonly WallOption[],
  first: FirstProcess | null,
): { options: readonly WallOption[]; program: string[] } {
  if (!first || !options.some(({ flag }) => flag === ownFirstFlag)) return { options, program: [] };
  return {
    options: options.filter(({ flag }) => flag !== "--setenv"),
    program: firstProcessArgs(first, { filterFd: null, letters: "p", env: variablesOf(options) }),
  };
}
