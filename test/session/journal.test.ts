import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createDiskFiles, type Files } from "../../src/session/files.ts";
import { openJournal } from "../../src/session/journal.ts";
import { renderLine } from "../../src/session/journal-line.ts";
import { loadJournal } from "../../src/session/journal-load.ts";
import { temporaryDir } from "../git/helpers.ts";
import { started } from "./helpers.ts";
import { empty, head, inMemory, isCaught, mutate, open, readAll, write } from "./mutations.ts";
import { createRandom } from "./torn-files.ts";

test("what was appended is read back event for event, long strings from their own files", async () => {
  const dir = temporaryDir();
  const seen: unknown[] = [];
  const journal = openJournal({
    files: createDiskFiles(),
    sessionDir: dir,
    tail: empty,
    redact: (value) => value,
    onEvent: (event) => seen.push(event),
  });
  const long = `${"ü".repeat(6_000)}\u2028`;
  await journal.append("session_started", started("b"), head);
  await journal.append(
    "tool_started",
    {
      call: "1-1",
      context: "c1",
      tool: "bash",
      input: { $blob: "x", $$blob: ["y"], long, lone: "\ud800".repeat(9_000), "2": 1, "1": 2 },
      request: "r",
    },
    head,
  );
  await journal.flush();
  const loaded = await loadJournal(createDiskFiles(), dir);
  expect(loaded).toMatchObject({ torn: null, damaged: null });
  expect(loaded.events).toEqual(seen);
  expect(JSON.stringify(loaded.events)).toBe(JSON.stringify(seen));
  expect(loaded.events[1]?.data).toMatchObject({ input: { $blob: "x", long } });
  expect(readdirSync(join(dir, "blobs"))).toHaveLength(1);
});

test("a tail torn at any byte is cut, and everything before it is kept", async () => {
  const dir = temporaryDir();
  await write(dir, 6);
  const bytes = readFileSync(join(dir, "journal/000001.jsonl"));
  const ends = [...bytes.entries()].filter(([, byte]) => byte === 10).map(([at]) => at + 1);
  for (let length = 0; length <= bytes.length; length += 1) {
    const loaded = await loadJournal(inMemory(bytes.subarray(0, length)), "x");
    const whole = ends.filter((end) => end <= length).length;
    expect([length, loaded.events.length, loaded.damaged, loaded.torn?.bytes ?? 0]).toEqual([
      length,
      whole,
      null,
      length - (ends[whole - 1] ?? 0),
    ]);
  }
});

test("after a torn tail is cut the journal goes on, and reads whole", async () => {
  const dir = temporaryDir();
  await write(dir, 2);
  const path = join(dir, "journal/000001.jsonl");
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, bytes.length - 7));
  const torn = await loadJournal(createDiskFiles(), dir);
  await createDiskFiles().truncate(path, torn.tail.openBytes.length);
  const journal = open(dir, { tail: torn.tail });
  await journal.append("warned", { text: "on we go" }, head);
  await journal.flush();
  const loaded = await loadJournal(createDiskFiles(), dir);
  expect(loaded).toMatchObject({ torn: null, damaged: null });
  expect(loaded.events.map((event) => event.type)).toEqual([
    "session_started",
    "run_claimed",
    "reply_received",
    "warned",
  ]);
});

test("any flipped bit, dropped, doubled or swapped line is detected: what is read is a prefix, and never anything else", async () => {
  const dir = temporaryDir();
  await write(dir, 8);
  const bytes = readFileSync(join(dir, "journal/000001.jsonl"));
  const truth = (await readAll(bytes)).text;
  const random = createRandom(42);
  for (let count = 0; count < 3_000; count += 1) {
    const { mutated, what } = mutate(bytes, random);
    expect(await isCaught(mutated, truth), what).toBe(true);
  }
});

test("segments are closed at 256 KiB and not rewritten; a missing one is damage", async () => {
  const dir = temporaryDir();
  await write(dir, 60, "word ".repeat(1_500));
  const names = readdirSync(join(dir, "journal")).sort();
  expect(names.length).toBeGreaterThan(1);
  expect((await loadJournal(createDiskFiles(), dir)).events).toHaveLength(62);
  const copy = temporaryDir();
  cpSync(dir, copy, { recursive: true });
  await createDiskFiles().remove(join(copy, "journal", names[0]!));
  expect((await loadJournal(createDiskFiles(), copy)).damaged).not.toBeNull();
});

test("an event of a type that this Baton does not know is kept in the chain and skipped", async () => {
  const dir = temporaryDir();
  await write(dir, 1);
  const loaded = await loadJournal(createDiskFiles(), dir);
  const line = renderLine({
    v: 1,
    seq: loaded.tail.seq + 1,
    ...head,
    prev: loaded.tail.prev,
    type: "from_the_future",
    data: { x: 1 },
  });
  writeFileSync(join(dir, "journal/000001.jsonl"), `${line}\n`, { flag: "a" });
  const again = await loadJournal(createDiskFiles(), dir);
  expect(again).toMatchObject({ torn: null, damaged: null, tail: { seq: 4 } });
  expect(again.events).toHaveLength(3);
});

test("a failed write stops the journal, so that nothing follows a gap; a full disk is tried once more", async () => {
  const dir = temporaryDir();
  const disk = createDiskFiles();
  let fail: string | null = null;
  const files: Files = {
    ...disk,
    async append(path, bytes) {
      const code = fail;
      if (!code) return await disk.append(path, bytes);
      if (code === "ENOSPC") fail = null;
      await disk.append(path, bytes.subarray(0, 5));
      throw Object.assign(new Error(code), { code });
    },
  };
  const journal = open(dir, { files });
  await journal.append("session_started", started("b"), head);
  fail = "ENOSPC";
  await journal.append("warned", { text: "one" }, head);
  fail = "EIO";
  await expect(journal.append("warned", { text: "two" }, head)).rejects.toThrow("EIO");
  fail = null;
  await expect(journal.append("warned", { text: "three" }, head)).rejects.toThrow("EIO");
  const loaded = await loadJournal(disk, dir);
  expect(loaded).toMatchObject({ torn: null, damaged: null });
  expect(loaded.events.map((event) => event.type)).toEqual(["session_started", "warned"]);
});
