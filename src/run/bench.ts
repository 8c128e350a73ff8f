import { deferSandbox } from "../sandbox/defer.ts";
import { removeWorkspace } from "../sandbox/layer.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";

/** A work tree inside walls: what one context works on. Made at the first use, which is while the model thinks for the first time. */
export interface Bench {
  /** Folder of the work tree, once it stands as it was asked for; fails as its making failed. */
  workDir(): Promise<string>;
  /** Whether the work tree stands already: before that nothing in it can have changed. */
  isMade(): boolean;
  sandbox: Sandbox;
  close(): Promise<void>;
}

/** Folders of a bench on this runner. */
export interface Place {
  dir: string;
  workDir: string;
  homeDir: string;
}

/** A bench around a place; `closer` decides when walls and files go. */
export function encloseBench(parts: {
  made: Lazy<Place>;
  outputsDir: string;
  raise(place: Place): Promise<Sandbox>;
  closer(sandbox: Sandbox, leave: () => Promise<void>): () => Promise<void>;
}): Bench {
  const { made, outputsDir, raise } = parts;
  const sandbox = deferSandbox(async () => await raise(await made.get()), outputsDir);
  const close = parts.closer(sandbox, async () => {
    const place = await made.begun()?.catch(() => null);
    if (place) await removeWorkspace(place.dir);
  });
  return { workDir: async () => (await made.get()).workDir, isMade: made.isMade, sandbox, close };
}

/** A value that is made at the first request for it, once. */
export interface Lazy<T> {
  get(): Promise<T>;
  /** Null while nobody has asked for it. */
  begun(): Promise<T> | null;
  isMade(): boolean;
}

export function lazily<T>(make: () => Promise<T>): Lazy<T> {
  let begun: Promise<T> | null = null;
  let isMade = false;
  const begin = async (): Promise<T> => {
    const made = await make();
    isMade = true;
    return made;
  };
  return {
    get() {
      begun ??= begin();
      return begun;
    },
    begun: () => begun,
    isMade: () => isMade,
  };
}
