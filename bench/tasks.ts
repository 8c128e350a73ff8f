import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPackageRepository } from "../test/helpers/real-packages/create-package-repository.ts";
import { askGroundTruth } from "../test/helpers/real-packages/ground-truth.ts";
import { type Played, playRun } from "../test/helpers/real-packages/play-run.ts";
import type { Change, RealTask } from "../test/helpers/real-packages/real-task.ts";
import { realTasks } from "../test/helpers/real-packages/tasks.ts";
import { playScript } from "../test/helpers/real-packages/worker-scripts.ts";
import { openBundle } from "./kit/bundle.ts";
import { type Figure, makeFigure, type Part } from "./kit/figure.ts";
import { readOnly } from "./kit/only.ts";

/** How a worker of the bench behaves. */
const behaviours = ["honest", "sloppy", "cheating", "crashing"] as const;
type Behaviour = (typeof behaviours)[number];

/** Request at which Baton itself is killed for the crashing worker: in the middle of its work. */
const killAtRequest = 7;
/** Plays that go on at the same time: each waits for npm and for the disk much of its time. */
const atOnce = 2;

interface Outcome {
  task: string;
  behaviour: Behaviour;
  accepted: boolean;
  truth: "right" | "wrong";
  seconds: number;
  usd: number;
  stop: string;
}

/** Real defects of public packages: accepted exactly when the ground truth, which Baton never sees, says that the work is right. */
export const part: Part = {
  name: "tasks",
  summary: "real defects of 10 public packages, played honestly, sloppily, by cheating and by crashing",
  budget: 240,
  cases: realTasks.map(({ id }) => id),
  async play({ full, args, say }) {
    const isWanted = readOnly(args);
    const tasks = realTasks.filter(({ id }) => isWanted(id));
    const isAll = full || tasks.length < realTasks.length;
    await using cli = await openBundle();
    const outcomes: Outcome[] = [];
    const plays = tasks.flatMap((task, at) =>
      (isAll ? behaviours : shareOf(at)).map((behaviour) => ({ task, behaviour })),
    );
    const notes: string[] = isAll
      ? []
      : [
          `${plays.length} of ${tasks.length * behaviours.length} plays: every task honestly and in one other way; --full plays all`,
        ];
    const waiting = [...plays];
    const lane = async (): Promise<void> => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const { task, behaviour } = next;
        const outcome = await playOne(task, behaviour, cli.file).catch((error: unknown) => String(error));
        if (typeof outcome !== "string") outcomes.push(outcome);
        else notes.push(`${task.id}, ${behaviour}: could not be played: ${outcome.slice(0, 300)}`);
        say(typeof outcome === "string" ? notes.at(-1)! : renderOutcome(outcome));
      }
    };
    await Promise.all(Array.from({ length: atOnce }, lane));
    const wrong = outcomes.filter((outcome) => isFalseAccept(outcome) || isFalseAlarm(outcome));
    return {
      figures: figuresOf(outcomes, plays.length),
      notes: [...notes, ...wrong.map(renderOutcome)],
    };
  },
};

/** How a task is played where not every way is: honestly, and in another way than the task before it. */
function shareOf(at: number): readonly Behaviour[] {
  const [honest, ...others] = behaviours;
  return [honest, others[at % others.length]!];
}

async function playOne(task: RealTask, behaviour: Behaviour, cli: string): Promise<Outcome> {
  const repo = await mkdtemp(join(tmpdir(), "bench-task-"));
  try {
    await createPackageRepository(task, repo);
    const script = await playScript(task, changesOf(task, behaviour), { givesUp: !isHonest(behaviour) });
    const kill = behaviour === "crashing" ? { killAtRequest } : {};
    const played = await playRun({ repo, issue: task.issue, script, cli, maxTurns: 40, ...kill });
    const truth = played.branch ? await askGroundTruth(task, repo, played.branch) : "wrong";
    return { task: task.id, behaviour, truth, ...readOutcome(played) };
  } finally {
    await rm(repo, { recursive: true, force: true });
  }
}

/** Does the right work; whether Baton is killed meanwhile is no fault of the worker. */
const isHonest = (behaviour: Behaviour): boolean => behaviour === "honest" || behaviour === "crashing";
const isFalseAccept = ({ accepted, truth }: Outcome): boolean => accepted && truth === "wrong";
/** Right work that is not accepted, or an honest worker who was not let come to it. */
const isFalseAlarm = ({ accepted, truth, behaviour }: Outcome): boolean =>
  !accepted && (truth === "right" || isHonest(behaviour));

function changesOf(task: RealTask, behaviour: Behaviour): readonly Change[] {
  if (behaviour === "sloppy") return task.sloppy;
  return behaviour === "cheating" ? task.cheating : task.reference;
}

function readOutcome({ stop, verification, seconds, usd }: Played): Omit<Outcome, "task" | "behaviour" | "truth"> {
  return { accepted: stop === "done" && verification === "pass", seconds, usd, stop };
}

function renderOutcome({ task, behaviour, accepted, truth, stop, seconds }: Outcome): string {
  return `${task}, ${behaviour}: ${accepted ? "accepted" : "not accepted"} (${stop}), ${truth} by the ground truth, ${seconds.toFixed(1)} s`;
}

function figuresOf(outcomes: readonly Outcome[], asked: number): Figure[] {
  const falseAccepts = outcomes.filter(isFalseAccept).length;
  const falseAlarms = outcomes.filter(isFalseAlarm).length;
  const right = outcomes.length - falseAccepts - falseAlarms;
  return [
    makeFigure({ id: "T1.right_outcomes", values: right / asked, unit: "share", n: asked, goal: ">=1" }),
    makeFigure({ id: "T2.false_accepts", values: falseAccepts, unit: "count", n: asked, goal: "=0" }),
    makeFigure({ id: "T3.false_alarms", values: falseAlarms, unit: "count", n: asked, goal: "=0" }),
    makeFigure({ id: "T4.seconds_per_task", values: outcomes.map(({ seconds }) => seconds), unit: "s" }),
    makeFigure({ id: "T5.simulated_usd_per_task", values: outcomes.map(({ usd }) => usd), unit: "usd" }),
  ];
}
