import { ConfigError, ProtocolError } from "../domain/errors.ts";
import { canonicalJson, sha256 } from "../domain/hash.ts";
import { State, stateVersion } from "../domain/state.ts";
import { fillStrings, spillStrings } from "./blobs.ts";

/** Largest state file: 64 KiB. */
export const maxStateBytes = 65_536;

const note = "Written by Baton. Where this work stands; do not edit. It is removed when the work is verified.";
const source = "state.json";

/** Steps from one version of the stored state to the next; the key is the version they start from. */
export type Migrations = Readonly<Record<number, (old: Record<string, unknown>) => Record<string, unknown>>>;
const migrations: Migrations = {};

export interface StateFilePlan {
  text: string;
  /** Content that was too long for the file, by its SHA-256: stored beside the journal. */
  blobs: Map<string, string>;
}

/** The state as it is checked in: readable, at most 64 KiB, with a digest that any change of its content breaks. */
export function planStateFile(state: State): StateFilePlan {
  for (let maxBytes = 8_192; ; maxBytes = Math.floor(maxBytes / 2)) {
    const blobs = new Map<string, string>();
    const stored = spillStrings(state, (id, text) => blobs.set(id, text), maxBytes) as Record<string, unknown>;
    if (maxBytes < 256) spillParts(stored, blobs);
    const text = renderFile(stored);
    if (maxBytes < 256 || Buffer.byteLength(text) <= maxStateBytes) return { text, blobs };
  }
}

/** Text of the state file; see `planStateFile` for what it leaves to the session's blobs. */
export function renderStateFile(state: State): string {
  return planStateFile(state).text;
}

/** Reads a state file. A newer version is a `ConfigError`, anything that is not a whole state file a `ProtocolError`. */
export function readStateFile(text: string, getBlob: (id: string) => string | null = () => null): State {
  if (Buffer.byteLength(text) > maxStateBytes) throw bad(`it has more than ${maxStateBytes} bytes`);
  if (/^(?:<{7}|={7}|>{7})/m.test(text)) throw bad("it has merge conflict markers");
  const file = readJson(text);
  const version = file.v;
  if (typeof version !== "number" || !Number.isSafeInteger(version) || version < 1) throw bad("it has no version");
  if (typeof file.state !== "object" || file.state === null) throw bad("it has no state");
  if (file.sha256 !== sha256(canonicalJson([version, file.state]))) throw bad("its digest does not fit its content");
  if (version > stateVersion) {
    throw new ConfigError(
      `The state file was written by a newer Baton (version ${version}; this one knows ${stateVersion}).`,
      {
        hint: "Use the newer Baton for this session, or start afresh with `/retry`.",
      },
    );
  }
  try {
    const filled = fillParts(fillStrings(file.state, getBlob) as Record<string, unknown>, getBlob);
    return State.parse(migrateState(filled, version, stateVersion, migrations));
  } catch (error) {
    throw bad(error instanceof Error ? error.message.slice(0, 1_000) : String(error), error);
  }
}

/** Ids of everything that a stored state leaves to the session's blobs. */
export function listOutsourced(value: unknown, into: Set<string> = new Set()): Set<string> {
  if (value === null || typeof value !== "object") return into;
  for (const key of ["$blob", "$part"] as const) {
    const id = (value as Record<string, unknown>)[key];
    if (typeof id === "string") into.add(id);
  }
  for (const inner of Object.values(value)) listOutsourced(inner, into);
  return into;
}

/** Brings a stored state from one version to another, step by step. */
export function migrateState(
  old: Record<string, unknown>,
  from: number,
  to: number,
  steps: Migrations,
): Record<string, unknown> {
  let state = old;
  for (let version = from; version < to; version += 1) {
    const step = steps[version];
    if (!step) throw new Error(`there is no migration from version ${version}`);
    state = step(state);
  }
  return state;
}

function renderFile(stored: Record<string, unknown>): string {
  const file = { v: stateVersion, note, sha256: sha256(canonicalJson([stateVersion, stored])), state: stored };
  const pretty = `${JSON.stringify(file, null, 2)}\n`;
  return Buffer.byteLength(pretty) <= maxStateBytes ? pretty : `${JSON.stringify(file)}\n`;
}

// Parts that are still too much together go out whole, the largest first.
function spillParts(stored: Record<string, unknown>, blobs: Map<string, string>): void {
  const sizes = Object.entries(stored).map(([key, value]) => ({ key, size: Buffer.byteLength(JSON.stringify(value)) }));
  sizes.sort((a, b) => b.size - a.size);
  let total = sizes.reduce((sum, { size }) => sum + size, 0);
  for (const { key, size } of sizes) {
    if (total <= maxStateBytes - 8_192) return;
    const text = JSON.stringify(stored[key]);
    blobs.set(sha256(text), text);
    stored[key] = { $part: sha256(text) };
    total -= size;
  }
}

function fillParts(stored: Record<string, unknown>, getBlob: (id: string) => string | null): Record<string, unknown> {
  const entries = Object.entries(stored).map(([key, value]) => {
    const id = value !== null && typeof value === "object" && "$part" in value ? value.$part : undefined;
    if (typeof id !== "string") return [key, value];
    const text = getBlob(id);
    if (text === null || sha256(text) !== id) throw new Error(`the blob ${id} is missing or damaged`);
    return [key, fillStrings(JSON.parse(text), getBlob)];
  });
  return Object.fromEntries(entries);
}

function readJson(text: string): Record<string, unknown> {
  try {
    const file: unknown = JSON.parse(text);
    if (file !== null && typeof file === "object" && !Array.isArray(file)) return file as Record<string, unknown>;
  } catch (error) {
    throw bad("it is cut off or is not JSON", error);
  }
  throw bad("it is not a JSON object");
}

function bad(why: string, cause?: unknown): ProtocolError {
  return new ProtocolError(`The state file cannot be used: ${why}.`, { source, cause });
}
