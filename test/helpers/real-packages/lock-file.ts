import { readFile } from "node:fs/promises";

type Entry = { version: string; resolved: string; integrity: string; dependencies?: Record<string, string> };
type Pool = Record<string, Entry>;

/** A lockfile for these direct dependencies, cut from a pool of locked versions, so that `npm ci` installs the same for ever. */
export async function renderLockFile(
  manifest: {
    name: string;
    version: string;
    dependencies: Record<string, string>;
    devDependencies: Record<string, string>;
  },
  poolName: "tape" | "mocha",
): Promise<string> {
  const pool: Pool = JSON.parse(await readFile(new URL(`locks/${poolName}.json`, import.meta.url), "utf8"));
  const packages: Record<string, unknown> = { "": manifest };
  const wanted = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    const key = `node_modules/${name}`;
    if (key in packages) continue;
    const entry = pool[key];
    if (!entry) throw new Error(`${name} is not in locks/${poolName}.json`);
    packages[key] = entry;
    wanted.push(...Object.keys(entry.dependencies ?? {}));
    for (const [nested, value] of Object.entries(pool)) {
      if (!nested.startsWith(`${key}/`)) continue;
      packages[nested] = value;
      wanted.push(...Object.keys(value.dependencies ?? {}));
    }
  }
  const { name, version } = manifest;
  return `${JSON.stringify({ name, version, lockfileVersion: 3, requires: true, packages }, null, 2)}\n`;
}
