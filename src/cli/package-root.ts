import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** Folder of this Baton: of the clone, or of the installed package that holds the bundle. */
export function findPackageRoot(from = import.meta.dirname): string {
  for (let dir = from; dirname(dir) !== dir; dir = dirname(dir)) {
    if (existsSync(join(dir, "package.json")) && existsSync(join(dir, "action.yml"))) return dir;
  }
  throw new Error(`no package of Baton above ${from}`);
}
