import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ConfigError } from "../domain/errors.ts";
import type { Event } from "../domain/event.ts";
import { sha256 } from "../domain/hash.ts";
import { blobPathOf, listBlobIds } from "../session/blobs.ts";
import { genesis, readEvent, readLine } from "../session/journal-line.ts";

/** A journal as a run left it: its events, and how many long texts lay beside it and are gone. */
export interface JournalFile {
  path: string;
  events: Event[];
  missing: number;
}

/** Reads `journal.jsonl`, or the one in a folder; every line is proven by its sum and by the line before it. Throws ConfigError. */
export async function readJournalFile(given: string): Promise<JournalFile> {
  const path = (await stat(given).catch(() => null))?.isDirectory() ? join(given, "journal.jsonl") : given;
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new ConfigError(`The journal ${path} cannot be read.`, {
      hint: "Give the path of a journal.jsonl, as a run leaves it beside its report.",
      cause,
    });
  });
  const found: JournalFile = { path, events: [], missing: 0 };
  let prev = genesis;
  for (const [index, line] of text.split("\n").entries()) {
    if (line === "") continue;
    const wrong = (what: string): ConfigError =>
      new ConfigError(`${path}:${index + 1}: ${what}.`, {
        hint: "Take the journal as the run left it; an edited or cut one proves nothing.",
      });
    const reading = readLine(line);
    if (reading.kind === "damaged") throw wrong(reading.reason);
    if (reading.line.prev !== prev) throw wrong("the line does not follow the line before it");
    prev = sha256(line);
    const blobs = await readBlobs(dirname(path), line.includes('"$blob"') ? listBlobIds(reading.line.data) : []);
    found.missing += blobs.missing;
    const data = blobs.missing > 0 ? replaceMissing(reading.line.data, blobs.texts) : reading.line.data;
    const event = readEvent(
      { ...reading.line, data },
      line.includes('"$') ? (id) => blobs.texts.get(id) ?? null : null,
    );
    if (event) found.events.push(event);
  }
  if (found.events.length > 0) return found;
  throw new ConfigError(`${path} holds no event.`, { hint: "Give the path of a journal.jsonl that a run left." });
}

async function readBlobs(dir: string, ids: Iterable<string>): Promise<{ texts: Map<string, string>; missing: number }> {
  const texts = new Map<string, string>();
  let missing = 0;
  for (const id of ids) {
    const text = /^[0-9a-f]{64}$/.test(id) ? await readFile(join(dir, blobPathOf(id)), "utf8").catch(() => null) : null;
    if (text !== null && sha256(text) === id) texts.set(id, text);
    else missing += 1;
  }
  return { texts, missing };
}

/** A journal that travelled alone is still worth reading: a text that stayed behind is named instead. */
function replaceMissing(value: unknown, texts: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((one) => replaceMissing(one, texts));
  if (value === null || typeof value !== "object") return value;
  const id = "$blob" in value && Object.keys(value).length === 1 ? value.$blob : undefined;
  if (typeof id === "string" && !texts.has(id))
    return `(a long text that is not beside this journal: ${blobPathOf(id)})`;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replaceMissing(inner, texts)]));
}
