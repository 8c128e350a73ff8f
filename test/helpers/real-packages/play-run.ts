import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Script } from "../../../src/local/model/script.ts";
import { lastToolResults } from "../../../src/local/model/script-helpers.ts";
import { startScriptedModel } from "../../../src/local/model/start-scripted-model.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** How long the model thinks before Baton is killed, ms: the turn before is on the disk by then. */
const thinkingMs = 1_500;

/** What a played run came to. */
export interface Played extends RunSummary {
  seconds: number;
  /** What the tools told the model, as it went over the wire. */
  results: { command: string; text: string }[];
  /** Mistakes of the script; none in a sound run. */
  problems: readonly string[];
}

export interface PlayOptions {
  repo: string;
  issue: string;
  script: Script;
  maxTurns?: number;
  /** Besides this process's own environment. */
  env?: Record<string, string>;
  /** The program that is run: the sources unless a bundle is given. */
  cli?: string;
  /**
   * Kills Baton (SIGKILL) while the model thinks about this request, then starts it again with the same command. The request
   * gets no answer; what the script would have said to it, it says to the next.
   */
  killAtRequest?: number;
}

/** What one `baton run` printed at its end. */
export interface RunSummary {
  exit: number | null;
  stop: string;
  verification: string;
  branch: string;
  turns: number;
  usd: number;
  stderr: string;
}

export interface BatonRun {
  repo: string;
  issue: string;
  /** Key and address of the model's API, and whatever else is wanted besides this process's own environment. */
  env: Record<string, string | undefined>;
  maxTurns?: number;
  cli?: string;
  started?: (child: ChildProcess) => void;
}

/** Runs `baton run --repo … --task-file …` as a child process; one that was killed has printed nothing and gives null. */
export async function runBaton(run: BatonRun): Promise<RunSummary | null> {
  const dir = await mkdtemp(join(tmpdir(), "play-"));
  try {
    const taskFile = join(dir, "issue.md");
    await writeFile(taskFile, run.issue);
    const turns = run.maxTurns ? ["--max-turns", String(run.maxTurns)] : [];
    const args = ["run", "--repo", run.repo, "--task-file", taskFile, "--output", "json", ...turns];
    // Never the starter: a kill has to hit the process that works.
    const child = spawn(process.execPath, [run.cli ?? join(root, "src/cli/main.ts"), ...args], {
      env: { ...process.env, ...run.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    run.started?.(child);
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
    if (child.signalCode !== null) return null;
    const summary = readSummary({ exit: child.exitCode, stdout, stderr });
    return {
      exit: child.exitCode,
      stop: String(summary["stop_reason"]),
      verification: String(summary["verification"]),
      branch: String(summary["branch_name"]),
      turns: Number(summary["num_turns"]),
      usd: Number(summary["total_cost_usd"]),
      stderr,
    };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Plays one run against a scripted model. */
export async function playRun(options: PlayOptions): Promise<Played> {
  let child: ChildProcess | null = null;
  let toKill = options.killAtRequest ?? 0;
  await using model = await startScriptedModel({
    script: async (request, memory) => {
      if (toKill > 0 && memory.requests >= toKill) {
        toKill = 0;
        await sleep(thinkingMs);
        child?.kill("SIGKILL");
        return { kind: "reset", billed: false };
      }
      return await options.script(request, memory);
    },
  });
  const started = performance.now();
  const run = (): Promise<RunSummary | null> =>
    runBaton({
      ...options,
      env: { ...options.env, ANTHROPIC_API_KEY: model.apiKey, ANTHROPIC_BASE_URL: model.url },
      started: (own) => {
        child = own;
      },
    });
  const ended = (await run()) ?? (options.killAtRequest ? await run() : null);
  if (!ended) throw new Error("baton run was killed by something else");
  return {
    ...ended,
    seconds: (performance.now() - started) / 1000,
    results: model
      .requests()
      .flatMap(({ body }) =>
        body ? lastToolResults(body).map(({ input, text: said }) => ({ command: commandOf(input), text: said })) : [],
      ),
    problems: model.problems(),
  };
}

function readSummary(ended: { exit: number | null; stdout: string; stderr: string }): Record<string, unknown> {
  const line = ended.stdout.trim().split("\n").at(-1) ?? "";
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch (cause) {
    throw new Error(
      `baton run printed no JSON (exit ${ended.exit}): ${line.slice(0, 500)} ${ended.stderr.slice(-2_000)}`,
      { cause },
    );
  }
}

function commandOf(input: unknown): string {
  return input !== null && typeof input === "object" && "command" in input ? String(input.command) : "";
}
