import type { Event } from "../../src/domain/event.ts";
import { replay } from "../../src/domain/replay.ts";
import { openJournal } from "../../src/session/journal.ts";
import { genesis } from "../../src/session/journal-line.ts";
import { type LoadedJournal, loadJournal, segmentNameOf } from "../../src/session/journal-load.ts";
import { claimed, started } from "./helpers.ts";
import { createRandom, createTornFiles, type TornFiles } from "./torn-files.ts";

const dir = "/s";
const head = { role: "worker" as const, epoch: 1, at: "2026-11-20T22:00:00.000Z" };
/** Of the events that are written here; `warned` becomes durable with the next of these. */
const synced = new Set(["session_started", "run_claimed", "command_read"]);

/**
 * A page lost in the middle of several lines that were never synced reads as damage: it must lie behind everything that
 * was acknowledged, and the schedule goes on from before it.
 *
 * One schedule: appends with crashes in between, some of them while recovering. Throws when an acknowledged event is
 * lost, when something is read that was never written, or when recovery of a recovery differs. Returns its crashes.
 */
export async function runSchedule(seed: number): Promise<number> {
  const random = createRandom(seed);
  let files: TornFiles = createTornFiles(new Map(), 3 + random(60));
  let promised: string[] = [];
  let attempted = new Set<string>();
  let crashes = 0;
  for (let life = 0; life < 4; life += 1) {
    try {
      const loaded = await recover(files);
      check(loaded, promised, attempted, seed);
      promised = loaded.events.map(describe);
      attempted = new Set(promised);
      await live(files, loaded, random, promised, attempted);
      break;
    } catch (error) {
      if (!(error instanceof Error) || error.constructor.name !== "PowerLoss") throw error;
      crashes += 1;
      const found = files.crash(random);
      files = Object.assign(found, {});
      if (life < 3 && random(2) === 0) files = limit(files, 3 + random(60));
    }
  }
  const end = files.crash(random);
  const loaded = await recover(end);
  check(loaded, promised, attempted, seed);
  const again = await recover(end);
  if (again.damaged || JSON.stringify(again.events) !== JSON.stringify(loaded.events))
    throw new Error(`seed ${seed}: two recoveries differ (I8)`);
  if (loaded.events.length > 0 && JSON.stringify(replay(loaded.events)) !== JSON.stringify(replay(again.events)))
    throw new Error(`seed ${seed}: two states differ (I8)`);
  return crashes;
}

function limit(files: TornFiles, operations: number): TornFiles {
  let left = operations;
  const guard =
    <T extends unknown[], R>(act: (...args: T) => Promise<R>) =>
    async (...args: T): Promise<R> => {
      left -= 1;
      if (left < 0) throw new (class PowerLoss extends Error {})("again");
      return await act(...args);
    };
  return {
    ...files,
    append: guard(files.append),
    sync: guard(files.sync),
    write: guard(files.write),
    read: guard(files.read),
    list: guard(files.list),
    truncate: guard(files.truncate),
  };
}

async function recover(files: TornFiles): Promise<LoadedJournal> {
  const loaded = await loadJournal(files, dir);
  if (loaded.damaged) loaded.tail.openBytes = loaded.tail.openBytes.subarray(0, wholeBytes(loaded));
  const path = `${dir}/journal/${segmentNameOf(loaded.tail.segment)}`;
  const length = (await files.read(path))?.length ?? 0;
  if (length > loaded.tail.openBytes.length) await files.truncate(path, loaded.tail.openBytes.length);
  return loaded;
}

/** Bytes of the open segment before the damage. */
function wholeBytes(loaded: LoadedJournal): number {
  let end = 0;
  for (let line = 1; line < loaded.damaged!.line; line += 1) end = loaded.tail.openBytes.indexOf(10, end) + 1;
  return end;
}

async function live(
  files: TornFiles,
  loaded: LoadedJournal,
  random: (n: number) => number,
  promised: string[],
  attempted: Set<string>,
): Promise<void> {
  const waiting: string[] = [];
  const tail = loaded.tail.seq === 0 ? { seq: 0, prev: genesis, segment: 1, openBytes: Buffer.alloc(0) } : loaded.tail;
  const journal = openJournal({
    files,
    sessionDir: dir,
    tail,
    redact: (value) => value,
    onEvent: (event) => waiting.push(describe(event)),
  });
  const append = async (act: Promise<Event>) => {
    const event = await act;
    if (synced.has(event.type)) promised.push(...waiting.splice(0));
  };
  // What is handed in counts as attempted before its fate is known.
  const note = (text: string) => attempted.add(text);
  if (loaded.tail.seq === 0) {
    note("1 session_started");
    await append(journal.append("session_started", started("b"), head));
    note("2 run_claimed");
    await append(journal.append("run_claimed", claimed(1), head));
  }
  let seq = journal.head().seq;
  for (let turn = 0; turn < 12; turn += 1) {
    const many: Promise<void>[] = [];
    for (let one = random(3); one >= 0; one -= 1) {
      seq += 1;
      const text = "x".repeat(random(8) === 0 ? 9_000 : random(300));
      const type = ["warned", "command_read", "command_read"][random(3)]!;
      note(`${seq} ${type}`);
      const command = { comment_id: seq, actor: "a", command: { name: "stop" as const }, at: text };
      many.push(
        append(
          type === "warned" ? journal.append("warned", { text }, head) : journal.append("command_read", command, head),
        ),
      );
    }
    const outcomes = await Promise.allSettled(many);
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed) throw failed.reason;
  }
}

function describe(event: Event): string {
  return `${event.seq} ${event.type}`;
}

function check(loaded: LoadedJournal, promised: readonly string[], attempted: ReadonlySet<string>, seed: number): void {
  const found = loaded.events.map(describe);
  const missing = promised.find((one, index) => found[index] !== one);
  if (missing) throw new Error(`seed ${seed}: ${missing} was acknowledged and is lost (I1)`);
  const strange = found.find((one) => !attempted.has(one));
  if (strange) throw new Error(`seed ${seed}: ${strange} was never written (I1)`);
}
