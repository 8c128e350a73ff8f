import type { HostPiece } from "./host.ts";
import { isWithin, places } from "./places.ts";

/** One step of building the root that the model sees. */
export type Mount =
  | { kind: "ro"; from: string; to: string }
  | { kind: "rw"; from: string; to: string }
  | { kind: "tmpfs"; to: string; bytes: number; mode: string }
  | { kind: "dir"; to: string }
  | { kind: "link"; to: string; target: string }
  | { kind: "proc"; to: string }
  | { kind: "dev"; to: string }
  | { kind: "seal"; to: string };

/** What differs from sandbox to sandbox; all paths are the host's. */
export interface MountSpec {
  host: readonly HostPiece[];
  /** Tools outside the system's folders, and where they are reached from. */
  tools: readonly { from: string; to: string }[];
  mask: readonly string[];
  /** Files in whose place an empty one is shown. */
  emptied: readonly string[];
  emptyFile: string;
  workDir: string;
  homeDir: string;
  outputsDir: string;
  tmpDir: string;
  /** Directory with the made-up files of /etc. */
  etcDir: string;
  etcFiles: readonly string[];
  /** Node's executable and the helper's code (a directory from source, a file when bundled). */
  node: string;
  helper: string;
  isBundled: boolean;
  proxyDir: string | null;
}

/** The root as a list of mounts, in order: an allow-list over an empty tmpfs, sealed read-only at the end. */
export function planMounts(spec: MountSpec): Mount[] {
  const shown: Mount[] = spec.host.map((piece) =>
    piece.kind === "link"
      ? { kind: "link", to: piece.path, target: piece.target }
      : { kind: "ro", from: piece.path, to: piece.path },
  );
  const isShown = (path: string): boolean =>
    spec.host.some((piece) => piece.kind === "bind" && isWithin(path, piece.path)) ||
    spec.tools.some(({ to }) => isWithin(path, to));
  // A tool in HOME (a version manager) is shown although HOME is not.
  const isMasked = (path: string): boolean => isShown(path) && !spec.tools.some(({ to }) => isWithin(to, path));
  return [
    ...shown,
    ...spec.tools.map((tool): Mount => ({ kind: "ro", ...tool })),
    ...spec.mask.filter(isMasked).map((path): Mount => ({ kind: "tmpfs", to: path, bytes: 4_096, mode: "0555" })),
    ...spec.emptied.filter(isShown).map((path): Mount => ({ kind: "ro", from: spec.emptyFile, to: path })),
    ...spec.etcFiles.map((name): Mount => ({ kind: "ro", from: `${spec.etcDir}/${name}`, to: `/etc/${name}` })),
    { kind: "proc", to: "/proc" },
    { kind: "dev", to: "/dev" },
    { kind: "tmpfs", to: "/dev/shm", bytes: 256 * 1024 ** 2, mode: "1777" },
    { kind: "seal", to: "/dev" },
    { kind: "dir", to: "/run" },
    { kind: "dir", to: "/var" },
    { kind: "link", to: "/var/tmp", target: places.tmp },
    { kind: "ro", from: spec.node, to: `${places.helper}/node` },
    { kind: "ro", from: spec.helper, to: helperPath(spec.isBundled) },
    { kind: "rw", from: spec.workDir, to: places.workspace },
    { kind: "rw", from: spec.homeDir, to: places.home },
    { kind: "ro", from: spec.outputsDir, to: places.outputs },
    { kind: "rw", from: spec.tmpDir, to: places.tmp },
    ...(spec.proxyDir ? [{ kind: "ro", from: spec.proxyDir, to: places.proxy } as const] : []),
  ];
}

function helperPath(isBundled: boolean): string {
  return isBundled ? `${places.helper}/file-server.mjs` : `${places.helper}/inside`;
}

/** The helper's entry file as seen inside. */
export function helperEntry(isBundled: boolean): string {
  return isBundled ? helperPath(true) : `${helperPath(false)}/file-server.ts`;
}
