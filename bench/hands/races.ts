import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "../../src/git/store.ts";
import type { FileDoor } from "../../src/sandbox/file-door.ts";
import { type Box, openBox } from "../../test/sandbox/support.ts";

/** Rounds of a race, and how often something outside was reached. */
export interface Races {
  rounds: number;
  escapes: number;
}

const swapForever =
  "mkdir -p r/real; while :; do rm -rf r/d; ln -s /etc r/d; rm -f r/d; ln -s ../real r/d 2>/dev/null; mkdir r/d 2>/dev/null; rm -rf r/d; ln -s /outputs r/d; rm -f r/d; ln -s /proc/self/root/etc r/d; rm -f r/d; done";

/** File tools against a command that swaps a folder for links to the outside, as fast as it can. */
export async function raceFileTools(rounds: number): Promise<Races> {
  await using box = await openBox();
  const over = new AbortController();
  const racing = box.sandbox.exec(swapForever, { timeoutMs: 900_000, signal: over.signal });
  let escapes = 0;
  for (let round = 0; round < rounds; round += 1) if (await raceOnce(box.sandbox.files, round)) escapes += 1;
  over.abort();
  await racing;
  return { rounds, escapes: escapes + changed(box) };
}

async function raceOnce(files: FileDoor, round: number): Promise<boolean> {
  if (round % 2 === 0) {
    await files.write({ path: "r/d/f", content: `${round}` }).catch(() => null);
    return false;
  }
  const read = await files.read({ path: "r/d/passwd" }).catch(() => null);
  return read?.kind === "ok" && read.text.includes("root:");
}

const changed = (box: Box): number => readdirSync(box.outputsDir).length;

/** Copy-out against a process that swaps files and folders for links to a secret outside. */
export async function raceSnapshots(rounds: number): Promise<Races> {
  const dir = mkdtempSync(join(tmpdir(), "baton-race-"));
  const [work, outside] = [join(dir, "work"), join(dir, "outside")];
  for (const folder of [work, join(work, "swap"), outside]) mkdirSync(folder);
  for (const file of ["swap/secret.txt", "file.txt"]) writeFileSync(join(work, file), "inside");
  writeFileSync(join(outside, "secret.txt"), "CANARY");
  const script = `
    const fs = require("fs"), w = ${JSON.stringify(work)}, o = ${JSON.stringify(outside)};
    for (;;) {
      try { fs.renameSync(w + "/swap", w + "/kept"); fs.symlinkSync(o, w + "/swap"); } catch {}
      try { fs.unlinkSync(w + "/swap"); fs.renameSync(w + "/kept", w + "/swap"); } catch {}
      try { fs.unlinkSync(w + "/file.txt"); fs.symlinkSync(o + "/secret.txt", w + "/file.txt"); } catch {}
      try { fs.unlinkSync(w + "/file.txt"); fs.writeFileSync(w + "/file.txt", "inside"); } catch {}
    }`;
  const racer = spawn(process.execPath, ["-e", script], { stdio: "ignore" });
  const store = await openStore({ dir: join(dir, "store"), remote: null });
  try {
    const baseTree = await store.graft("4b825dc642cb6eb9a060e54bf8d69288fbee4904", [
      { path: "a", sha: await store.writeBlob("a") },
    ]);
    const trees = new Set<string>();
    for (let round = 0; round < rounds; round += 1)
      trees.add((await store.snapshot(work, { baseTree, isProtected: () => false })).tree);
    let escapes = 0;
    for (const tree of trees) {
      for (const { path, mode } of await store.listTree(tree)) {
        const text = Buffer.from((await store.readBlob(tree, path)) ?? []).toString();
        if (text.includes("CANARY") || (mode === "120000" && text.startsWith("/"))) escapes += 1;
      }
    }
    return { rounds, escapes };
  } finally {
    racer.kill("SIGKILL");
    await new Promise((resolve) => racer.once("close", resolve));
    store.close();
    rmSync(dir, { recursive: true, force: true });
  }
}
