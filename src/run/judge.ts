import type { JudgeInput } from "../evaluator/judge-input.ts";
import { runContext } from "../loop/run-context.ts";
import type { ContextEnd } from "../loop/spec.ts";
import { evaluatorTools } from "../tools/role-tools.ts";
import { createHands, outputsDirOf } from "./hands.ts";
import type { Run } from "./open-run.ts";
import { describeEvaluator } from "./roles.ts";

export type JudgeAnswer =
  | { kind: "judged"; judgement: unknown; model: string }
  | { kind: "none"; why: string; end: ContextEnd };

/** Asks the judge: a fresh context with tools in a throw-away copy of exactly the evaluated tree. */
export async function askJudge(run: Run, input: JudgeInput): Promise<JudgeAnswer> {
  const bench = run.workshop.openBench(input.evaluatedTree, outputsDirOf(run));
  try {
    const spec = describeEvaluator(run, evaluatorTools({ sandbox: bench.sandbox }), input);
    const end = await runContext(
      spec,
      createHands(run, { role: "evaluator", model: spec.model, context: spec.context, bench }),
    );
    if (end.signal?.kind === "judgement") return { kind: "judged", judgement: end.signal.judgement, model: spec.model };
    return { kind: "none", why: `the judge gave no verdict (${end.end}: ${end.reason})`, end };
  } finally {
    await bench.close();
  }
}
