import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { PackageVersion } from "./real-task.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Name of the alias under which a version may be among our devDependencies: `minimist-1-2-5`. */
export function aliasOf(name: string, version: string): string {
  return `${name}-${version.replaceAll(".", "-")}`;
}

/** Copies the files of a published version: from our devDependencies, else from the registry, checked by its hash. */
export async function copyPackage(name: string, wanted: PackageVersion, to: string): Promise<void> {
  const from = await locatePackage(name, wanted);
  await cp(from, to, { recursive: true, filter: (path) => path !== join(from, "node_modules") });
}

/** Where the files of a published version are on this machine; fetched once, nothing of them is ever run here. */
export async function locatePackage(name: string, { version, integrity }: PackageVersion): Promise<string> {
  const alias = join(root, "node_modules", aliasOf(name, version));
  if (existsSync(alias)) return alias;
  const cache = join(root, "node_modules", ".cache", "real-packages", aliasOf(name, version));
  if (existsSync(cache)) return cache;
  const dir = await mkdtemp(join(tmpdir(), "package-"));
  try {
    const { stdout } = await run("npm", ["pack", "--silent", "--ignore-scripts", `${name}@${version}`], { cwd: dir });
    const tarball = join(dir, stdout.trim().split("\n").at(-1) ?? "");
    const found = `sha512-${createHash("sha512")
      .update(await readFile(tarball))
      .digest("base64")}`;
    if (found !== integrity) throw new Error(`${name}@${version} has the hash ${found}, expected ${integrity}`);
    const files = join(dir, "files");
    await mkdir(files);
    await run("tar", ["-xzf", tarball, "-C", files, "--strip-components=1", "--no-same-owner"]);
    await mkdir(join(cache, ".."), { recursive: true });
    await cp(files, `${cache}.${process.pid}`, { recursive: true });
    await rename(`${cache}.${process.pid}`, cache).catch(() => rm(`${cache}.${process.pid}`, { recursive: true }));
    return cache;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
