import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describeError, SandboxError } from "../domain/errors.ts";
import { type FirstProcess, findFirstProcess } from "./first-process.ts";
import { findProgram } from "./host.ts";

/** Whether a user without any rights can come to a path: every directory above it can be entered. */
export function isReachable(path: string): boolean {
  for (let dir = dirname(path); ; dir = dirname(dir)) {
    try {
      if ((statSync(dir).mode & 0o001) === 0) return false;
    } catch {
      return false;
    }
    if (dir === "/") return true;
  }
}

/** Mounts pairs of paths, says so, and waits until its namespace is held by somebody else; Perl needs no process for each pair. */
function stageCommand(first: FirstProcess | null): string[] {
  if (first) {
    const bind = `syscall(${first.calls.mount}, $from, $to, 0, 4096, 0) == 0 or die "$from: $!\\n"`;
    return [
      first.perl,
      "-e",
      `while (my ($from, $to) = splice @ARGV, 0, 2) { ${bind} } syswrite STDOUT, "up\\n"; <STDIN>`,
    ];
  }
  const script = 'while (($# > 1)); do "$0" --bind "$1" "$2" || exit 125; shift 2; done; echo up; read -r _';
  return ["/bin/bash", "--noprofile", "--norc", "-c", script, findProgram("mount") ?? "mount"];
}

/**
 * Shows paths at places that an unprivileged user can come to, in a mount namespace of their own: Baton as root drops its
 * rights before it starts bubblewrap, and a session below a closed directory would be out of reach then. The namespace is
 * made once and entered by each start; nothing but a descriptor of this process keeps it, so it is gone when Baton is.
 */
export class Stage {
  readonly #dir: string;
  readonly #pairs: string[] = [];
  readonly #first: FirstProcess | null;
  #namespace: number | null = null;

  constructor(scratchDir: string, first: FirstProcess | null = findFirstProcess()) {
    this.#first = first;
    this.#dir = join(scratchDir, "stage");
    mkdirSync(this.#dir, { mode: 0o711 });
  }

  /** Where bubblewrap finds `path`: there itself, or on the stage. */
  at(path: string): string {
    if (isReachable(path)) return path;
    const place = join(this.#dir, String(this.#pairs.length / 2));
    if (statSync(path).isDirectory()) mkdirSync(place);
    else writeFileSync(place, "");
    this.#pairs.push(path, place);
    return place;
  }

  /** Makes the namespace with every path that was asked for so far. Throws SandboxError when it cannot be made. */
  async open(): Promise<void> {
    if (this.#pairs.length === 0) return;
    const args = ["--mount", "--propagation", "private", ...stageCommand(this.#first), ...this.#pairs];
    const child = spawn(findProgram("unshare") ?? "unshare", args, { env: {}, cwd: "/" });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
    child.stdin.on("error", () => {});
    const gone = new Promise<void>((resolve, reject) => child.once("error", reject).once("close", () => resolve()));
    await Promise.race([gone, once(child.stdout, "data")]).catch((cause: unknown) => {
      said += describeError(cause);
    });
    if (said === "up\n") this.#namespace = openSync(`/proc/${child.pid}/ns/mnt`, "r");
    child.stdin.end();
    await gone.catch(() => {});
    if (this.#namespace === null) {
      const hint = "Baton as root needs the right to mount; as another user it does not.";
      throw new SandboxError(`the work tree could not be shown to the inside user: ${said.trim()}`, { hint });
    }
  }

  /** What has to be started before the program that drops the rights. */
  prefix(): string[] {
    if (this.#namespace === null) return [];
    return [findProgram("nsenter") ?? "nsenter", `--mount=/proc/${process.pid}/fd/${this.#namespace}`, "--"];
  }

  close(): void {
    if (this.#namespace !== null) closeSync(this.#namespace);
    this.#namespace = null;
  }
}
