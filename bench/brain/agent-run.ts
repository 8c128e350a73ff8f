import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LoggedRequest } from "../../src/local/model/request-log.ts";
import type { Script } from "../../src/local/model/script.ts";
import { startScriptedModel } from "../../src/local/model/start-scripted-model.ts";

/** An agent that can be measured: a command line, run in a clone of the task's repository. */
export interface Agent {
  name: string;
  /** Program and arguments; `{prompt}` and `{model}` are filled in. */
  command: readonly string[];
}

/** What was seen of a process when a request came: CPU so far and the largest resident size. */
export interface Sample {
  ownCpuMs: number;
  childCpuMs: number;
  peakMb: number;
}

/** One request of the agent, on the clock of this process in ms. */
export interface Turn {
  at: number;
  /** From arrival to the end of the answer: the scripted latency and the server's own time. */
  serverMs: number;
  sample: Sample | null;
  request: LoggedRequest;
}

export interface AgentRun {
  agent: string;
  exit: number | null;
  /** Standard output and error. */
  said: string;
  startedAt: number;
  wallMs: number;
  turns: Turn[];
  problems: readonly string[];
  /** The clone after the run. */
  dir: string;
}

/** Lets an agent work on a clone of a repository against a scripted model and looks at it from outside. */
export async function runAgent(options: {
  agent: Agent;
  repo: string;
  script: Script;
  prompt: string;
  model: string;
  latencyMs: number;
  dir: string;
}): Promise<AgentRun> {
  const clone = await mkdtemp(join(options.dir, "clone-"));
  await cp(options.repo, clone, { recursive: true });
  let pid = 0;
  const samples: (Sample | null)[] = [];
  const now = (): number => performance.timeOrigin + performance.now();
  await using server = await startScriptedModel({
    script: (request, memory) => {
      samples[memory.requests - 1] = readSample(pid);
      return options.script(request, memory);
    },
    latencyMs: options.latencyMs,
    keepBodies: 1_000,
    now,
  });
  const fill = (text: string): string =>
    text.replaceAll("{prompt}", () => options.prompt).replaceAll("{model}", options.model);
  const [program = "", ...args] = options.agent.command.map(fill);
  const startedAt = now();
  const child = spawn(program, args, {
    cwd: clone,
    env: {
      ...{ PATH: process.env.PATH ?? "", HOME: options.dir, TMPDIR: tmpdir(), LANG: "C.UTF-8" },
      ...{ ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: server.apiKey, BENCH_PROMPT: options.prompt },
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  pid = child.pid ?? 0;
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString("utf8")).slice(-200_000);
    });
  }
  const exit = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const asked = server.requests().filter(({ role }) => role !== null);
  const turns = asked.map((request, at) => ({
    at: request.at,
    serverMs: request.durationMs,
    sample: samples[at] ?? null,
    request,
  }));
  const { name: agent } = options.agent;
  return { agent, exit, said, startedAt, wallMs: now() - startedAt, turns, problems: server.problems(), dir: clone };
}

/** Milliseconds between the end of one answer and the arrival of the next request, per turn. */
export function betweenTurns(turns: readonly Turn[]): number[] {
  return turns.slice(1).map((turn, at) => turn.at - turns[at]!.at - turns[at]!.serverMs);
}

/** Median wall time of a command in a plain shell on this machine, ms: what a turn's command costs by itself. */
export function measurePlainShell(command: string, cwd: string, times = 25): number[] {
  return Array.from({ length: times }, () => {
    const started = performance.now();
    execFileSync("/bin/bash", ["-c", command], { cwd, stdio: ["ignore", "pipe", "ignore"], maxBuffer: 1 << 28 });
    return performance.now() - started;
  });
}

/** Makes a git repository of one commit out of a folder. */
export function commitAll(dir: string): void {
  const who = { GIT_AUTHOR_NAME: "a", GIT_AUTHOR_EMAIL: "a@b", GIT_COMMITTER_NAME: "a", GIT_COMMITTER_EMAIL: "a@b" };
  const env = { PATH: process.env.PATH, HOME: dir, GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null", ...who };
  for (const args of [
    ["init", "-q", "-b", "main"],
    ["add", "-A"],
    ["commit", "-q", "-m", "first"],
  ]) {
    execFileSync("git", args, { cwd: dir, env });
  }
}

/** A folder for one part of the bench, gone at its end. */
export async function openFolder(): Promise<AsyncDisposable & { dir: string }> {
  const dir = await mkdtemp(join(tmpdir(), "baton-bench-"));
  return { dir, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) };
}

/** The journal's events that a run left behind, as lines of JSON; empty when there are none. */
export async function readJournal(
  run: AgentRun,
): Promise<{ type: string; at: string; data: Record<string, unknown> }[]> {
  const path = /"execution_file":"([^"]+)"/.exec(run.said)?.[1];
  const text = path ? await readFile(path, "utf8") : "";
  return text.split("\n").flatMap((line) => (line ? [JSON.parse(line)] : []));
}

/** Reads /proc; null where that is absent. */
function readSample(pid: number): Sample | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const ticks = stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .slice(11, 15)
      .map(Number);
    const [user = 0, system = 0, childUser = 0, childSystem = 0] = ticks;
    const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    // Linux shows ticks of 10 ms to every program (USER_HZ, proc(5)).
    return { ownCpuMs: (user + system) * 10, childCpuMs: (childUser + childSystem) * 10, peakMb: Number(peak) / 1024 };
  } catch {
    return null;
  }
}
