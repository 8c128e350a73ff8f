import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
} from "node:fs";
import { basename, dirname, join, normalize } from "node:path/posix";
import { Refusal, type Roots } from "./protocol.ts";

const within = (path: string, root: string): boolean =>
  path === root || path.startsWith(root === "/" ? "/" : `${root}/`);

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** Keeps file tools to the four places; the walls around the process hold in any case. */
export class Confine {
  readonly #roots: Roots;

  constructor(roots: Roots) {
    this.#roots = roots;
  }

  /** Absolute path of what the model wrote: relative paths are the work tree's. */
  absolute(path: string): string {
    if (path === "") throw new Refusal("path is empty");
    if (path.includes("\0")) throw new Refusal("path contains a NUL byte");
    if (Buffer.byteLength(path) > 4_000) throw new Refusal("path is longer than 4,000 bytes");
    return normalize(path.startsWith("/") ? path : `${this.#roots.workspace}/${path}`).replace(/(.)\/+$/, "$1");
  }

  /** The path as it is told: relative inside the work tree, absolute elsewhere. */
  show(real: string): string {
    if (within(real, this.#roots.workspace)) return real.slice(this.#roots.workspace.length + 1) || ".";
    return real;
  }

  #mayRead(path: string): boolean {
    return (
      Object.values(this.#roots).some((root: string) => within(path, root)) ||
      within(path, "/usr") ||
      within(path, "/opt")
    );
  }

  #mayWrite(path: string): boolean {
    return [this.#roots.workspace, this.#roots.tmp, this.#roots.home].some((root) => within(path, root));
  }

  #refuseRead(path: string, real: string): Refusal {
    const via = path === real ? "" : ` (it leads to ${real})`;
    return new Refusal(
      `${path}${via} cannot be read: allowed are /workspace, /outputs, /tmp, /home/baton, /usr and /opt`,
    );
  }

  #refuseWrite(path: string, real: string): Refusal {
    const via = path === real ? "" : ` (it leads to ${real})`;
    return new Refusal(`${path}${via} cannot be written: allowed are /workspace, /tmp and /home/baton`);
  }

  /** Real path of something that exists and may be read. */
  existing(path: string): string {
    const full = this.absolute(path);
    if (!this.#mayRead(full)) throw this.#refuseRead(path, full);
    const real = realOrRefuse(full, path);
    if (!this.#mayRead(real)) throw this.#refuseRead(path, real);
    return real;
  }

  /** Bytes of a regular file, opened without following a link and checked again after the open. */
  readFile(path: string, maxBytes: number): { bytes: Buffer; real: string; mode: number } {
    const real = this.existing(path);
    const fd = openOrRefuse(real, path);
    try {
      const opened = readlinkSync(`/proc/self/fd/${fd}`);
      if (!this.#mayRead(opened)) throw this.#refuseRead(path, opened);
      const stat = fstatSync(fd);
      if (stat.isDirectory()) throw new Refusal(`${path} is a directory: use glob to list it`);
      if (!stat.isFile()) throw new Refusal(`${path} is not a regular file`);
      if (stat.size > maxBytes)
        throw new Refusal(`${path} has ${stat.size} bytes; at most ${maxBytes} can be handled here`);
      return { bytes: readFileSync(fd), real: opened, mode: stat.mode & 0o777 };
    } finally {
      closeSync(fd);
    }
  }

  /**
   * Where a write to `path` really lands: the directory held open, so that swapping a link meanwhile changes nothing, and
   * the name in it. Missing directories are made when `make` is set; otherwise `dirFd` is null for them.
   */
  target(
    path: string,
    make: boolean,
    depth = 0,
  ): { dirFd: number | null; name: string; real: string; exists: boolean } {
    if (depth > 8) throw new Refusal(`${path} is a chain of too many links`);
    const full = this.absolute(path);
    if (path.endsWith("/")) throw new Refusal(`${path} names a directory, not a file`);
    if (!this.#mayWrite(full)) throw this.#refuseWrite(path, full);
    const name = basename(full);
    const { parent, isMissing } = this.#parent(dirname(full), path, make);
    if (isMissing) return { dirFd: null, name, real: join(parent, name), exists: false };
    const dirFd = openOrRefuse(parent, path, constants.O_DIRECTORY);
    try {
      const dir = readlinkSync(`/proc/self/fd/${dirFd}`);
      if (!this.#mayWrite(join(dir, name)) || !this.#mayWrite(dir)) throw this.#refuseWrite(path, join(dir, name));
      const kind = kindOf(`/proc/self/fd/${dirFd}/${name}`);
      if (kind === "link") {
        const real = realOrRefuse(join(dir, name), path);
        if (!this.#mayWrite(real)) throw this.#refuseWrite(path, real);
        const target = this.target(real, make, depth + 1);
        closeSync(dirFd);
        return target;
      }
      if (kind === "directory") throw new Refusal(`${path} is a directory`);
      if (kind === "other") throw new Refusal(`${path} is not a regular file`);
      return { dirFd, name, real: join(dir, name), exists: kind === "file" };
    } catch (error) {
      closeSync(dirFd);
      throw error;
    }
  }

  #parent(dir: string, path: string, make: boolean): { parent: string; isMissing: boolean } {
    const missing: string[] = [];
    let at = dir;
    for (;;) {
      try {
        const real = realpathSync(at);
        const full = [real, ...missing].join("/");
        if (!this.#mayWrite(full)) throw this.#refuseWrite(path, full);
        const isMissing = missing.length > 0 && !make;
        if (missing.length > 0 && make) mkdirSync(full, { recursive: true });
        return { parent: full, isMissing };
      } catch (error) {
        if (error instanceof Refusal) throw error;
        const code = codeOf(error);
        if (code === "ENOENT" && kindOf(at) === null && at !== "/") {
          missing.unshift(basename(at));
          at = dirname(at);
          continue;
        }
        throw new Refusal(`${path}: its directory cannot be used (${code || "unknown"})`);
      }
    }
  }
}

function kindOf(path: string): "file" | "directory" | "link" | "other" | null {
  try {
    const stat = lstatSync(path);
    if (stat.isSymbolicLink()) return "link";
    if (stat.isDirectory()) return "directory";
    return stat.isFile() ? "file" : "other";
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw new Refusal(`the path cannot be looked at (${codeOf(error)})`);
  }
}

function realOrRefuse(full: string, path: string): string {
  try {
    return realpathSync(full);
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT")
      throw new Refusal(`${path} does not exist${kindOf(full) === "link" ? " (a link that leads nowhere)" : ""}`);
    throw new Refusal(`${path} cannot be reached (${code})`);
  }
}

function openOrRefuse(real: string, path: string, extra = 0): number {
  try {
    return openSync(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | extra);
  } catch (error) {
    const code = codeOf(error);
    throw new Refusal(code === "ENOENT" ? `${path}: no such file or directory` : `${path} cannot be opened (${code})`);
  }
}
