import { existsSync } from "node:fs";
import { mkdir, readdir, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigError, describeError } from "../../domain/errors.ts";

/** What starts on a runner, and what those files are made of. */
const needed = ["action.mjs", "file-server.mjs"];
const sources = ["src", "package-lock.json", "scripts/build.ts"];

/** Makes sure that dist/ holds what the sources give; builds it where it is missing or older. Throws ConfigError where it cannot. */
export async function ensureDist(packageRoot: string, say: (line: string) => void): Promise<void> {
  const dist = join(packageRoot, "dist");
  const build = join(packageRoot, "scripts/build.ts");
  const missing = needed.filter((name) => !existsSync(join(dist, name)));
  const hasSources = existsSync(build);
  if (missing.length === 0 && (!hasSources || !(await isStale(packageRoot)))) return;
  if (!hasSources) {
    throw new ConfigError(`${missing.map((name) => `dist/${name}`).join(", ")} is missing.`, {
      hint: "Install the package again, or run the demo in a clone.",
    });
  }
  say(missing.length > 0 ? "dist/ is not built yet: building it." : "dist/ is older than the sources: building it.");
  await mkdir(dist, { recursive: true });
  for (const [name, text] of await bundle(build)) {
    // Another run may be starting the file at this moment: it sees the old one or the new one.
    const temporary = join(dist, `.${name}.${process.pid}`);
    await writeFile(temporary, text);
    await rename(temporary, join(dist, name));
  }
}

async function bundle(script: string): Promise<Map<string, string>> {
  try {
    const { buildDist } = (await import(pathToFileURL(script).href)) as {
      buildDist: () => Promise<Map<string, string>>;
    };
    return await buildDist();
  } catch (cause) {
    throw new ConfigError(`dist/ cannot be built: ${describeError(cause)}`, {
      hint: "Run `npm ci` in the clone first; it brings what the build needs.",
      cause,
    });
  }
}

async function isStale(packageRoot: string): Promise<boolean> {
  const built = await Promise.all(needed.map((name) => timeOf(join(packageRoot, "dist", name))));
  const oldest = Math.min(...built);
  for (const path of sources) {
    const full = join(packageRoot, path);
    const files = path === "src" ? await readdir(full, { recursive: true }) : [""];
    for (const file of files) if ((await timeOf(join(full, file))) > oldest) return true;
  }
  return false;
}

async function timeOf(path: string): Promise<number> {
  return (await stat(path)).mtimeMs;
}
