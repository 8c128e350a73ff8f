import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { replay } from "../../src/domain/replay.ts";
import { createDiskFiles } from "../../src/session/files.ts";
import { loadJournal } from "../../src/session/journal-load.ts";
import { loadSession } from "../../src/session/restore.ts";

/** The session folder of a checkpoint as Baton 0.1 left it: two runs, many kinds of events, one spilled string. Never edited. */
const dir = join(import.meta.dirname, "../fixtures/session-v1");

test("a session of version 1 is gone on from for ever: journal and state file are whole and agree", async () => {
  const { state, journalLost, lostCheckpoints, problems, tail } = await loadSession(createDiskFiles(), dir);
  expect({ journalLost, lostCheckpoints, problems }).toEqual({ journalLost: null, lostCheckpoints: 0, problems: [] });
  expect(state).toMatchObject({ generation: 1, rounds: 1, verdict: { outcome: "pass" }, journal: { seq: tail.seq } });
  expect(state?.runs.map((run) => run.stop_reason)).toEqual(["max_turns", "done"]);
  expect(state?.contract?.amendments.map(({ text }) => text)).toEqual(["also keep digits"]);
});

test("no event of it is skipped, whatever kinds come later", async () => {
  const lines = readFileSync(join(dir, "journal/000001.jsonl"), "utf8").trimEnd().split("\n");
  const { events } = await loadJournal(createDiskFiles(), dir);
  expect(events).toHaveLength(lines.length);
  expect(replay(events)?.journal.seq).toBe(lines.length);
});
