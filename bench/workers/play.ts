import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { runLocally } from "../../src/cli/local-run.ts";
import type { Event } from "../../src/domain/event.ts";
import { toMicroUsd } from "../../src/domain/limits.ts";
import type { State } from "../../src/domain/state.ts";
import type { StopReason } from "../../src/domain/stop-reason.ts";
import { honestEvaluator } from "../../src/local/model/honest-evaluator.ts";
import { defaultModelCards } from "../../src/local/model/model-cards.ts";
import type { Script } from "../../src/local/model/script.ts";
import { scriptByRole, sequence } from "../../src/local/model/script-helpers.ts";
import { type ScriptedModel, startScriptedModel } from "../../src/local/model/start-scripted-model.ts";
import { bash, call, finish, repositoryOf, type Tree, type WorkerPolicy } from "./policy.ts";
import { handoffNote } from "./steps.ts";
import * as task from "./task.ts";

const execute = promisify(execFile);
const cli = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** What happened, as far as it can be seen from outside: stops, the journal, the bill, and the branch as the bench found it. */
export interface Played {
  stops: StopReason[];
  /** What the last run said of its end. */
  text: string;
  state: State | null;
  events: readonly Event[];
  /** Sum of the caps of all runs and what the scripted server charged, micro-USD. */
  capUsdMicro: number;
  billedUsdMicro: number;
  recordedUsdMicro: number;
  /** Null when there was no session. `refs`: what stands in the repository that Baton has no business with. */
  branch: { tree: Tree; hidden: string | null; refs: string[] } | null;
  /** Places where the key of the model's API was found. */
  leaks: string[];
  /** Mistakes of the policy's own script. */
  problems: readonly string[];
  error: string | null;
  ms: number;
}

interface Place {
  dir: string;
  repo: string;
  model: ScriptedModel;
}

/** Plays one policy against the real run on a repository of its own, and then looks at the branch. */
export async function play(policy: WorkerPolicy): Promise<Played> {
  const started = performance.now();
  const dir = await mkdtemp(join(tmpdir(), "baton-worker-"));
  const unpriced = { ...defaultModelCards[1]!, id: "claude-opus-9", displayName: "A model without a price" };
  const model = await startScriptedModel({ script: scriptOf(policy), models: [...defaultModelCards, unpriced] });
  const place: Place = { dir, repo: join(dir, "repo"), model };
  repositoryOf(model.memory).path = place.repo;
  const played: Played = {
    ...{ stops: [], text: "", state: null, events: [], branch: null, leaks: [], problems: [], error: null },
    ...{ capUsdMicro: 0, billedUsdMicro: 0, recordedUsdMicro: 0, ms: 0 },
  };
  try {
    await createRepository(place.repo, policy);
    if (policy.killAt !== undefined) await playKilled(place, policy);
    const runs = [{ limits: policy.limits }, ...(policy.more ?? [])];
    for (const run of runs) await playRun(place, run, played);
    played.branch = await inspectBranch(place, played.state);
    played.leaks = await findLeaks(place, played);
  } catch (error) {
    played.error = error instanceof Error ? (error.stack ?? error.message) : String(error);
  } finally {
    played.problems = model.problems();
    played.billedUsdMicro = model.bill().usdMicro;
    played.ms = Math.round(performance.now() - started);
    await model.close();
    await rm(dir, { recursive: true, force: true, maxRetries: 5 }).catch(() => {});
  }
  return played;
}

const giveUp = call("blocked", { questions: ["What else is wanted?"] });

function scriptOf(policy: WorkerPolicy): Script {
  const initializer = policy.initializer ?? [bash("node --test"), call("contract", task.contract)];
  const { worker = [] } = policy;
  return scriptByRole({
    initializer: sequence(initializer, { after: initializer.at(-1)! }),
    worker:
      typeof worker === "function"
        ? worker
        : handsOver(sequence(worker, { after: policy.insists ? finish() : giveUp })),
    evaluator: policy.judge ?? honestEvaluator(),
  });
}

/** Writes the note when it is asked for, without using up a step. */
function handsOver(worker: Script): Script {
  return (request, memory) =>
    request.tool_choice?.name === "handoff"
      ? { toolCalls: [{ name: "handoff", input: handoffNote }] }
      : worker(request, memory);
}

async function createRepository(repo: string, policy: WorkerPolicy): Promise<void> {
  const all: Record<string, string | null> = {
    ...task.files,
    ".github/baton.yml": task.policyText(policy.policy, policy.oracle),
    ...policy.files,
  };
  for (const [path, text] of Object.entries(all)) {
    if (text === null) continue;
    await mkdir(dirname(join(repo, path)), { recursive: true });
    await writeFile(join(repo, path), text);
  }
  const git = (...args: string[]): Promise<unknown> => execute("git", ["-C", repo, ...args], { env: gitEnv });
  await git("init", "-q", "-b", "main");
  await git("add", "-A");
  await git("commit", "-q", "-m", "base");
}

const gitEnv = {
  ...{ PATH: process.env.PATH, HOME: "/nonexistent", GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" },
  ...{ GIT_AUTHOR_NAME: "a", GIT_AUTHOR_EMAIL: "a@b.c", GIT_COMMITTER_NAME: "a", GIT_COMMITTER_EMAIL: "a@b.c" },
};

async function playRun(
  { repo, dir, model }: Place,
  run: { say?: string; limits?: WorkerPolicy["limits"] },
  played: Played,
): Promise<void> {
  const limits = { ...task.limits, ...run.limits };
  const before = played.state;
  const { result } = await runLocally({
    ...{ repo, task: task.request, resume: before ? before.session : null, steering: run.say ?? null, model: null },
    asked: {
      from: "The bench",
      turns: limits.turns,
      usdMicro: toMicroUsd(limits.usd),
      ms: Math.round(limits.minutes * 60_000),
    },
    ...{ outDir: join(dir, "out"), allowDegradedWalls: false, dryRun: false },
    env: { ...gitEnv, ANTHROPIC_API_KEY: model.apiKey, ANTHROPIC_BASE_URL: model.url },
    signal: new AbortController().signal,
    say: () => {},
    onEvent: () => {},
  });
  played.stops.push(result.stop);
  played.text = result.text;
  played.state = result.state;
  played.events = result.events;
  played.capUsdMicro += toMicroUsd(limits.usd);
  played.recordedUsdMicro = result.state?.spend.total.usd_micro ?? 0;
}

/** The first run as a process of its own, killed when the model is asked for the n-th time. */
async function playKilled({ repo, dir, model }: Place, policy: WorkerPolicy): Promise<void> {
  const args = [cli, "run", "--repo", repo, "--task", task.request, "--out", join(dir, "out"), "--output", "json"];
  const child = spawn(process.execPath, args, {
    env: { ...gitEnv, ANTHROPIC_API_KEY: model.apiKey, ANTHROPIC_BASE_URL: model.url },
    stdio: "ignore",
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  let due: ReturnType<typeof setTimeout> | null = null;
  const watch = setInterval(() => {
    const asked = model.requests().filter(({ path }) => path.startsWith("/v1/messages")).length;
    if (asked >= policy.killAt!) due ??= setTimeout(() => child.kill("SIGKILL"), policy.killDelayMs ?? 0);
  }, 5);
  await ended;
  clearInterval(watch);
  if (due) clearTimeout(due);
}

/** Reads the branch as git has it, and runs the hidden test on a checkout of it. */
async function inspectBranch({ repo, dir }: Place, state: State | null): Promise<Played["branch"]> {
  if (!state) return null;
  const git = async (...args: string[]): Promise<string> =>
    (await execute("git", ["-C", repo, ...args], { env: gitEnv, maxBuffer: 1 << 28 })).stdout;
  const ref = state.work_head ? `refs/heads/${state.branch}` : "HEAD";
  const target = join(dir, "found");
  await git("worktree", "add", "-q", "--detach", target, ref);
  const paths = (await git("ls-tree", "-r", "--name-only", "-z", ref)).split("\0").filter(Boolean);
  const tree = new Map<string, string>();
  for (const path of paths) tree.set(path, await readFile(join(target, path), "utf8").catch(() => "(not a file)"));
  const refs = (await git("for-each-ref", "--format=%(refname) %(objectname)")).trim().split("\n");
  const own = (line: string): boolean =>
    line.startsWith("refs/baton") || line.startsWith(`refs/heads/${state.branch} `);
  const main = `refs/heads/main ${state.base.sha}`;
  const foreign = refs.filter((line) => line !== main && !own(line));
  return {
    tree,
    hidden: await runHidden(dir, target),
    refs: refs.includes(main) ? foreign : ["main was moved", ...foreign],
  };
}

/** Whether the key went anywhere: the journal, the branch, what was left for people, or what the model was sent. */
async function findLeaks({ dir, model }: Place, played: Played): Promise<string[]> {
  const key = model.apiKey;
  const left = await readdir(join(dir, "out"), { recursive: true, withFileTypes: true });
  const texts = left
    .filter((entry) => entry.isFile())
    .map(async (entry) => [entry.name, await readFile(join(entry.parentPath, entry.name), "utf8")] as const);
  const places: (readonly [string, string])[] = [
    ["the journal", JSON.stringify(played.events)],
    ["the branch", [...(played.branch?.tree.values() ?? [])].join("\n")],
    ["what the model was sent", JSON.stringify(model.requests().map(({ body }) => body))],
    ...(await Promise.all(texts)),
  ];
  return places.filter(([, text]) => text.includes(key)).map(([name]) => name);
}

/** Null when every hidden case holds, else why not. */
async function runHidden(dir: string, target: string): Promise<string | null> {
  const file = join(dir, "hidden.mjs");
  const word = `right-${process.hrtime.bigint()}`;
  await writeFile(file, task.hiddenTest);
  return await execute(process.execPath, [file, target, word], { env: gitEnv, timeout: 20_000 }).then(
    ({ stdout }) => (stdout.trimEnd().endsWith(word) ? null : "it ended before its last word"),
    (error: Error) => error.message.split("\n").find((line) => line.includes("Error")) ?? error.message.slice(0, 200),
  );
}
