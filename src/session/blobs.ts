import { sha256 } from "../domain/hash.ts";

/** Strings of more bytes than this are stored beside the journal, by their content. */
export const maxInlineBytes = 8_192;

const escaped = /^\$+blob$/;

/** Path of a blob within the session folder: fanned out, so that a checkpoint rewrites only a small folder. */
export function blobPathOf(id: string): string {
  return `blobs/${id.slice(0, 2)}/${id}`;
}

/** The value with its long strings replaced by `{"$blob": sha256}`; `put` gets each of them. */
export function spillStrings(
  value: unknown,
  put: (id: string, text: string) => void,
  maxBytes = maxInlineBytes,
): unknown {
  if (typeof value === "string") {
    // A lone surrogate has no bytes in UTF-8: such a string stays inline, where JSON escapes it.
    if (value.length * 3 <= maxBytes || Buffer.byteLength(value) <= maxBytes || !value.isWellFormed()) return value;
    const id = sha256(value);
    put(id, value);
    return { $blob: id };
  }
  if (Array.isArray(value)) return value.map((one) => spillStrings(one, put, maxBytes));
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).map(([key, inner]) => [
    escaped.test(key) ? `$${key}` : key,
    spillStrings(inner, put, maxBytes),
  ]);
  return Object.fromEntries(entries);
}

/** Undoes `spillStrings`; `get` answers a blob's text, or null when it is missing or not what its name says. */
export function fillStrings(value: unknown, get: (id: string) => string | null): unknown {
  if (Array.isArray(value)) return value.map((one) => fillStrings(one, get));
  if (value === null || typeof value !== "object") return value;
  const id = "$blob" in value && Object.keys(value).length === 1 ? value.$blob : undefined;
  if (typeof id === "string") {
    const text = get(id);
    if (text === null || sha256(text) !== id) throw new Error(`the blob ${id} is missing or damaged`);
    return text;
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [escaped.test(key) ? key.slice(1) : key, fillStrings(inner, get)]),
  );
}

/** Ids of all blobs that a stored value names. */
export function listBlobIds(value: unknown, into: Set<string> = new Set()): Set<string> {
  if (value === null || typeof value !== "object") return into;
  if ("$blob" in value && typeof value.$blob === "string") into.add(value.$blob);
  for (const inner of Object.values(value)) listBlobIds(inner, into);
  return into;
}
