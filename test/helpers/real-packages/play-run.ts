import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { Script } from "../../../src/local/model/script.ts";
import { lastToolResults } from "../../../src/local/model/script-helpers.ts";
import { startScriptedModel } from "../../../src/local/model/start-scripted-model.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** What one `baton run` came to, in the words of its JSON output. */
export interface Played {
  exit: number | null;
  stop: string;
  verification: string;
  branch: string;
  turns: number;
  usd: number;
  seconds: number;
  stderr: string;
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
  /** Kills Baton (SIGKILL) once this many requests were made, then starts it again with the same command. */
  killAtRequest?: number;
}

/** Runs `baton run --repo … --task-file …` as a child process against a scripted model. */
export async function playRun(options: PlayOptions): Promise<Played> {
  const dir = await mkdtemp(join(tmpdir(), "play-"));
  let child: ChildProcess | null = null;
  let toKill = options.killAtRequest ?? 0;
  await using model = await startScriptedModel({
    script: (request, memory) => {
      if (toKill > 0 && memory.requests >= toKill) {
        toKill = 0;
        child?.kill("SIGKILL");
      }
      return options.script(request, memory);
    },
  });
  const started = performance.now();
  try {
    const taskFile = join(dir, "issue.md");
    await writeFile(taskFile, options.issue);
    const runOnce = async (): Promise<{ exit: number | null; stdout: string; stderr: string }> => {
      const turns = options.maxTurns ? ["--max-turns", String(options.maxTurns)] : [];
      const args = ["run", "--repo", options.repo, "--task-file", taskFile, "--output", "json", ...turns];
      // The source entry, not the starter: a kill has to hit the process that works.
      const own = spawn(process.execPath, [join(root, "src/cli/main.ts"), ...args], {
        env: { ...process.env, ...options.env, ANTHROPIC_API_KEY: model.apiKey, ANTHROPIC_BASE_URL: model.url },
        stdio: ["ignore", "pipe", "pipe"],
      });
      child = own;
      const [stdout, stderr] = await Promise.all([text(own.stdout), text(own.stderr), once(own, "close")]);
      return { exit: own.exitCode, stdout, stderr };
    };
    let ended = await runOnce();
    if (options.killAtRequest) ended = await runOnce();
    const summary = readSummary(ended);
    return {
      exit: ended.exit,
      stop: String(summary["stop_reason"]),
      verification: String(summary["verification"]),
      branch: String(summary["branch_name"]),
      turns: Number(summary["num_turns"]),
      usd: Number(summary["total_cost_usd"]),
      seconds: (performance.now() - started) / 1000,
      stderr: ended.stderr,
      results: model
        .requests()
        .flatMap(({ body }) =>
          body ? lastToolResults(body).map(({ input, text: said }) => ({ command: commandOf(input), text: said })) : [],
        ),
      problems: model.problems(),
    };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
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
