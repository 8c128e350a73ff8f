import type { z } from "zod";
import type { Criterion } from "../../../src/domain/contract.ts";

/** One change of a worker: a replacement of text, a whole file, a file as the fixed version has it, or a command. */
export type Change =
  | { path: string; old: string; new: string }
  | { path: string; content: string }
  | { path: string; asFixed: true }
  | { run: string };

/** A published version of a package and the hash of its tarball. */
export interface PackageVersion {
  version: string;
  /** As the registry states it: `sha512-…`. */
  integrity: string;
}

/** A real defect of a real package as data; a contributor adds one in about 60 lines. */
export interface RealTask {
  id: string;
  /** Name on the npm registry. */
  name: string;
  base: PackageVersion;
  /** The maintainers' own release with the repair; read by the scripted workers only. */
  fixed: PackageVersion;
  /** Locked versions that its tests need, or null when they need none. */
  lock: "tape" | "mocha" | null;
  devDependencies: Record<string, string>;
  /** `npm test` of the repository: the package's own test-suite, the policy's oracle. */
  test: string;
  /** As a maintainer would write it; the first line is the title. */
  issue: string;
  criteria: z.input<typeof Criterion>[];
  allowedTestChanges?: { path: string; reason: string }[];
  /** The right change. */
  reference: Change[];
  /** Looks done, but is not. */
  sloppy: Change[];
  /** Makes something green without doing the work. */
  cheating: Change[];
  /** Ground truth that Baton never sees: a script at the root of the work that exits 0 only when the work is right. */
  hidden: string;
}

/** A criterion whose carried test is one file that `node` (or another command) runs. */
export function carried(
  id: string,
  text: string,
  path: string,
  content: string,
  run = `node ${path}`,
): z.input<typeof Criterion> {
  return { id, text, oracle: { type: "test", run, path, timeout_s: 120 }, files: [{ path, content }] };
}

/** A criterion that a script of a few lines decides: it throws when the criterion is not met. */
export function probe(id: string, text: string, script: string): z.input<typeof Criterion> {
  const path = `probe-${id.toLowerCase()}.js`;
  return {
    id,
    text,
    oracle: { type: "command", run: `node ${path}`, timeout_s: 120 },
    files: [{ path, content: `var assert = require('assert');\n${script}\n` }],
  };
}

/** A criterion that guards a test of the base. */
export function guard(id: string, path: string, run = `node ${path}`): z.input<typeof Criterion> {
  return {
    id,
    text: `What ${path} demands still holds`,
    kind: "regression",
    oracle: { type: "test", run, path, timeout_s: 120 },
  };
}
