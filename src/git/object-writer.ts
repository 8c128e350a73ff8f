import { mkdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { type ObjectType, objectId } from "./object-format.ts";

export interface ObjectWriter {
  /** Stores an object unless it is known to be there; returns its id. */
  write(type: ObjectType, body: Uint8Array): string;
  /** Says that objects are in the store already, so that they are not written again. */
  know(ids: Iterable<string>): void;
  isKnown(id: string): boolean;
}

/** Writes loose objects without a process: a snapshot or checkpoint of a few files costs no start of git. */
export function createObjectWriter(gitDir: string): ObjectWriter {
  const known = new Set<string>();
  const folders = new Set<string>();
  let count = 0;
  return {
    know: (ids) => {
      for (const id of ids) known.add(id);
    },
    isKnown: (id) => known.has(id),
    write(type, body) {
      const id = objectId(type, body);
      if (known.has(id)) return id;
      const folder = join(gitDir, "objects", id.slice(0, 2));
      const path = join(folder, id.slice(2));
      if (!hasBytes(path)) {
        if (!folders.has(folder)) mkdirSync(folder, { recursive: true });
        folders.add(folder);
        count += 1;
        const temporary = join(folder, `tmp_obj_${process.pid}_${count}`);
        const header = Buffer.from(`${type} ${body.length}\0`);
        writeFileSync(temporary, deflateSync(Buffer.concat([header, body]), { level: 1 }), { mode: 0o444, flag: "wx" });
        renameSync(temporary, path);
      }
      known.add(id);
      return id;
    },
  };
}

// An object file of zero bytes is what a power loss leaves; it is written anew.
function hasBytes(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
}
