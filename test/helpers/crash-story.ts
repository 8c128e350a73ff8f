import { execFileSync } from "node:child_process";
import type { Script } from "../../src/local/model/script.ts";
import type { WorldOptions } from "../../src/local/world.ts";
import { type Journey, startJourney } from "./journey.ts";
import { type JourneyView, settle } from "./journey-view.ts";
import { fixedSlug, slugFiles, slugScript } from "./slug-story.ts";

/** A policy under which runs may die often: small runs, much room for the session and the day. */
export const patientPolicy = `setup: []
oracles: [node test/slug.js]
limits: { run: { usd: 1 }, session: { usd: 50, runs: 90 }, day: { usd: 200, runs_per_person: 200 } }
`;

/** A story whose workflow alone answers events: the fewest processes that show the whole course. */
export async function startStory(
  options: {
    script?: Script;
    policy?: string;
    files?: Record<string, string>;
    withApp?: boolean;
    world?: Partial<WorldOptions>;
  } = {},
): Promise<{ journey: Journey; issue: number } & AsyncDisposable> {
  const journey = await startJourney({
    script: options.script ?? slugScript(),
    files: options.files ?? slugFiles(options.policy ?? patientPolicy),
    withApp: options.withApp ?? false,
    ...(options.world ? { world: options.world } : {}),
  });
  const issue = await journey.world.openIssue({
    title: "slug should fold accents",
    body: "Crème → creme, and runs of spaces one dash.",
  });
  return { journey, issue, [Symbol.asyncDispose]: () => journey[Symbol.asyncDispose]() };
}

/** Waits for quiet, and says `/continue` as long as the session is not done; at most so many times. */
export async function bringToEnd(journey: Journey, issue: number, most = 6): Promise<JourneyView & { asked: number }> {
  for (let asked = 0; ; asked += 1) {
    const view = await settle(journey, issue);
    if (view.state.runs.at(-1)?.stop_reason === "done" && view.state.runs.at(-1)?.closed !== false)
      return { ...view, asked };
    if (asked >= most) throw new Error(`not done after ${asked} times /continue: ${describeRuns(view)}`);
    await journey.world.comment(issue, "/continue", "mona");
  }
}

/** What each run of the session came to. */
export function describeRuns({ state }: JourneyView): string {
  return state.runs
    .map((run) => `${run.trigger}:${run.stop_reason ?? "died"}${run.closed === false ? " (open)" : ""}`)
    .join(", ");
}

/** Hash of the tree at the head of the work branch. */
export function treeOf({ world }: Journey, branch: string): string {
  return execFileSync("git", ["--git-dir", world.repo.gitDir, "rev-parse", `refs/heads/${branch}^{tree}`], {
    encoding: "utf8",
  }).trim();
}

/** Micro-USD that the model's server has billed. */
export function billOf({ world }: Journey): number {
  return world.model!.bill().usdMicro;
}

/** What does not hold of a story that must be whole whatever was killed: each thing once, the work right, the money covered. */
export function findViolations(journey: Journey, issue: number, view: JourneyView): string[] {
  const { counts, state } = view;
  const billed = billOf(journey);
  const checks: [string, boolean][] = [
    [`branches: ${counts.branches}`, counts.branches.join() === `baton/issue-${issue}`],
    [`pull requests: ${counts.pullRequests}`, counts.pullRequests.length === 1],
    [`status comments: ${view.statusComments.length}`, view.statusComments.length === 1],
    ["the pull request is a draft", !view.pullRequest.draft],
    ["the work is not what an uninterrupted run gives", view.file("slug.js") === fixedSlug],
    ["the state file is left on the branch", !view.files().includes(`.baton/issue-${issue}/state.json`)],
    [`check runs: ${counts.checkRuns}`, counts.checkRuns.filter((line) => line === "baton: success").length === 1],
    [`verdict: ${state.verdict?.outcome}`, state.verdict?.outcome === "pass"],
    [`booked ${state.spend.total.usd_micro}, billed ${billed}`, state.spend.total.usd_micro >= billed],
    [
      `the model was asked what it refuses: ${journey.world.model?.problems()}`,
      journey.world.model?.problems().length === 0,
    ],
    [`the key is in ${view.leaks}`, view.leaks.length === 0],
  ];
  return checks.flatMap(([text, holds]) => (holds ? [] : [text]));
}
