import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { killJobProcesses, trackingVariable } from "../../src/local/runner/processes.ts";
import type { Found, PartOptions } from "./figure.ts";

const entry = fileURLToPath(new URL("./step-process.ts", import.meta.url));

export type StepName = "play" | "run";

export interface Step {
  part: string;
  name: StepName;
  /** Seconds after which it is ended, as what hangs has to be. */
  limit: number;
}

/** What came of a step: what it found, or why it broke off. */
export interface StepEnd {
  found: Found | null;
  broken: string | null;
  seconds: number;
}

/** Lines of a step that broke off which are shown. */
const lastLines = 12;

/**
 * Runs one step in a process of its own, with a temporary folder of its own that is gone afterwards. Nothing that it does,
 * dying included, harms another step; `stop` ends it with all that it has started.
 */
export async function runStep(
  step: Step,
  given: Omit<PartOptions, "say"> & { dir: string; say: (line: string) => void; stop: AbortSignal },
): Promise<StepEnd> {
  const { dir, say, stop, ...options } = given;
  const temporary = join(dir, `${step.part}-${step.name}`);
  const file = join(dir, `${step.part}-${step.name}.json`);
  await mkdir(temporary, { recursive: true });
  const started = performance.now();
  const id = randomUUID();
  const child = spawn(process.execPath, [entry, step.part, step.name, file, JSON.stringify(options)], {
    env: { ...process.env, TMPDIR: temporary, [trackingVariable]: id },
    stdio: ["ignore", "pipe", "pipe"],
    // Ctrl-C must reach the bench alone, which then knows whom to end.
    detached: true,
  });
  const last: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      last.push(line);
      if (last.length > lastLines) last.shift();
      say(`${step.part} ${clock(started)}  ${line.replace(`${step.part}: `, "")}`);
    });
  }
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (exit, signal) => resolve(signal ? `ended by ${signal}` : `exit ${exit}`));
  });
  let why: string | null = null;
  const end = (reason: string): void => {
    why ??= reason;
    void killJobProcesses(child.pid ?? null, id);
  };
  const interrupt = (): void => end("interrupted");
  stop.addEventListener("abort", interrupt, { once: true });
  const timer = setTimeout(() => end(`it took longer than ${step.limit} s`), step.limit * 1_000);
  const how = await ended;
  clearTimeout(timer);
  stop.removeEventListener("abort", interrupt);
  await killJobProcesses(null, id);
  const found = await readFile(file, "utf8").then(
    (text) => JSON.parse(text) as Found,
    () => null,
  );
  await rm(temporary, { recursive: true, force: true, maxRetries: 5 }).catch(() => {});
  const broken = why ?? (how === "exit 0" && found ? null : `${how}: ${last.join("\n")}`);
  return { found, broken, seconds: (performance.now() - started) / 1_000 };
}

function clock(started: number): string {
  const seconds = Math.floor((performance.now() - started) / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
