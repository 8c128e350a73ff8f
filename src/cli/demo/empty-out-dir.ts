import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, describeError } from "../../domain/errors.ts";
import { makeFolder } from "../make-folder.ts";

/** What a demo leaves in its folder; the last three only when it died. */
const ownEntries = new Set(["artifacts", "clone", "pull-request.md", "session", "checks", "index", "store.git"]);

/** Makes the folder, or empties one that holds nothing but what an earlier demo left. Throws ConfigError: it deletes nobody else's files. */
export async function emptyOutDir(dir: string): Promise<void> {
  try {
    await makeFolder(dir);
  } catch (cause) {
    throw new ConfigError(`Nothing can be left in ${dir}: ${describeError(cause)}.`, {
      hint: "Give --out a folder that can be written.",
      cause,
    });
  }
  const entries = await readdir(dir);
  const foreign = entries.find((name) => !ownEntries.has(name));
  if (foreign !== undefined)
    throw new ConfigError(`${dir} holds ${JSON.stringify(foreign)}, which no demo left there; it would be deleted.`, {
      hint: "Give --out an empty folder, or one that is not there yet.",
    });
  for (const name of entries) await rm(join(dir, name), { recursive: true, force: true });
}
