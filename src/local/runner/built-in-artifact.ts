import { cp, glob, mkdir, stat } from "node:fs/promises";
import { basename, isAbsolute, join, relative } from "node:path";
import type { JobContext } from "./job-context.ts";

/** `actions/upload-artifact`: copies what the paths name to the artifacts folder of the run. */
export async function uploadArtifact(
  job: JobContext,
  inputs: Record<string, string>,
  log: (line: string) => void,
): Promise<void> {
  const name = inputs.name || "artifact";
  if (/[\\/:*?"<>|\r\n]/.test(name)) throw new Error(`The artifact name is not valid: ${name}`);
  const patterns = (inputs.path ?? "")
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  const found: string[] = [];
  for (const pattern of patterns) found.push(...(await expand(job.paths.workspace, pattern)));
  if (found.length === 0) {
    const message = `No files were found with the provided path: ${patterns.join(", ")}. No artifacts will be uploaded.`;
    if (inputs["if-no-files-found"] === "error") throw new Error(message);
    log(inputs["if-no-files-found"] === "ignore" ? message : `::warning::${message}`);
    return;
  }
  const target = join(job.settings.artifactsDir, String(job.run.id), name);
  await mkdir(target, { recursive: true });
  const shared = found.length > 1 && found.every((file) => !relative(job.paths.workspace, file).startsWith(".."));
  for (const file of found) {
    const place = shared ? relative(job.paths.workspace, file) : basename(file);
    await cp(file, join(target, place), { recursive: true });
  }
  log(`Artifact ${name} has been successfully uploaded! Files: ${found.length}`);
}

async function expand(workspace: string, pattern: string): Promise<string[]> {
  const path = isAbsolute(pattern) ? pattern : join(workspace, pattern);
  if (
    await stat(path).then(
      () => true,
      () => false,
    )
  )
    return [path];
  if (!/[*?[{]/.test(pattern)) return [];
  const found: string[] = [];
  for await (const file of glob(path)) found.push(file);
  return found.sort();
}
