import { honestEvaluator } from "../../src/local/model/honest-evaluator.ts";
import type { Script } from "../../src/local/model/script.ts";

/** A note that says nothing wrong. */
export const handoffNote = {
  ...{ done: [], in_progress: "the task", next_steps: ["slug.js: go on"], decisions: [], tried_and_failed: [] },
  ...{ gotchas: [], questions_for_human: [] },
};

/** A judge that tries what no oracle tries, and shows how. */
export const probingJudge: Script = honestEvaluator({
  findings: [
    {
      severity: "blocker",
      file: "slug.js",
      what: 'slug("Été") is not folded',
      repro: `node -e 'import("./slug.js").then(({ slug }) => process.exit(slug("Été") === "ete" ? 0 : 1))'`,
    },
  ],
});
