import { mkdir, writeFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildDist } from "../scripts/build.ts";
import {
  type Agent,
  type AgentRun,
  betweenTurns,
  commitAll,
  measurePlainShell,
  openFolder,
  readJournal,
  runAgent,
  type Turn,
} from "./brain/agent-run.ts";
import { fixedPromptTokens, listCutOutputs, sumPrompts } from "./brain/costs.ts";
import { fixPrompt, fixScript, writeFix } from "./brain/fix-task.ts";
import { type PagesTask, pagesPrompt, pagesScript, writePages } from "./brain/pages-task.ts";
import { type Figure, makeFigure, type Part, quantile } from "./kit/figure.ts";
import { ratioOf } from "./kit/spread.ts";

/** Scripted latency of the long run, ms: far below any real model's, so that nothing hides behind it by luck. */
const latencyMs = 200;
/** Where the model's time hides nothing, as in the raw loop, or no time is measured, it is only waited for. */
const shortMs = 20;
const modern = "claude-sonnet-5-5";
/** A model with a window of 200k tokens. */
const small = "claude-sonnet-4-5";
/** First and last turns that are looked at. */
const edge = 40;

/** The conversation with the model: what it costs in time, memory and money beside a raw loop. */
export const part: Part = {
  name: "brain",
  summary:
    "start, overhead, memory, tokens and simulated USD beside a raw loop; --agent 'name=COMMAND {prompt}' adds one",
  async run({ args, say }) {
    await using folder = await openFolder();
    const bench = await openBench(folder.dir, args);
    const figures: Figure[] = [];
    const notes = [
      `load average at the start: ${loadavg()[0]?.toFixed(1)}; every request waits ${latencyMs} ms or less`,
    ];
    const keep = (found: Found): void => {
      figures.push(...found.figures);
      notes.push(...found.notes);
    };
    for (const measure of [measureStart, measureLong]) {
      say(`brain: ${measure.name}`);
      keep(await measure(bench));
    }
    // Only tokens, bytes and ends are looked at in these: they need not be alone on the machine.
    say("brain: measureHuge, measureWide");
    for (const found of await Promise.all([measureHuge(bench), measureWide(bench)])) keep(found);
    notes.push(`load average at the end: ${loadavg()[0]?.toFixed(1)}`);
    return { figures, notes };
  },
};

interface Found {
  figures: Figure[];
  notes: string[];
}

interface Bench {
  dir: string;
  baton: Agent;
  raw: Agent;
  others: Agent[];
}

async function openBench(dir: string, args: readonly string[]): Promise<Bench> {
  const dist = join(dir, "dist");
  await mkdir(dist);
  for (const [name, text] of await buildDist()) await writeFile(join(dist, name), text);
  const options = ["--repo", ".", "--task", "{prompt}", "--output", "json"];
  const rawLoop = fileURLToPath(new URL("brain/raw-loop.ts", import.meta.url));
  return {
    dir,
    baton: { name: "baton", command: [process.execPath, join(dist, "cli.mjs"), "run", ...options, "{model}"] },
    raw: { name: "raw loop", command: [process.execPath, rawLoop, "{model}", "{prompt}"] },
    others: args.filter((arg) => arg.startsWith("--agent=")).map(readAgent),
  };
}

/** `--agent=name=COMMAND {prompt}`: the prompt reaches the command through the environment, never through the shell's eyes. */
function readAgent(arg: string): Agent {
  const [, name = "", command = ""] = /^--agent=([^=]+)=([\s\S]*)$/.exec(arg) ?? [];
  if (!command.includes("{prompt}")) throw new Error('an agent is given as --agent "name=COMMAND {prompt}"');
  return { name, command: ["/bin/bash", "-c", `exec ${command.replaceAll("{prompt}", '"$BENCH_PROMPT"')}`] };
}

type Play = Omit<Parameters<typeof runAgent>[0], "agent" | "dir">;

/** Baton chooses its models by role; only another window needs to be asked for. */
async function play(bench: Bench, agent: Agent, options: Play): Promise<AgentRun> {
  const isOurs = agent === bench.baton;
  const asked = options.model === modern ? [] : ["--model", options.model];
  const command = isOurs ? [...agent.command.slice(0, -1), ...asked] : agent.command;
  const run = await runAgent({ ...options, agent: { ...agent, command }, dir: bench.dir });
  // A floor that died half-way did only part of the work: no ratio is made of it.
  if (agent === bench.raw && run.exit !== 0)
    throw new Error(`the raw loop ended with ${run.exit} after ${run.turns.length} requests: ${run.said.slice(-400)}`);
  if (run.problems.length > 0) throw new Error(`the script failed for ${agent.name}: ${run.problems[0]}`);
  return run;
}

const isSolved = (run: AgentRun): boolean => run.exit === 0 && /"verification":"pass"/.test(run.said);
const workerTurns = (run: AgentRun): Turn[] => run.turns.filter(({ request }) => request.role === "worker");

async function measureStart(bench: Bench): Promise<Found> {
  const repo = join(bench.dir, "fix");
  await writeFix(repo);
  commitAll(repo);
  const options: Play = { repo, script: fixScript(), prompt: fixPrompt, model: modern, latencyMs: shortMs };
  const sums = { whole: [] as number[], claimed: [] as number[], raw: [] as number[], solved: 0, usd: 0, requests: 0 };
  for (let round = 0; round < 5; round += 1) {
    const raw = await play(bench, bench.raw, options);
    sums.raw.push(raw.turns[0]!.at - raw.startedAt);
    const run = await play(bench, bench.baton, options);
    const claim = (await readJournal(run)).find(({ type }) => type === "run_claimed");
    sums.whole.push(run.turns[0]!.at - run.startedAt);
    sums.claimed.push(run.turns[0]!.at - Date.parse(claim?.at ?? ""));
    if (isSolved(run)) sums.solved += 1;
    sums.requests = run.turns.length;
    sums.usd = sumPrompts(run.turns).inputUsd;
  }
  const figures = [
    makeFigure({ id: "P1.start_ms", values: sums.claimed, unit: "ms", goal: "<=400" }),
    makeFigure({ id: "P1.process_to_request_ms", values: sums.whole, unit: "ms", floor: sums.raw }),
    makeFigure({ id: "P0.fix_solved", values: sums.solved, unit: "runs", goal: "=5", n: 5 }),
  ];
  const notes = [`6-turn fix: ${sums.requests} requests of all roles, $${sums.usd.toFixed(4)} of input`];
  return { figures, notes };
}

/** 200 pages of 2 kB in eight criteria; every tenth page needs something from fifteen pages before. */
async function measureLong(bench: Bench): Promise<Found> {
  const task: PagesTask = { pages: 200, bytes: 2_000, perCriterion: 25 };
  const repo = join(bench.dir, "long");
  await writePages(task, repo);
  commitAll(repo);
  const options: Play = { repo, script: pagesScript(task), prompt: pagesPrompt(task), model: modern, latencyMs };
  const typical = "echo K00000000 >> answers.txt; echo answers: $(($(wc -l < answers.txt) - 1)); cat pages/0002.txt";
  // In pages of its own: what it appends must not be work that the raw loop finds done.
  const beside = join(bench.dir, "beside");
  await writePages(task, beside);
  const shell = quantile(measurePlainShell(typical, beside), 0.5);
  const raw = await play(bench, bench.raw, { ...options, latencyMs: shortMs });
  const run = await play(bench, bench.baton, options);
  const shellAfter = quantile(measurePlainShell(typical, beside), 0.5);
  const plain = (shell + shellAfter) / 2;
  const worker = workerTurns(run);
  const [ours, floor] = [gapsOf(worker), gapsOf(raw.turns)];
  const [cost, rawCost] = [sumPrompts(worker), sumPrompts(raw.turns)];
  const cpu = cpuPerTurn(worker);
  const rawCpu = cpuPerTurn(raw.turns);
  const peak = Math.max(...run.turns.map(({ sample }) => sample?.peakMb ?? Number.NaN));
  const figures = [
    overheadOf("P2.overhead_ms", "<=30", ours.slice(-edge), floor.slice(-edge), plain),
    overheadOf("P2.overhead_ms_turn_1", null, ours.slice(0, edge), floor.slice(0, edge), plain),
    makeFigure({ id: "P3.cpu_ms_per_turn", values: cpu.own, n: worker.length, unit: "ms", floor: rawCpu.own }),
    makeFigure({
      id: "P3.cpu_ms_of_children_per_turn",
      values: cpu.children,
      n: worker.length,
      unit: "ms",
      floor: rawCpu.children,
    }),
    makeFigure({
      id: "P4.rss_mb",
      values: peak,
      unit: "MB",
      goal: "<=200",
      floor: raw.turns.at(-1)?.sample?.peakMb ?? null,
    }),
    makeFigure({ id: "P5.prompt_tokens", values: fixedPromptTokens(worker[0]), unit: "tokens", goal: "<=2500" }),
    makeFigure({
      id: "P6.cost_ratio_200_turns",
      values: cost.inputUsd / rawCost.inputUsd,
      unit: "ratio",
      goal: "<=0.45",
      n: worker.length,
    }),
    makeFigure({ id: "P6.solved", values: isSolved(run) ? 1 : 0, unit: "runs", goal: "=1" }),
  ];
  const notes = [`plain shell for the typical command: ${plain.toFixed(1)} ms`, ...describe("200 × 2 kB", run, raw)];
  for (const agent of bench.others) {
    const other = await play(bench, agent, options);
    notes.push(...describe("200 × 2 kB", other, raw));
    figures.push(
      makeFigure({
        id: `P2.overhead_ms.${agent.name}`,
        values: gapsOf(other.turns)
          .slice(-edge)
          .map((gap) => gap - plain),
        unit: "ms",
      }),
    );
  }
  return { figures, notes };
}

/** 20 outputs of 1 MB, with what is needed in the middle of each. */
async function measureHuge(bench: Bench): Promise<Found> {
  const task: PagesTask = { pages: 20, bytes: 1_000_000, perCriterion: 10, keyInMiddle: true };
  const repo = join(bench.dir, "huge");
  await writePages(task, repo);
  commitAll(repo);
  const run = await play(bench, bench.baton, {
    ...{ repo, script: pagesScript(task), prompt: pagesPrompt(task), model: modern, latencyMs: shortMs },
  });
  const cut = listCutOutputs(workerTurns(run));
  const isWhole = (text: string): boolean =>
    /^line 1 of page \d+:/m.test(text) && /^line \d{4,} of page \d+:/m.test(text.slice(-400));
  return {
    figures: [
      makeFigure({
        id: "P7.bytes_of_1mb_output",
        values: Math.max(...cut.map((text) => Buffer.byteLength(text))),
        ...{ unit: "bytes", goal: "<=4096", n: cut.length },
      }),
      makeFigure({
        id: "P7.cut_with_head_and_tail",
        values: cut.filter(isWhole).length,
        unit: "outputs",
        goal: `=${cut.length}`,
      }),
      makeFigure({ id: "P7.solved_by_opening_the_files", values: isSolved(run) ? 1 : 0, unit: "runs", goal: "=1" }),
    ],
    notes: describe("20 × 1 MB", run, null),
  };
}

/** 150 pages of 12 kB before a window of 200k tokens: clearing and resets have to happen. */
async function measureWide(bench: Bench): Promise<Found> {
  const task: PagesTask = { pages: 150, bytes: 11_000, perCriterion: 50 };
  const repo = join(bench.dir, "wide");
  await writePages(task, repo);
  commitAll(repo);
  const options: Play = {
    repo,
    script: pagesScript(task),
    prompt: pagesPrompt(task),
    model: small,
    latencyMs: shortMs,
  };
  const run = await play(bench, bench.baton, options);
  const largest = Math.max(
    ...run.turns.map(({ request: { usage } }) =>
      usage ? usage.input_tokens + usage.cache_creation_input_tokens + usage.cache_read_input_tokens : 0,
    ),
  );
  return {
    figures: [
      makeFigure({ id: "P6.largest_prompt_200k_window", values: largest, unit: "tokens", goal: "<=130000" }),
      makeFigure({ id: "P6.solved_200k_window", values: isSolved(run) ? 1 : 0, unit: "runs", goal: "=1" }),
    ],
    notes: describe("150 × 12 kB, window 200k", run, null),
  };
}

/** Time between an answer and the next request, ms; before the first request of a context there is none. */
function gapsOf(turns: readonly Turn[]): number[] {
  return betweenTurns(turns).filter((_gap, at) => (turns[at + 1]!.request.body?.messages.length ?? 0) > 1);
}

/** What is left of these times without the command's own; they are compared with the floor's before that. */
function overheadOf(
  id: string,
  goal: string | null,
  gaps: readonly number[],
  floor: readonly number[],
  commandMs: number,
): Figure {
  const rest = (times: readonly number[]): number[] => times.map((ms) => ms - commandMs);
  const ratio = ratioOf(gaps, floor);
  return makeFigure({ id, values: rest(gaps), floor: rest(floor), unit: "ms", goal, ratio });
}

function cpuPerTurn(turns: readonly Turn[]): { own: number; children: number } {
  const [first, last] = [turns[0]?.sample, turns.at(-1)?.sample];
  if (!first || !last) return { own: Number.NaN, children: Number.NaN };
  const count = Math.max(1, turns.length - 1);
  return { own: (last.ownCpuMs - first.ownCpuMs) / count, children: (last.childCpuMs - first.childCpuMs) / count };
}

function describe(what: string, run: AgentRun, raw: AgentRun | null): string[] {
  const line = (name: string, turns: readonly Turn[]): string => {
    const { requests, uncached, written, read, bytes, inputUsd } = sumPrompts(turns);
    const tokens = `${uncached} uncached, ${written} written, ${read} read tokens`;
    return `${what}, ${name}: ${requests} requests, ${(bytes / 1e6).toFixed(1)} MB sent, ${tokens}, $${inputUsd.toFixed(3)} of input`;
  };
  const contexts = run.turns.filter(({ request }) => request.body?.messages.length === 1).length;
  return [
    `${line(run.agent, workerTurns(run))}; ${contexts} contexts of all roles`,
    ...(workerTurns(run).length === run.turns.length ? [] : [line(`${run.agent}, all roles`, run.turns)]),
    ...(raw ? [line(raw.agent, raw.turns)] : []),
  ];
}
