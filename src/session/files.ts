import { closeSync, fdatasync, openSync, writeSync } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, truncate } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";
import type { Failpoint, FileDoorMethod } from "./failpoints.ts";

/** The file door of a session: the only place where it touches its disk. Missing files read as null, missing folders as empty. */
export interface Files {
  /** Appends all bytes; they are in the system's hands, not yet on the disk. */
  append(path: string, bytes: Uint8Array): Promise<void>;
  /** Brings appended bytes to the disk. */
  sync(path: string): Promise<void>;
  /** Replaces a file as a whole: old or new, never a mixture. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  read(path: string): Promise<Buffer | null>;
  list(dir: string): Promise<string[]>;
  truncate(path: string, bytes: number): Promise<void>;
  remove(path: string): Promise<void>;
}

const datasync = promisify(fdatasync);

/** The real disk. Appending goes to the system's memory, so it is done at once: a turn waits for the disk only where it syncs. */
export function createDiskFiles(): Files {
  const made = new Set<string>();
  const prepare = async (path: string) => {
    const dir = dirname(path);
    if (!made.has(dir)) await mkdir(dir, { recursive: true });
    made.add(dir);
  };
  let count = 0;
  return {
    async append(path, bytes) {
      await prepare(path);
      const fd = openSync(path, "a");
      try {
        for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
      } finally {
        closeSync(fd);
      }
    },
    async sync(path) {
      const fd = openSync(path, "r+");
      try {
        await datasync(fd);
      } finally {
        closeSync(fd);
      }
    },
    async write(path, bytes) {
      await prepare(path);
      count += 1;
      const temporary = `${path}.${process.pid}.${count}.tmp`;
      await withHandle(temporary, "wx", async (handle) => {
        await handle.writeFile(bytes);
        await handle.sync();
      });
      await rename(temporary, path);
      await withHandle(dirname(path), "r", (handle) => handle.sync());
    },
    read: (path) => readFile(path).catch(nullIfMissing),
    list: async (dir) => ((await readdir(dir).catch(nullIfMissing)) ?? []).sort(),
    truncate: (path, bytes) => truncate(path, bytes),
    async remove(path) {
      made.clear();
      await rm(path, { recursive: true, force: true });
    },
  };
}

/** Puts failpoints around each method of a file door; without one the door itself is returned. */
export function withFailpoints(files: Files, failpoint: Failpoint | undefined): Files {
  if (!failpoint) return files;
  const around = async <T>(method: FileDoorMethod, act: () => Promise<T>): Promise<T> => {
    await failpoint(`files.${method}.before`);
    const result = await act();
    await failpoint(`files.${method}.after`);
    return result;
  };
  return {
    append: (path, bytes) =>
      around("append", async () => {
        const half = bytes.length >> 1;
        await files.append(path, bytes.subarray(0, half));
        await failpoint("files.append.partial");
        await files.append(path, bytes.subarray(half));
      }),
    write: (path, bytes) =>
      around("write", async () => {
        // What a kill leaves of a replacement is a temporary file beside the old one.
        await files.append(`${path}.partial.tmp`, bytes.subarray(0, bytes.length >> 1));
        await failpoint("files.write.partial");
        await files.remove(`${path}.partial.tmp`);
        await files.write(path, bytes);
      }),
    sync: (path) => around("sync", () => files.sync(path)),
    read: (path) => around("read", () => files.read(path)),
    list: (dir) => around("list", () => files.list(dir)),
    truncate: (path, bytes) => around("truncate", () => files.truncate(path, bytes)),
    remove: (path) => around("remove", () => files.remove(path)),
  };
}

async function withHandle<T>(
  path: string,
  flags: string,
  act: (handle: import("node:fs/promises").FileHandle) => Promise<T>,
): Promise<T> {
  const handle = await open(path, flags);
  try {
    return await act(handle);
  } finally {
    await handle.close();
  }
}

function nullIfMissing(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}
