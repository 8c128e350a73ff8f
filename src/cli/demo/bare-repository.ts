import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { State } from "../../domain/state.ts";
import { blobPathOf } from "../../session/blobs.ts";
import { readStateFile } from "../../session/state-file.ts";

const execute = promisify(execFile);

/** The demo's own look at a bare repository, with plain git: no code of the product stands between. */
export interface BareRepository {
  readonly gitDir: string;
  /** Output of a git command, trimmed; throws when it fails. */
  git(args: readonly string[], input?: { indexFile?: string }): Promise<string>;
  /** Object of a ref or expression, or null. */
  resolve(name: string): Promise<string | null>;
}

const author = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com"];

export function openBareRepository(gitDir: string): BareRepository {
  const git: BareRepository["git"] = async (args, input = {}) => {
    const env = {
      PATH: process.env.PATH,
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CONFIG_NOSYSTEM: "1",
      ...(input.indexFile ? { GIT_INDEX_FILE: input.indexFile } : {}),
    };
    const { stdout } = await execute("git", [`--git-dir=${gitDir}`, ...author, ...args], { env, maxBuffer: 1 << 27 });
    return stdout.trimEnd();
  };
  return { gitDir, git, resolve: (name) => git(["rev-parse", "--verify", "--quiet", name]).catch(() => null) };
}

/** The state in a checkpoint of a session; null when there is none that can be read. */
export async function loadRemoteState(bare: BareRepository, checkpoint: string): Promise<State | null> {
  try {
    const text = await bare.git(["show", `${checkpoint}:session/state.json`]);
    const blobs = new Map<string, string>();
    for (const [, id] of text.matchAll(/"\$(?:blob|part)":\s*"([0-9a-f]{64})"/g)) {
      if (id) blobs.set(id, await bare.git(["show", `${checkpoint}:session/${blobPathOf(id)}`]));
    }
    return readStateFile(text, (id) => blobs.get(id) ?? null);
  } catch {
    return null;
  }
}

/** Puts changed files on top of a ref, as anybody with the right to push could. */
export async function pushFiles(
  bare: BareRepository,
  ref: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), "baton-demo-"));
  try {
    const indexFile = join(dir, "index");
    await bare.git(["read-tree", ref], { indexFile });
    for (const [path, text] of Object.entries(files)) {
      await writeFile(join(dir, "file"), text);
      const blob = await bare.git(["hash-object", "-w", join(dir, "file")]);
      await bare.git(["update-index", "--add", "--cacheinfo", `100644,${blob},${path}`], { indexFile });
    }
    const tree = await bare.git(["write-tree"], { indexFile });
    const message = await bare.git(["log", "-1", "--format=%B", ref]);
    const commit = await bare.git(["commit-tree", tree, "-p", ref, "-m", message]);
    await bare.git(["update-ref", ref, commit]);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
