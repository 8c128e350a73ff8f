import type { Files } from "../../src/session/files.ts";

/** A disk in memory that forgets: what was not synced is dropped or torn at a crash. */
export interface TornFiles extends Files {
  /** Operations so far. */
  operations(): number;
  /** The disk as it is found after a power loss: synced bytes, and of the rest any prefix. */
  crash(random: (n: number) => number): TornFiles;
}

interface Content {
  bytes: Buffer;
  synced: number;
}

/** Thrown by the operation at which the power goes. */
export class PowerLoss extends Error {}

export function createTornFiles(disk: Map<string, Content> = new Map(), failAt = Number.POSITIVE_INFINITY): TornFiles {
  let count = 0;
  const step = () => {
    count += 1;
    if (count > failAt) throw new PowerLoss(`operation ${count}`);
    return count === failAt;
  };
  const at = (path: string): Content => {
    const known = disk.get(path) ?? { bytes: Buffer.alloc(0), synced: 0 };
    disk.set(path, known);
    return known;
  };
  const below = (path: string) => [...disk.keys()].filter((key) => key === path || key.startsWith(`${path}/`));
  return {
    operations: () => count,
    async append(path, bytes) {
      const last = step();
      const file = at(path);
      file.bytes = Buffer.concat([file.bytes, last ? bytes.subarray(0, bytes.length >> 1) : bytes]);
      if (last) throw new PowerLoss("append");
    },
    async sync(path) {
      if (step()) throw new PowerLoss("sync");
      at(path).synced = at(path).bytes.length;
    },
    async write(path, bytes) {
      if (step()) throw new PowerLoss("write");
      disk.set(path, { bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), synced: bytes.length });
    },
    async read(path) {
      step();
      return disk.get(path)?.bytes ?? null;
    },
    async list(dir) {
      step();
      return below(dir)
        .map((path) => path.slice(dir.length + 1).split("/")[0]!)
        .sort();
    },
    async truncate(path, bytes) {
      if (step()) throw new PowerLoss("truncate");
      const file = at(path);
      file.bytes = file.bytes.subarray(0, bytes);
      file.synced = Math.min(file.synced, bytes);
    },
    async remove(path) {
      step();
      for (const key of below(path)) disk.delete(key);
    },
    crash(random) {
      const found = new Map<string, Content>();
      for (const [path, { bytes, synced }] of disk) {
        if (synced === bytes.length) {
          found.set(path, { bytes, synced });
          continue;
        }
        const kept = Buffer.from(bytes.subarray(0, synced + random(bytes.length - synced + 1)));
        // A page that never reached the disk reads as zeros, although the file has its length.
        if (kept.length > synced && random(4) === 0) kept.fill(0, synced, synced + random(kept.length - synced + 1));
        found.set(path, { bytes: kept, synced: kept.length });
      }
      return createTornFiles(found);
    },
  };
}

/** A small generator of numbers that one seed replays. */
export function createRandom(seed: number): (n: number) => number {
  let state = seed >>> 0;
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}
