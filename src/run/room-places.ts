import { rm } from "node:fs/promises";
import type { GitStore } from "../git/store.ts";
import { type CleanFolder, keepClean, listPieces, type Piece } from "../sandbox/clean-folder.ts";
import { type Layer, removeWorkspace } from "../sandbox/layer.ts";

/** Where one oracle runs; on the host. */
export interface Place {
  dir: string;
  workDir: string;
  homeDir: string;
}

interface Kept {
  place: Place;
  layer: Layer;
  work: CleanFolder;
  home: CleanFolder;
}

/** Places for oracles: a new one, or the last one put back to exactly what a new one would be. */
export interface RoomPlaces {
  take(tree: string): Promise<Place>;
  /** Everything that ran in it has ended. */
  giveBack(place: Place): Promise<void>;
  close(): Promise<void>;
}

/** What set-up left, by path; looked at once per layer, since nothing writes there. */
interface LayerPieces {
  files: ReadonlyMap<string, Piece>;
  home: ReadonlyMap<string, Piece>;
}

/**
 * Making a checkout of thousands of files costs seconds, and an evaluation runs dozens of oracles. One place is kept and
 * put back in between; whatever cannot be proven clean there is thrown away.
 */
export function createRoomPlaces(parts: {
  store: GitStore;
  uid: () => number | null;
  layerOf: (tree: string) => Promise<Layer>;
  make: (tree: string) => Promise<Place>;
}): RoomPlaces {
  const { store } = parts;
  const inUse = new Map<Place, Kept>();
  const left = new Map<Layer, LayerPieces>();
  let spare: Kept | null = null;

  const piecesOf = async (tree: string, layer: Layer) => {
    const known = left.get(layer) ?? { files: listPieces(layer.filesDir), home: listPieces(layer.homeDir) };
    left.set(layer, known);
    const tracked = (await store.listTree(tree)).map(({ path, mode, sha }): [string, Piece] => [
      path,
      { kind: "blob", sha, mode },
    ]);
    return { work: new Map([...known.files, ...tracked]), home: known.home };
  };
  const drop = async (kept: Kept): Promise<void> => await removeWorkspace(kept.place.dir);
  const reuse = async (tree: string, layer: Layer): Promise<Kept | null> => {
    const kept = spare;
    spare = null;
    if (!kept) return null;
    if (kept.layer === layer) {
      const pieces = await piecesOf(tree, layer);
      const read = async (path: string): Promise<Uint8Array> => {
        const bytes = await store.readBlob(tree, path);
        if (!bytes) throw new Error(`${path} is not in ${tree}`);
        return bytes;
      };
      const none = (): never => {
        throw new Error("nothing in HOME is tracked");
      };
      const isClean = await Promise.resolve()
        .then(async () => (await kept.work.restore(pieces.work, read)) && (await kept.home.restore(pieces.home, none)))
        .catch(() => false);
      if (isClean) return kept;
    }
    await drop(kept);
    return null;
  };
  const make = async (tree: string, layer: Layer): Promise<Kept | Place> => {
    const place = await parts.make(tree);
    try {
      const pieces = await piecesOf(tree, layer);
      const work = await keepClean(place.workDir, pieces.work, parts.uid());
      const home = await keepClean(place.homeDir, pieces.home, parts.uid());
      return { place, layer, work, home };
    } catch {
      // Names that are no text, for one: then each oracle gets a place of its own.
      return place;
    }
  };
  return {
    async take(tree) {
      const layer = await parts.layerOf(tree);
      const made = (await reuse(tree, layer)) ?? (await make(tree, layer));
      if (!("place" in made)) return made;
      inUse.set(made.place, made);
      return made.place;
    },
    async giveBack(place) {
      const kept = inUse.get(place);
      inUse.delete(place);
      if (!kept || spare) return await removeWorkspace(place.dir);
      // What an oracle was given to read besides is its own.
      await rm(`${place.dir}/outputs`, { recursive: true, force: true });
      spare = kept;
    },
    async close() {
      if (spare) await drop(spare);
      spare = null;
    },
  };
}
