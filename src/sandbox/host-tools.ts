import { existsSync, readdirSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isWithin, places } from "./places.ts";

/** Where the walls put something of their own: what the host has there is never seen. */
const ownPlaces = ["/tmp", "/var/tmp", "/proc", "/dev", "/sys", "/run", "/var/run", places.outputs, places.workspace];

/** Whether a path lies in the system's folders, which are shown in any case. */
export const isOfSystem = (path: string): boolean =>
  ["/usr", "/bin", "/sbin", "/opt"].some((dir) => isWithin(path, dir));

/** Tools of the host that lie outside its system folders: what to show of them, and what they have to be told. */
export interface HostTools {
  dirs: string[];
  /** Variables without which a tool does not find its own parts; paths, and nothing else. */
  env: Record<string, string>;
}

/**
 * The tools that the entries of a PATH lead to (a version manager, a self-hosted tool cache): with an entry that is plainly the
 * `bin` of Node, Python or a JDK come the folders beside it that belong to the installation, with shims their manager. What
 * else lies there is not shown, and HOME as such never.
 */
export function findHostTools(path: string, home: string): HostTools {
  const found = new Set<string>();
  const env: Record<string, string> = {};
  for (const entry of path.split(":")) {
    if (!entry.startsWith("/") || !existsSync(entry)) continue;
    const real = realpathSync(entry);
    const rustup = findRustup(real);
    if (rustup) env.RUSTUP_HOME ??= rustup;
    if (isOfSystem(entry)) continue;
    for (const dir of [...findInstallation(real), ...(rustup ? [rustup] : [])])
      if (mayBeShown(dir, home)) found.add(dir);
  }
  const dirs = [...found];
  return { dirs: dirs.filter((dir) => !dirs.some((other) => other !== dir && isWithin(dir, other))), env };
}

function mayBeShown(dir: string, home: string): boolean {
  if (dir === "/" || isOfSystem(dir) || isWithin(home, dir)) return false;
  return !ownPlaces.some((place) => isWithin(dir, place) || isWithin(place, dir));
}

/** Of an installation; `share` is left out, which below `~/.local` is where programs keep what they know of their user. */
const installed = ["bin", "lib", "lib64", "libexec", "include", "conf"];

function findInstallation(entry: string): string[] {
  const prefix = dirname(entry);
  const within = (name: string): string => join(prefix, name);
  // pyenv, rbenv, nodenv, goenv, jenv: a shim calls the manager beside it, which starts one of its versions.
  if (basename(entry) === "shims" && existsSync(within("libexec")) && existsSync(within("versions"))) return [prefix];
  const isNodeOrJava = existsSync(within("lib/node_modules")) || existsSync(within("lib/modules"));
  if (basename(entry) !== "bin" || !(isNodeOrJava || hasPython(within("lib")))) return [entry];
  return installed.map(within).filter((dir) => existsSync(dir));
}

function hasPython(lib: string): boolean {
  try {
    return readdirSync(lib).some((name) => /^python3\./.test(name) && existsSync(join(lib, name, "os.py")));
  } catch {
    return false;
  }
}

/**
 * The home of rustup, whose proxies (`cargo`, `rustc`) stand in this folder; they find it by RUSTUP_HOME or HOME, and both
 * are Baton's own inside. It lies beside cargo's: `~/.cargo` and `~/.rustup`, or `/usr/local/cargo` and `/usr/local/rustup`.
 */
function findRustup(entry: string): string | null {
  if (!existsSync(join(entry, "rustup"))) return null;
  const cargo = dirname(entry);
  const home = join(dirname(cargo), basename(cargo).replace("cargo", "rustup"));
  return existsSync(join(home, "toolchains")) ? home : null;
}
