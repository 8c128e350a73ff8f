import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import type { JobContext } from "./job-context.ts";

/** An action that this runner can start. */
export interface ActionSpec {
  dir: string;
  main: string;
  pre: string | null;
  preIf: unknown;
  post: string | null;
  postIf: unknown;
  /** Declared inputs with their defaults; null means no default. */
  inputs: Record<string, string | null>;
  isLocal: boolean;
}

async function manifestIn(dir: string): Promise<string | null> {
  for (const name of ["action.yml", "action.yaml"]) {
    const file = join(dir, name);
    if (
      await access(file).then(
        () => true,
        () => false,
      )
    )
      return file;
  }
  return null;
}

/** Finds the action of a `uses:`: in the workspace for `./`, else the bundled one for `./` and `OWNER/baton@ref`. */
export async function findAction(job: JobContext, uses: string): Promise<ActionSpec> {
  const isLocal = uses.startsWith("./");
  const places: string[] = isLocal ? [join(job.paths.workspace, uses)] : [];
  if (job.settings.actionDir !== null && (uses === "./" || /^[^/]+\/baton@./.test(uses)))
    places.push(job.settings.actionDir);
  for (const dir of places) {
    const manifest = await manifestIn(dir);
    if (manifest !== null) return readAction(dir, await readFile(manifest, "utf8"), isLocal);
  }
  throw new Error(
    isLocal
      ? `Can't find 'action.yml', 'action.yaml' or 'Dockerfile' under '${places[0]}'. Did you forget to run actions/checkout before running your local action?`
      : `Unable to resolve action \`${uses}\`: the embedded runner has only checkout, upload-artifact, setup-node and Baton`,
  );
}

function readAction(dir: string, text: string, isLocal: boolean): ActionSpec {
  const manifest = parse(text) as {
    runs?: Record<string, unknown>;
    inputs?: Record<string, { default?: unknown } | null>;
  };
  const runs = manifest.runs ?? {};
  if (!/^node\d+$/.test(String(runs.using)))
    throw new Error(`the embedded runner starts only node actions, not using: ${String(runs.using)}`);
  const inputs = Object.entries(manifest.inputs ?? {}).map(([name, input]): [string, string | null] => [
    name,
    input?.default === undefined || input.default === null ? null : String(input.default),
  ]);
  const textOf = (value: unknown): string | null => (typeof value === "string" ? value : null);
  return {
    dir,
    main: String(runs.main),
    pre: textOf(runs.pre),
    preIf: runs["pre-if"],
    post: textOf(runs.post),
    postIf: runs["post-if"],
    inputs: Object.fromEntries(inputs),
    isLocal,
  };
}
