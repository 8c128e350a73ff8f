import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Script } from "../../src/local/model/script.ts";
import { type Step, scriptByRole, sequence } from "../../src/local/model/script-helpers.ts";
import { startBareStory } from "../../test/helpers/bare-run.ts";
import { patientPolicy } from "../../test/helpers/crash-story.ts";
import { settle } from "../../test/helpers/journey-view.ts";
import { finish, foldAccents, proposeContract, readSlug, slugFiles } from "../../test/helpers/slug-story.ts";

export interface Cancels {
  /** From the cancel to the checkpoint on the remote that says `cancelled`, per run. */
  ms: number[];
  /** From the cancel to the status comment that says so, per run. */
  toldMs: number[];
  /** Runs whose session says `cancelled` and whose status comment says so too. */
  saved: number;
  notes: string[];
}

/** What is under way when the cancel comes. */
export interface Scene {
  name: string;
  policy?: string;
  /** Script of the session; whoever reaches the moment says `now`, with the ms after which it is there. */
  script(now: (afterMs: number) => void): Partial<Record<"initializer" | "worker" | "evaluator", readonly Step[]>>;
  /** The moment, where no script sees it: a line of the run's log and the ms after it. */
  line?: { text: string; afterMs: number };
}

const long = "sleep 300";
const late = { toolCalls: [{ name: "bash", input: { command: "true" } }], delayMs: 300_000 };
/** A step that tells of itself when it is asked for. */
const told =
  (step: Exclude<Step, Script>, now: (afterMs: number) => void, afterMs: number): Script =>
  () => {
    now(afterMs);
    return step;
  };
const policyWith = (text: string): string => patientPolicy.replace(/setup: .*\noracles: .*\n/, text);

/** Each thing that can take long while a run is at work. */
export const scenes: readonly Scene[] = [
  {
    name: "between turns",
    script: (now) => ({
      worker: [readSlug, told(foldAccents as Exclude<Step, Script>, now, 150), readSlug, finish(["C1"])],
    }),
  },
  {
    name: "a command of the model",
    script: (now) => ({
      worker: [readSlug, told({ toolCalls: [{ name: "bash", input: { command: long } }] }, now, 1_000)],
    }),
  },
  { name: "an answer of the model", script: (now) => ({ worker: [readSlug, foldAccents, told(late, now, 500)] }) },
  {
    name: "the set-up",
    policy: policyWith(`setup: [${long}]\noracles: [node test/slug.js]\n`),
    script: () => ({}),
    line: { text: "run 1 of", afterMs: 1_000 },
  },
  {
    name: "an oracle on the base",
    policy: policyWith(`setup: []\noracles: [${long}]\n`),
    script: (now) => ({
      initializer: [proposeContract[0]!, told(proposeContract[1] as Exclude<Step, Script>, now, 1_500)],
    }),
  },
  {
    name: "an oracle on the work",
    policy: policyWith(`setup: []\noracles: ["! grep -q NFD slug.js || ${long}"]\n`),
    script: (now) => ({ worker: [foldAccents, told(finish() as Exclude<Step, Script>, now, 3_000)] }),
  },
  {
    name: "the initializer's first answer",
    script: (now) => ({ initializer: [told(late, now, 300)] }),
  },
];

/** Cancels runs amid the work, as the button does: SIGINT, 7.5 s, SIGTERM, 2.5 s, SIGKILL. */
export async function playCancels(options: {
  count: number;
  say: (line: string) => void;
  scenes?: readonly Scene[];
  after?: (gitDir: string, cancelledAt: number) => void;
}): Promise<Cancels> {
  const found: Cancels = { ms: [], toldMs: [], saved: 0, notes: [] };
  const played = options.scenes ?? scenes;
  for (let round = 0; round < options.count; round += 1) {
    const scene = played[round % played.length]!;
    const one = await playCancel(scene, options.after);
    found.ms.push(one.savedMs);
    found.toldMs.push(one.toldMs);
    if (one.problem === null) found.saved += 1;
    else found.notes.push(`cancel amid ${scene.name}: ${one.problem}`);
    options.say(
      `cancel ${round + 1} of ${options.count}, amid ${scene.name}: saved in ${Math.round(one.savedMs)} ms, told in ${Math.round(one.toldMs)} ms`,
    );
  }
  return found;
}

async function playCancel(scene: Scene, after?: (gitDir: string, cancelledAt: number) => void) {
  let cancelled: Promise<{ savedMs: number; toldMs: number }> | null = null;
  const now = (afterMs: number): void => {
    cancelled ??= sleep(afterMs).then(cancel);
  };
  const steps = { initializer: proposeContract, ...scene.script(now) };
  const script = scriptByRole({
    initializer: sequence(steps.initializer),
    worker: sequence(steps.worker ?? []),
    evaluator: sequence(steps.evaluator ?? []),
  });
  await using story = await startBareStory({
    script,
    files: slugFiles(scene.policy ?? patientPolicy),
    world: {
      runner: {
        onLine: ({ text }) => {
          if (scene.line && text.includes(scene.line.text)) now(scene.line.afterMs);
        },
      },
    },
  });
  const { world } = story.journey;
  const cancel = async () => {
    const start = performance.now();
    const at = Date.now();
    const runId = world.runner.active()[0]!;
    await world.as("mona").request("POST", `/repos/acme/app/actions/runs/${runId}/cancel`);
    const saved = endOf(world.repo.gitDir, story.issue, start);
    const toldMs = await untilTold(async () => (await settleComments(story.journey.world, story.issue)).join(), start);
    const savedMs = await saved;
    after?.(world.repo.gitDir, at);
    return { savedMs, toldMs };
  };
  await story.ring(0);
  const view = await settle(story.journey, story.issue);
  const times = (await cancelled) ?? { savedMs: Number.NaN, toldMs: Number.NaN };
  const last = view.state.runs.at(-1);
  const problem =
    last?.stop_reason === "cancelled" && last.closed !== false && /cancelled/.test(view.statusComments[0] ?? "")
      ? null
      : `${view.state.runs.map((run) => `${run.stop_reason}${run.closed === false ? " (open)" : ""}`).join(", ")}: ${view.statusComments[0]?.slice(0, 200)}`;
  return { ...times, problem };
}

async function settleComments(
  world: { as(login: string): { request(method: string, path: string): Promise<{ body: unknown }> } },
  issue: number,
): Promise<string[]> {
  const { body } = await world.as("mona").request("GET", `/repos/acme/app/issues/${issue}/comments`);
  return (body as { body: string }[]).map((comment) => comment.body);
}

async function untilTold(read: () => Promise<string>, start: number): Promise<number> {
  while (performance.now() - start < 20_000) {
    if (/cancelled/.test(await read())) return performance.now() - start;
    await sleep(50);
  }
  return Number.NaN;
}

function git(gitDir: string, ...args: string[]): string {
  return execFileSync("git", ["--git-dir", gitDir, ...args], { encoding: "utf8" }).trim();
}

/** Milliseconds until the session's state on the remote says that the run has ended. */
async function endOf(gitDir: string, issue: number, start: number): Promise<number> {
  let seen = "";
  while (performance.now() - start < 20_000) {
    const head = git(gitDir, "for-each-ref", "--format=%(objectname)", `refs/baton/issue-${issue}`);
    if (head !== seen) {
      const at = performance.now() - start;
      if (git(gitDir, "show", `${head}:session/state.json`).includes('"cancelled"')) return at;
      seen = head;
    }
    await sleep(25);
  }
  return Number.NaN;
}
