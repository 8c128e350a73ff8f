import { spawn } from "node:child_process";
import { lstatSync, readdirSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SandboxError } from "../domain/errors.ts";
import { findProgram } from "./host.ts";

/**
 * Leaves what is not tracked; directories that become empty go too. Nothing is followed: where set-up put a link in the
 * place of a tracked directory, the link itself is removed, for Baton may run as root here.
 */
export async function removeTracked(dir: string, tracked: ReadonlySet<string>): Promise<void> {
  await rm(join(dir, ".git"), { recursive: true, force: true });
  const real = new Map<string, boolean>();
  const isRealFolder = (folder: string): boolean => {
    const known = real.get(folder);
    if (known !== undefined) return known;
    const parent = dirname(folder);
    const is =
      (parent === "." || isRealFolder(parent)) &&
      lstatSync(join(dir, folder), { throwIfNoEntry: false })?.isDirectory() === true;
    if (!is && (parent === "." || isRealFolder(parent))) rmSync(join(dir, folder), { force: true });
    real.set(folder, is);
    return is;
  };
  for (const path of tracked) {
    const parent = dirname(path);
    if (parent === "." || isRealFolder(parent)) await rm(join(dir, path), { force: true, recursive: true });
  }
  const folders = [...real].filter(([, is]) => is).map(([folder]) => folder);
  for (const folder of folders.sort((a, b) => b.length - a.length)) {
    if (readdirSync(join(dir, folder)).length === 0) rmSync(join(dir, folder), { recursive: true });
  }
}

/** Copies the contents of a directory with links, modes and times; by reflink where the file system can. */
export async function copyInto(from: string, to: string): Promise<void> {
  // Without set-up commands both parts of a layer are empty, and no process is worth starting.
  if (readdirSync(from).length === 0) return;
  await new Promise<void>((resolve, reject) => {
    const args = [
      "-dR",
      "--preserve=mode,ownership,timestamps,links",
      "--reflink=auto",
      "--one-file-system",
      "--",
      `${from}/.`,
      to,
    ];
    const child = spawn(findProgram("cp") ?? "cp", args, { env: {}, stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      if (said.length < 1_000) said += chunk.toString();
    });
    const fail = (cause: unknown): void =>
      reject(
        new SandboxError(`the layer could not be copied: ${said.trim().slice(0, 300)}`, {
          hint: "Is the disk full?",
          cause,
        }),
      );
    child.once("error", fail);
    child.once("close", (code) => (code === 0 ? resolve() : fail(`exit ${code}`)));
  });
}

/** Folders with more files than this are named as a whole: nobody writes source into them. */
const maxNamedFiles = 200;

/**
 * What set-up left beside the tracked files, as ignore lines: it is no part of the work, whether or not the repository
 * ignores it. A small folder is named file by file, so that what the work adds beside them still counts.
 */
export function listLeft(dir: string): string[] {
  const visit = (folder: string): { files: string[]; count: number } => {
    const found: string[] = [];
    let count = 0;
    for (const entry of readdirSync(join(dir, folder), { withFileTypes: true })) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (!entry.isDirectory()) {
        count += 1;
        found.push(ignoreLine(path));
        continue;
      }
      const below = visit(path);
      count += below.count;
      found.push(
        ...(below.count > maxNamedFiles || entry.name === "node_modules" ? [`${ignoreLine(path)}/`] : below.files),
      );
    }
    return { files: found, count };
  };
  return visit("").files;
}

function ignoreLine(path: string): string {
  return `/${path.replaceAll(/[\\*?[\]!# ]/g, "\\$&")}`;
}
