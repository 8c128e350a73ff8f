import type { StopReason } from "../../domain/stop-reason.ts";
import type { Casting } from "./cast.ts";

/** What can be broken on purpose: each still has to end truthfully. */
export const breakNames = ["evaluator", "state", "budget", "runner"] as const;
export type BreakName = (typeof breakNames)[number];

/** How a story is set up, and the one ending that is truthful for it. */
export interface Plot {
  /** One sentence for the beginning. */
  says: string;
  casting: Casting;
  /** `limits.run.usd` of the policy. */
  runUsd: number;
  /** Between run 1 and run 2 the session on the remote is damaged. */
  damagesState: boolean;
  /** Somebody comments `/continue` after run 1. */
  goesOn: boolean;
  /** At the end the schedule fires. */
  hasNight: boolean;
  /** Run 2 is killed in the middle. */
  killsRun2: boolean;
  expected: {
    verdict: "pass" | "fail" | "unverified" | null;
    /** Stop reason of each run in order; null is a run that died without a word. */
    stops: (StopReason | null)[];
    isReady: boolean;
  };
}

/**
 * A run's budget in USD. The long thoughts about C2 cost about 0.18, those about C3 0.42, all else in run 1 0.06; a fifth
 * of the budget is the judge's, a twentieth the wind-down's, and each request must be covered at its worst. So run 1 ends
 * among the thoughts about C3; with half of it, among those about C2, and run 2 among those about C3.
 */
const runUsd = 0.6;

/** The plain story. */
const plain: Plot = {
  says: "",
  casting: "plain",
  runUsd,
  damagesState: false,
  goesOn: true,
  hasNight: true,
  killsRun2: false,
  expected: { verdict: "pass", stops: ["max_budget", "done"], isReady: true },
};

const broken: Plot = { ...plain, hasNight: false };

/** The plot of a break, or of the plain story. */
export function plotOf(name: BreakName | null): Plot {
  switch (name) {
    case null:
      return plain;
    case "evaluator":
      return {
        ...broken,
        says: "the oracle that refused the early claim is gone: the last criterion has nothing that can decide it",
        casting: "undecidable",
        goesOn: false,
        expected: { verdict: "unverified", stops: ["rejected"], isReady: false },
      };
    case "state":
      return {
        ...broken,
        says: "between the runs the session's journal on the remote is damaged",
        damagesState: true,
      };
    case "budget":
      return {
        ...broken,
        says: "every run has half the budget",
        runUsd: runUsd / 2,
        expected: { verdict: "fail", stops: ["max_budget", "max_budget"], isReady: false },
      };
    case "runner":
      return {
        ...broken,
        says: "run 2 is ended by `kill -9` in the middle of its work",
        killsRun2: true,
        expected: { verdict: "pass", stops: ["max_budget", null, "done"], isReady: true },
      };
  }
}
