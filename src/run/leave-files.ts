import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { renderTrace } from "../trace/render-trace.ts";
import type { RunResult } from "./finish.ts";

/** Paths of what a run leaves for people; all exist. */
export interface LeftFiles {
  report: string;
  state: string;
  journal: string;
  trace: string;
}

/** Leaves report, state, journal (one JSON event per line, long texts in `blobs/`), outputs and trace in a folder; everything in them is redacted already. */
export async function leaveFiles(result: RunResult, dir: string): Promise<LeftFiles> {
  await mkdir(dir, { recursive: true });
  const paths = {
    report: join(dir, "report.md"),
    state: join(dir, "state.json"),
    journal: join(dir, "journal.jsonl"),
    trace: join(dir, "trace.html"),
  };
  await writeFile(paths.report, result.report || `${result.text}\n`);
  await writeFile(paths.state, `${JSON.stringify(result.state, null, 2)}\n`);
  await writeFile(paths.journal, await readSegments(join(result.sessionDir, "journal")));
  await writeFile(paths.trace, renderTrace(result.events, { diffs: result.diffs }));
  for (const name of ["outputs", "blobs"])
    await cp(join(result.sessionDir, name), join(dir, name), { recursive: true, force: true }).catch(() => {});
  return paths;
}

async function readSegments(dir: string): Promise<string> {
  const names = (await readdir(dir).catch(() => [])).filter((name) => name.endsWith(".jsonl")).sort();
  return (await Promise.all(names.map((name) => readFile(join(dir, name), "utf8")))).join("");
}
