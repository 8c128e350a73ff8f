import { probeWalls } from "../../sandbox/probe.ts";
import { openBareRepository } from "./bare-repository.ts";
import type { Plot } from "./breaks.ts";
import { createCast } from "./cast.ts";
import { damageSession } from "./damage.ts";
import { emptyOutDir } from "./empty-out-dir.ts";
import { ensureDist } from "./ensure-dist.ts";
import { issue } from "./library.ts";
import { fetchPull, lookAround, type StoryFacts } from "./look.ts";
import type { Narrator } from "./narrator.ts";
import { playbookName } from "./night.ts";
import { openStage, type Stage } from "./stage.ts";
import { watchSession } from "./watch-session.ts";

export interface PlayOptions {
  packageRoot: string;
  outDir: string;
  plot: Plot;
  /** The key for the real model; null plays the scripted one. */
  liveKey: string | null;
  narrator: Narrator;
  signal: AbortSignal;
  /** Called with the world still up, before it goes away. */
  atEnd: (facts: StoryFacts, stage: Stage) => Promise<void>;
}

/** The policy of the story's repository. */
function policyOf(plot: Plot, isLive: boolean): string {
  const usd = isLive ? 3 : plot.runUsd;
  return `setup: []\noracles: ["node --test"]\nauto_continue: false\nlimits:\n  run: { turns: 80, usd: ${usd}, minutes: 20 }\n  session: { usd: 10 }\nmaintenance: { playbooks: [${playbookName}] }\n`;
}

/**
 * The story: a user reports, a maintainer labels, run 1 ends at its budget, `/continue`, run 2 finishes on a fresh
 * runner. What happens in it is the product's own doing; the demo only does what people would, and breaks what it is told to.
 */
export async function playStory(options: PlayOptions): Promise<void> {
  const { narrator, plot } = options;
  await emptyOutDir(options.outDir);
  await ensureDist(options.packageRoot, (line) => narrator.tell("demo", line));
  await probeWalls({ allowDegraded: false });
  await using stage = await openStage({
    packageRoot: options.packageRoot,
    script: options.liveKey === null ? createCast(plot.casting) : null,
    apiKey: options.liveKey,
    policy: policyOf(plot, options.liveKey !== null),
    onLine: (line) => narrator.hear(line),
  });
  nameRuns(stage, narrator);
  const { world } = stage;
  narrator.tell("demo", `an embedded GitHub listens on ${world.github.url}`);
  if (plot.says !== "") narrator.tell("demo", `broken on purpose: ${plot.says}`);
  const number = await reportIssue(stage, narrator);
  const bare = openBareRepository(world.repo.gitDir);
  const ref = `refs/baton/issue-${number}`;
  const stop = new AbortController();
  const watching = watchSession(
    bare,
    ref,
    (state) => narrator.stand(state),
    AbortSignal.any([stop.signal, options.signal]),
  );
  try {
    narrator.chapter("Run 1: a claim that comes too early, and a budget that ends");
    await world.label(number, "baton");
    narrator.tell("mona", "puts the label `baton` on it");
    await quiet(stage, options.signal);
    if (plot.damagesState) narrator.tell("somebody", await damageSession(bare, ref, "journal"));
    if (plot.goesOn) narrator.chapter("Run 2: a fresh runner goes on from the state");
    if (plot.killsRun2) world.runner.killNext({ job: "run", log: /worker: .* on C3/ });
    if (plot.goesOn) await goOn(stage, narrator, number, options.signal);
    if (plot.killsRun2) {
      narrator.chapter("Run 3: another runner goes on from the last checkpoint");
      await goOn(stage, narrator, number, options.signal);
    }
    if (plot.hasNight && options.liveKey === null) await playTheNight(stage, narrator, options.signal);
  } finally {
    stop.abort();
    await watching;
  }
  const facts = await lookAround(world, number, options.outDir);
  narrator.end();
  await options.atEnd(facts, stage);
}

async function reportIssue({ world }: Stage, narrator: Narrator): Promise<number> {
  narrator.chapter("A user reports something");
  const number = await world.openIssue({ ...issue, as: "outsider" });
  narrator.tell("outsider", `opens issue #${number}: ${issue.title}`);
  return number;
}

/** `/continue` where a person would write it: on the pull request, or on the issue as long as there is none. */
async function goOn(stage: Stage, narrator: Narrator, number: number, signal: AbortSignal): Promise<void> {
  const pull = await fetchPull(stage.world, (branch) => branch === `baton/issue-${number}`);
  const place = pull?.number ?? number;
  narrator.tell("mona", `comments \`/continue\` on ${pull ? "pull request" : "issue"} #${place}`);
  await stage.world.comment(place, "/continue");
  await quiet(stage, signal);
}

/** The schedule fires: the night decides, and what is due gets a run of its own. */
async function playTheNight(stage: Stage, narrator: Narrator, signal: AbortSignal): Promise<void> {
  narrator.chapter("The night: the schedule fires, and a chore of the repository is due");
  await stage.world.fireSchedule();
  await quiet(stage, signal);
}

/** Waits until nothing is under way any more, neither on GitHub nor in the App. */
async function quiet({ world, app }: Stage, signal: AbortSignal): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    await unlessAborted(world.idle(), signal);
    await unlessAborted(app.idle(), signal);
  }
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

/** Tells of each workflow run when it begins and ends, and numbers those that carry a session on. */
function nameRuns({ world }: Stage, narrator: Narrator): void {
  const told = new Set<string>();
  let carrying = 0;
  world.github.actions.on("run_changed", (run) => {
    const job = run.jobs.findLast(({ key }) => key === "run");
    if (job?.status === "in_progress" && !told.has(`${run.id}`)) {
      told.add(`${run.id}`);
      const isNight = run.display_title.startsWith("maintenance-");
      carrying += isNight ? 0 : 1;
      narrator.name(run.id, isNight ? "night run" : `run ${carrying}`);
      narrator.tell("GitHub", `workflow run “${run.display_title}” starts job \`run\` on a fresh runner`);
    }
    if (run.status === "completed" && told.has(`${run.id}`) && !told.has(`${run.id} over`)) {
      told.add(`${run.id} over`);
      const jobs = run.jobs.map(({ key, conclusion }) => `${key} ${conclusion}`).join(", ");
      narrator.tell("GitHub", `workflow run over: ${jobs}`);
    }
  });
}
