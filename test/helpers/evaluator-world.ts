import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import picomatch from "picomatch";
import { builtInProtectedPaths } from "../../src/domain/policy.ts";
import type { EvaluatorWorld, Room } from "../../src/evaluator/room.ts";
import { type GitStore, openStore } from "../../src/git/store.ts";
import { probeWalls } from "../../src/sandbox/probe.ts";
import { createSandbox } from "../../src/sandbox/sandbox.ts";
import { readWalls } from "../../src/sandbox/walls.ts";

/** Files of a small repository by path; `link:` before the content makes a symbolic link, `bin:` hex bytes. */
export type Files = Record<string, string | null>;

/** A real store and real walls, with trees made from plain objects. */
export interface TestWorld extends EvaluatorWorld {
  store: GitStore;
  /** Tree with these files alone. */
  tree(files: Files): Promise<string>;
  /** Tree with some files of another changed or (null) removed. */
  changed(tree: string, files: Files): Promise<string>;
  commit(tree: string): Promise<string>;
  /** Rooms opened so far. */
  rooms(): number;
  close(): void;
}

/** Reason to skip tests that need walls, or null. */
export const noWalls = readWalls() === null ? "bubblewrap is not installed" : null;

/** The walls of this machine, looked at once. */
let walls: ReturnType<typeof probeWalls> | undefined;
const wallsOnce = () => {
  walls ??= probeWalls({ allowDegraded: false });
  return walls;
};

const emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/** Opens a world in a temporary folder; `secret` is what the redactor takes out. */
export async function openTestWorld(options: { secret?: string } = {}): Promise<TestWorld> {
  const dir = mkdtempSync(join(tmpdir(), "evaluator-"));
  const store = await openStore({ dir: join(dir, "store"), remote: null });
  let rooms = 0;
  const isProtected = picomatch([...builtInProtectedPaths], { dot: true, nocase: true });
  const put = async (tree: string, files: Files) =>
    store.graft(
      tree,
      await Promise.all(
        Object.entries(files).map(async ([path, content]) => ({
          path,
          sha: content === null ? null : await store.writeBlob(bytesOf(content)),
          ...(content?.startsWith("link:") ? { mode: "120000" } : {}),
        })),
      ),
    );
  return {
    store,
    isProtected,
    redact: (text) => (options.secret ? text.replaceAll(options.secret, "***") : text),
    tree: (files) => put(emptyTree, files),
    changed: put,
    commit: (tree) => store.commit({ tree, parents: [], message: "base" }),
    rooms: () => rooms,
    async openRoom(tree): Promise<Room> {
      const room = join(dir, `room-${++rooms}`);
      const [workDir, homeDir, outputsDir] = ["work", "home", "outputs"].map((name) => join(room, name)) as [
        string,
        string,
        string,
      ];
      for (const folder of [workDir, homeDir, outputsDir]) mkdirSync(folder, { recursive: true });
      await store.checkout(tree, workDir);
      const path = `${dirname(process.execPath)}:${process.env.PATH ?? ""}`;
      const sandbox = await createSandbox({
        walls: await wallsOnce(),
        workDir,
        homeDir,
        outputsDir,
        network: null,
        path,
      });
      return {
        workDir,
        sandbox,
        async close() {
          await sandbox.close();
          rmSync(room, { recursive: true, force: true });
        },
      };
    },
    close() {
      store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function bytesOf(content: string): Uint8Array | string {
  if (content.startsWith("link:")) return content.slice(5);
  return content.startsWith("bin:") ? Buffer.from(content.slice(4), "hex") : content;
}
