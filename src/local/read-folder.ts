import { access, readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";

/** Where a repository's first files come from. */
export type FolderSource = { importFrom: string } | { files: Record<string, Uint8Array> };

/** A git repository is imported at its HEAD; a plain folder is read whole, without node_modules. */
export async function readFolder(folder: string): Promise<FolderSource> {
  const isGit = await access(join(folder, ".git")).then(
    () => true,
    () => false,
  );
  if (isGit) return { importFrom: folder };
  const files: Record<string, Uint8Array> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/");
    if (entry.isFile() && !path.split("/").includes("node_modules")) files[path] = await readFile(join(folder, path));
  }
  return { files };
}
