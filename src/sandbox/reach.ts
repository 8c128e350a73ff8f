import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
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

const stageScript = `for ((i = $1; i > 0; i--)); do "$MOUNT" --bind "$2" "$3" || exit 125; shift 2; done; shift; exec -c "$@"`;

/**
 * Shows paths at places that an unprivileged user can come to, in a mount namespace of their own: Baton as root drops its
 * rights before it starts bubblewrap, and a session below a closed directory would be out of reach then.
 */
export class Stage {
  readonly #dir: string;
  readonly #pairs: string[] = [];

  constructor(scratchDir: string) {
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

  /** What has to be started before the program that drops the rights. */
  prefix(): string[] {
    if (this.#pairs.length === 0) return [];
    const script = stageScript.replace('"$MOUNT"', findProgram("mount") ?? "mount");
    const unshare = [findProgram("unshare") ?? "unshare", "--mount", "--propagation", "private"];
    return [
      ...unshare,
      "/bin/bash",
      "--noprofile",
      "--norc",
      "-c",
      script,
      "stage",
      String(this.#pairs.length / 2),
      ...this.#pairs,
    ];
  }
}
