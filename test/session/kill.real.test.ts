import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createDiskFiles } from "../../src/session/files.ts";
import { loadJournal } from "../../src/session/journal-load.ts";
import { temporaryDir } from "../git/helpers.ts";

const writer = `
  const { openJournal } = await import(${JSON.stringify(new URL("../../src/session/journal.ts", import.meta.url).href)});
  const { createDiskFiles } = await import(${JSON.stringify(new URL("../../src/session/files.ts", import.meta.url).href)});
  const { loadJournal } = await import(${JSON.stringify(new URL("../../src/session/journal-load.ts", import.meta.url).href)});
  const dir = process.argv[1], files = createDiskFiles();
  const loaded = await loadJournal(files, dir);
  if (loaded.damaged) throw new Error(loaded.damaged.reason);
  if (loaded.torn) await files.truncate(dir + "/journal/" + String(loaded.tail.segment).padStart(6, "0") + ".jsonl", loaded.tail.openBytes.length);
  const journal = openJournal({ files, sessionDir: dir, tail: loaded.tail, redact: (v) => v, onEvent: () => {} });
  const head = { role: "worker", epoch: 1, at: "2026-11-20T22:00:00.000Z" };
  for (;;) {
    const event = await journal.append("command_read", { comment_id: 1, actor: "a", command: { name: "stop" }, at: "x".repeat(Math.random() < 0.2 ? 20000 : 100) }, head);
    process.stdout.write(event.seq + "\\n");
  }`;

test("a writer that is killed at any moment loses nothing it acknowledged, and the next one goes on", async () => {
  const dir = temporaryDir();
  let acknowledged = 0;
  for (let round = 0; round < 5; round += 1) {
    const child = spawn(process.execPath, ["--input-type=module", "-e", writer, dir], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    let errors = "";
    child.stderr.on("data", (chunk) => {
      errors += chunk;
    });
    const first = new Promise<void>((resolve) => {
      child.stdout.on("data", (chunk) => {
        out += chunk;
        resolve();
      });
    });
    const closed = new Promise((resolve) => child.on("close", resolve));
    await Promise.race([first, closed]);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
    child.kill("SIGKILL");
    await closed;
    expect(errors).toBe("");
    acknowledged = Number(out.slice(0, out.lastIndexOf("\n")).split("\n").at(-1));
    const loaded = await loadJournal(createDiskFiles(), dir);
    expect(loaded.damaged).toBeNull();
    expect(loaded.tail.seq).toBeGreaterThanOrEqual(acknowledged);
    expect(loaded.tail.seq).toBeLessThanOrEqual(acknowledged + 2);
  }
  expect(acknowledged).toBeGreaterThan(5);
  expect(readFileSync(join(dir, "journal/000001.jsonl")).length).toBeGreaterThan(0);
});
