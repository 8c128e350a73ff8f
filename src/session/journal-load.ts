import { join } from "node:path";
import { ConfigError } from "../domain/errors.ts";
import type { Event } from "../domain/event.ts";
import { sha256 } from "../domain/hash.ts";
import { blobPathOf, listBlobIds } from "./blobs.ts";
import type { Files } from "./files.ts";
import { genesis, readEvent, readLine, type StoredLine } from "./journal-line.ts";

/** Where the next line goes. */
export interface JournalTail {
  seq: number;
  prev: string;
  /** Number of the open segment, from 1. */
  segment: number;
  /** Bytes of the open segment that are whole lines. */
  openBytes: Buffer;
}

export interface LoadedJournal {
  events: Event[];
  tail: JournalTail;
  /** Bytes of a torn last line that are not part of the journal; 0 when it ends cleanly. */
  torn: { bytes: number; reason: string } | null;
  /** Damage in the middle: the events before it are here, what follows cannot be trusted. */
  damaged: { segment: string; line: number; reason: string } | null;
}

const segmentName = /^(\d{6})\.jsonl$/;

/** Name of a segment file. */
export function segmentNameOf(segment: number): string {
  return `${String(segment).padStart(6, "0")}.jsonl`;
}

/** Reads all segments of a journal and proves each line by its sum and by the hash of the line before it. Changes nothing. */
export async function loadJournal(files: Files, sessionDir: string): Promise<LoadedJournal> {
  const names = (await files.list(join(sessionDir, "journal"))).filter((name) => segmentName.test(name));
  const found: LoadedJournal = {
    events: [],
    tail: { seq: 0, prev: genesis, segment: 1, openBytes: Buffer.alloc(0) },
    torn: null,
    damaged: null,
  };
  for (const [index, name] of names.entries()) {
    if (name !== segmentNameOf(index + 1)) return damage(found, name, 1, "a segment is missing before it");
    const bytes = (await files.read(join(sessionDir, "journal", name))) ?? Buffer.alloc(0);
    const whole = bytes.lastIndexOf(0x0a) + 1;
    const last = index === names.length - 1;
    if (whole < bytes.length && !last) return damage(found, name, 0, "a closed segment ends in the middle of a line");
    if (whole < bytes.length) found.torn = { bytes: bytes.length - whole, reason: "the last line has no end" };
    found.tail = { ...found.tail, segment: index + 1, openBytes: bytes.subarray(0, whole) };
    await readSegment(files, sessionDir, { name, bytes: found.tail.openBytes, last }, found);
    if (found.damaged) return found;
  }
  return found;
}

async function readSegment(
  files: Files,
  sessionDir: string,
  segment: { name: string; bytes: Buffer; last: boolean },
  found: LoadedJournal,
): Promise<void> {
  let at = 0;
  for (let number = 1; at < segment.bytes.length; number += 1) {
    const end = segment.bytes.indexOf(0x0a, at);
    const text = segment.bytes.toString("utf8", at, end);
    const isLast = segment.last && end + 1 === segment.bytes.length;
    const reading = await readNext(files, sessionDir, text, found.tail);
    if (reading.kind === "damaged" && isLast && reading.cuttable) {
      found.torn = { bytes: segment.bytes.length - at + (found.torn?.bytes ?? 0), reason: reading.reason };
      found.tail.openBytes = segment.bytes.subarray(0, at);
      return;
    }
    if (reading.kind === "damaged") return void damage(found, segment.name, number, reading.reason);
    if (reading.event) found.events.push(reading.event);
    found.tail.seq = reading.line.seq;
    found.tail.prev = sha256(segment.bytes.subarray(at, end));
    at = end + 1;
  }
}

type Reading =
  | { kind: "event"; line: StoredLine; event: Event | null }
  /** `cuttable`: at the journal's end this is what a torn write looks like. */
  | { kind: "damaged"; reason: string; cuttable: boolean };

async function readNext(files: Files, sessionDir: string, text: string, tail: JournalTail): Promise<Reading> {
  const reading = readLine(text);
  if (reading.kind === "damaged") return { ...reading, cuttable: true };
  const { line } = reading;
  if (line.v !== 1) {
    throw new ConfigError(`The journal was written by a newer Baton (line version ${line.v}; this one knows 1).`, {
      hint: "Use the newer Baton for this session.",
    });
  }
  if (line.seq !== tail.seq + 1)
    return { kind: "damaged", reason: `line ${tail.seq + 1} is missing, found ${line.seq}`, cuttable: false };
  if (line.prev !== tail.prev)
    return { kind: "damaged", reason: `line ${line.seq} does not follow the line before it`, cuttable: false };
  const blobs = new Map<string, string | null>();
  if (text.includes('"$blob"')) {
    for (const id of listBlobIds(line.data))
      blobs.set(id, (await files.read(join(sessionDir, blobPathOf(id))))?.toString("utf8") ?? null);
  }
  try {
    return { kind: "event", line, event: readEvent(line, text.includes('"$') ? (id) => blobs.get(id) ?? null : null) };
  } catch (error) {
    return {
      kind: "damaged",
      reason: `line ${line.seq}: ${error instanceof Error ? error.message : String(error)}`.slice(0, 500),
      cuttable: true,
    };
  }
}

function damage(found: LoadedJournal, segment: string, line: number, reason: string): LoadedJournal {
  found.damaged = { segment, line, reason };
  return found;
}
