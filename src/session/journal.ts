import { join } from "node:path";
import { type Event, type EventInput, type EventType, eventSchemas, type Role } from "../domain/event.ts";
import { sha256 } from "../domain/hash.ts";
import { blobPathOf, spillStrings } from "./blobs.ts";
import type { Files } from "./files.ts";
import { renderLine } from "./journal-line.ts";
import { type JournalTail, segmentNameOf } from "./journal-load.ts";

/** A segment is closed at this many bytes and never rewritten: a closed one costs later checkpoints nothing. */
export const segmentBytes = 256 * 1024;

/** Bytes kept back so that the last words of a run can be written on a full disk: 1 MiB. */
const reserveBytes = 1024 * 1024;

// What must be on the disk before anything is done because of it; the others follow with the next of these.
const syncedTypes: ReadonlySet<string> = new Set<EventType>([
  "session_started",
  "run_claimed",
  "request_sent",
  "tool_started",
  "contract_frozen",
  "work_finished",
  "verdict_given",
  "work_committed",
  "write_intended",
  "write_done",
  "command_read",
  "day_allowance",
  "run_ended",
]);

export interface Journal {
  /** Redacts, validates and appends one event; resolves when it is as durable here as its type demands. */
  append<T extends EventType>(
    type: T,
    data: EventInput<T>,
    head: { role: Role; epoch: number; at: string },
  ): Promise<Event>;
  /** Brings everything appended so far to the disk. */
  flush(): Promise<void>;
  /** Segments as they are now; all but the last are closed. Only whole lines that are written. */
  segments(): { name: string; closed: boolean; bytes: () => Promise<Buffer> }[];
  /** Paths of blobs written since the last call, within the session folder. */
  takeNewBlobs(): { path: string; bytes: Buffer }[];
  head(): { seq: number; sha256: string };
  /** Whether nothing is on its way to the disk at this moment. */
  isIdle(): boolean;
}

interface Pending {
  event: Event;
  text: string;
  blobs: Map<string, string>;
  sync: boolean;
  resolve(event: Event): void;
  reject(error: unknown): void;
}

/** The one writer of a session's journal. `onEvent` is called in order, after the event is written. */
export function openJournal(options: {
  files: Files;
  sessionDir: string;
  tail: JournalTail;
  redact: <T>(value: T) => T;
  onEvent(event: Event): void;
  /** What must be over before the first line is written. */
  ready?: Promise<void>;
}): Journal {
  const { files, sessionDir } = options;
  const tail = { ...options.tail };
  const writer = createSegmentWriter(files, sessionDir, tail);
  const newBlobs: { path: string; bytes: Buffer }[] = [];
  const savedBlobs = new Set<string>();
  let queue: Pending[] = [];
  let working: Promise<void> | null = null;
  let broken: unknown = null;
  const next = { seq: tail.seq, prev: tail.prev };

  const saveBlobs = async (batch: Pending[]) => {
    for (const { blobs } of batch) {
      for (const [id, text] of blobs) {
        if (savedBlobs.has(id)) continue;
        const bytes = Buffer.from(text);
        await writer.withRoom(() => files.write(join(sessionDir, blobPathOf(id)), bytes));
        savedBlobs.add(id);
        newBlobs.push({ path: blobPathOf(id), bytes });
      }
    }
  };
  const work = async () => {
    while (queue.length > 0) {
      const batch = queue;
      queue = [];
      try {
        if (broken) throw broken;
        await options.ready;
        await writer.reserve();
        await saveBlobs(batch);
        await writer.write(
          batch.map(({ text }) => text),
          batch.some(({ sync }) => sync),
        );
      } catch (error) {
        // A line that failed leaves a gap: nothing may follow it.
        broken = error;
        for (const { reject } of batch) reject(error);
        continue;
      }
      for (const { event, text } of batch) {
        tail.seq = event.seq;
        tail.prev = sha256(text);
        options.onEvent(event);
      }
      for (const { event, resolve } of batch) resolve(event);
    }
    working = null;
  };
  return {
    append(type, input, head) {
      const data = eventSchemas[type].parse(asStored(options.redact(input)));
      const event = {
        v: 1,
        seq: next.seq + 1,
        at: head.at,
        epoch: head.epoch,
        role: head.role,
        prev: next.prev,
        type,
        data,
      } as Event;
      const blobs = new Map<string, string>();
      const text = renderLine({ ...event, data: spillStrings(asStored(data), (id, long) => blobs.set(id, long)) });
      next.seq = event.seq;
      next.prev = sha256(text);
      return new Promise((resolve, reject) => {
        queue.push({ event, text, blobs, sync: syncedTypes.has(type), resolve, reject });
        working ??= Promise.resolve().then(work);
      });
    },
    async flush() {
      while (working) await working;
      if (broken) throw broken;
      await writer.sync();
    },
    segments: () => writer.segments(),
    takeNewBlobs: () => newBlobs.splice(0),
    head: () => ({ seq: tail.seq, sha256: tail.prev }),
    isIdle: () => working === null,
  };
}

/** The value as JSON gives it back, so that what is remembered equals what a reader of the journal gets. */
function asStored(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function createSegmentWriter(files: Files, sessionDir: string, from: JournalTail) {
  const pathOf = (segment: number) => join(sessionDir, "journal", segmentNameOf(segment));
  const reserve = join(sessionDir, "reserve");
  // One buffer per segment: what was written never changes, so a view of it is a copy.
  const open = { segment: from.segment, length: from.openBytes.length, room: growable(from.openBytes) };
  let dirty = false;
  /** On a full disk the reserve makes room for one more try. */
  const withRoom = async (act: () => Promise<void>, undo: () => Promise<void> = async () => {}): Promise<void> => {
    try {
      await act();
    } catch (error) {
      await undo().catch(() => {});
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      await files.remove(reserve);
      await act();
    }
  };
  const append = async (bytes: Buffer) => {
    const path = pathOf(open.segment);
    // Half a line must not stay before the next.
    await withRoom(
      () => files.append(path, bytes),
      () => files.truncate(path, open.length),
    );
  };
  let reserved = false;
  return {
    withRoom,
    async reserve(): Promise<void> {
      if (!reserved) await files.write(reserve, Buffer.alloc(reserveBytes)).catch(() => {});
      reserved = true;
    },
    async write(lines: string[], sync: boolean): Promise<void> {
      if (open.length >= segmentBytes) {
        if (dirty) await files.sync(pathOf(open.segment));
        open.segment += 1;
        Object.assign(open, { length: 0, room: growable(Buffer.alloc(0)) });
      }
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
      await append(bytes);
      if (open.length + bytes.length > open.room.length) open.room = growable(open.room, bytes.length);
      bytes.copy(open.room, open.length);
      open.length += bytes.length;
      dirty = true;
      if (sync) await this.sync();
    },
    async sync(): Promise<void> {
      if (dirty) await files.sync(pathOf(open.segment));
      dirty = false;
    },
    segments() {
      return Array.from({ length: open.length === 0 ? open.segment - 1 : open.segment }, (_, index) => {
        const closed = index + 1 < open.segment;
        const whole = open.room.subarray(0, open.length);
        return {
          name: segmentNameOf(index + 1),
          closed,
          bytes: async () => (closed ? ((await files.read(pathOf(index + 1))) ?? Buffer.alloc(0)) : whole),
        };
      });
    },
  };
}

function growable(bytes: Buffer, more = 0): Buffer {
  const room = Buffer.alloc(Math.max(segmentBytes + 64 * 1024, bytes.length + more));
  bytes.copy(room);
  return room;
}
