import { noTokens } from "../../src/domain/limits.ts";
import { createDiskFiles, type Files } from "../../src/session/files.ts";
import { openJournal } from "../../src/session/journal.ts";
import { genesis } from "../../src/session/journal-line.ts";
import { type JournalTail, loadJournal } from "../../src/session/journal-load.ts";
import { claimed, started } from "./helpers.ts";

export const head = { role: "worker" as const, epoch: 1, at: "2026-11-20T22:00:00.000Z" };
export const empty: JournalTail = { seq: 0, prev: genesis, segment: 1, openBytes: Buffer.alloc(0) };

/** A journal on this disk, from its beginning unless told otherwise. */
export function open(dir: string, more: { files?: Files; tail?: JournalTail } = {}) {
  return openJournal({
    files: more.files ?? createDiskFiles(),
    sessionDir: dir,
    tail: more.tail ?? empty,
    redact: (value) => value,
    onEvent: () => {},
  });
}

/** Writes a small journal of one segment. */
export async function write(dir: string, turns: number, text = "answer"): Promise<void> {
  const journal = open(dir);
  await journal.append("session_started", started("b"), head);
  await journal.append("run_claimed", claimed(1), head);
  for (let turn = 1; turn <= turns; turn += 1) {
    const reply = {
      request: `r${turn}`,
      context: "c1",
      model: "m",
      content: [{ type: "text", text: `${text} ${turn}` }],
      stop_reason: "end_turn",
      usage: noTokens,
      cost_usd_micro: turn,
      duration_ms: 1,
    };
    await journal.append("reply_received", reply, head);
  }
  await journal.flush();
}

/** A file door over one file in memory: loading it costs no disk. */
export function inMemory(bytes: Buffer): Files {
  const refuse = () => Promise.reject(new Error("read only"));
  return {
    append: refuse,
    sync: refuse,
    write: refuse,
    truncate: refuse,
    remove: refuse,
    list: async () => ["000001.jsonl"],
    read: async (path) => (path.endsWith(".jsonl") ? bytes : null),
  };
}

/** Every second mutation flips a bit anywhere; the others drop, double or swap lines. */
export function mutate(bytes: Buffer, random: (n: number) => number): { mutated: Buffer; what: string } {
  if (random(2) === 0) {
    const [at, bit] = [random(bytes.length), random(8)];
    const mutated = Buffer.from(bytes);
    mutated[at] = mutated[at]! ^ (1 << bit);
    return { mutated, what: `bit ${bit} of byte ${at}` };
  }
  const lines = bytes.toString("utf8").trimEnd().split("\n");
  const render = (some: string[]) => Buffer.from(some.map((line) => `${line}\n`).join(""));
  // A dropped last line is what the state file of the same checkpoint tells.
  const at = random(lines.length - 1);
  const other = at + 1 + random(lines.length - 1 - at);
  const kind = random(3);
  if (kind === 0) return { mutated: render(lines.toSpliced(at, 1)), what: `dropped ${at}` };
  if (kind === 1) return { mutated: render(lines.toSpliced(at, 0, lines[at]!)), what: `doubled ${at}` };
  return { mutated: render(lines.with(at, lines[other]!).with(other, lines[at]!)), what: `swapped ${at} ${other}` };
}

/** Events of a journal of one segment, as comparable text. */
export async function readAll(bytes: Buffer): Promise<{ text: string; isWhole: boolean }> {
  const { events, damaged, torn } = await loadJournal(inMemory(bytes), "x");
  return { text: JSON.stringify(events).slice(1, -1), isWhole: damaged === null && torn === null };
}

/** Whether a mutation is seen, and what is read all the same is a beginning of the truth. */
export async function isCaught(mutated: Buffer, truth: string): Promise<boolean> {
  const { text, isWhole } = await readAll(mutated);
  return !isWhole && truth.startsWith(text);
}
