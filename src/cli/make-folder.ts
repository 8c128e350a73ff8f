import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes a folder and those above it, one after the other. Node's own `recursive` never ends where mkdir says ENOENT below a
 * folder that is there, as under /proc. Throws the system's error.
 */
export async function makeFolder(path: string): Promise<void> {
  const missing: string[] = [];
  for (let at = path; !(await stat(at).catch(unless("ENOENT"))); at = dirname(at)) missing.unshift(at);
  for (const at of missing) await mkdir(at).catch(unless("EEXIST"));
  if (!(await stat(path)).isDirectory()) throw new Error("it is a file");
}

function unless(code: string): (error: NodeJS.ErrnoException) => null {
  return (error) => {
    if (error.code === code) return null;
    throw error;
  };
}
