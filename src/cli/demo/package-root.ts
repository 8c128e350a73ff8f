import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder with action.yml, whether this runs from the sources or from dist/. Throws when there is none. */
export function findPackageRoot(from: string = fileURLToPath(import.meta.url)): string {
  for (let dir = dirname(from); ; dir = dirname(dir)) {
    if (existsSync(join(dir, "action.yml"))) return dir;
    if (dir === dirname(dir)) throw new Error(`no action.yml above ${from}`);
  }
}
