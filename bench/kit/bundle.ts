import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildDist } from "../../scripts/build.ts";

/** The command line as it is released, built from the sources as they are; gone at the end. */
export async function openBundle(): Promise<AsyncDisposable & { file: string }> {
  const dir = await mkdtemp(join(tmpdir(), "bundle-"));
  for (const [name, text] of await buildDist()) await writeFile(join(dir, name), text);
  return {
    file: join(dir, "cli.mjs"),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}
