import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPackageRepository } from "../test/helpers/real-packages/create-package-repository.ts";
import { askGroundTruth } from "../test/helpers/real-packages/ground-truth.ts";
import { runBaton } from "../test/helpers/real-packages/play-run.ts";
import type { RealTask } from "../test/helpers/real-packages/real-task.ts";
import { realTasks } from "../test/helpers/real-packages/tasks.ts";
import { makeFigure, type Part } from "./kit/figure.ts";
import { readOnly } from "./kit/only.ts";

interface Outcome {
  task: string;
  accepted: boolean;
  truth: "right" | "wrong";
  stop: string;
  seconds: number;
  usd: number;
}

/** The tasks with the model that the environment's key opens: what it solves, what Baton refuses, and what that costs. */
export const part: Part = {
  name: "live",
  summary: "the tasks with the real model; needs ANTHROPIC_API_KEY and costs money",
  cases: realTasks.map(({ id }) => id),
  async run({ args, say }) {
    if (!process.env.ANTHROPIC_API_KEY)
      return { figures: [], notes: ["Not run: ANTHROPIC_API_KEY is not set. Figures of the real model need it."] };
    const isWanted = readOnly(args);
    const tasks = realTasks.filter(({ id }) => isWanted(id));
    const outcomes: Outcome[] = [];
    const notes: string[] = [];
    for (const task of tasks) {
      const outcome = await solve(task).catch((error: unknown) => String(error));
      if (typeof outcome !== "string") outcomes.push(outcome);
      notes.push(typeof outcome === "string" ? `${task.id}: could not be run: ${outcome}` : renderOutcome(outcome));
      say(notes.at(-1) ?? "");
    }
    const solved = outcomes.filter(({ accepted, truth }) => accepted && truth === "right").length;
    const falseAccepts = outcomes.filter(({ accepted, truth }) => accepted && truth === "wrong").length;
    const refused = outcomes.filter(({ accepted }) => !accepted).length;
    return {
      figures: [
        makeFigure({ id: "L1.solved", values: solved, unit: "count", n: tasks.length }),
        makeFigure({ id: "L2.false_accepts", values: falseAccepts, unit: "count", n: tasks.length, goal: "=0" }),
        makeFigure({ id: "L3.refused", values: refused, unit: "count", n: tasks.length }),
        makeFigure({ id: "L4.usd_per_task", values: outcomes.map(({ usd }) => usd), unit: "usd" }),
        makeFigure({ id: "L5.seconds_per_task", values: outcomes.map(({ seconds }) => seconds), unit: "s" }),
      ],
      notes,
    };
  },
};

async function solve(task: RealTask): Promise<Outcome> {
  const repo = await mkdtemp(join(tmpdir(), "bench-live-"));
  const started = performance.now();
  try {
    await createPackageRepository(task, repo);
    const ended = await runBaton({ repo, issue: task.issue, env: {}, maxTurns: 60 });
    if (!ended) throw new Error("the run was killed");
    const truth = ended.branch ? await askGroundTruth(task, repo, ended.branch) : "wrong";
    const accepted = ended.stop === "done" && ended.verification === "pass";
    const seconds = (performance.now() - started) / 1_000;
    return { task: task.id, accepted, truth, stop: ended.stop, seconds, usd: ended.usd };
  } finally {
    await rm(repo, { recursive: true, force: true });
  }
}

function renderOutcome({ task, accepted, truth, stop, seconds, usd }: Outcome): string {
  const verdict = accepted ? "accepted" : `not accepted (${stop})`;
  return `${task}: ${verdict}, ${truth} by the ground truth, $${usd.toFixed(2)}, ${seconds.toFixed(0)} s`;
}
