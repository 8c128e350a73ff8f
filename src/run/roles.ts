import type { Role } from "../domain/event.ts";
import { nextStage, type State } from "../domain/state.ts";
import type { Tool } from "../domain/tool.ts";
import { type JudgeInput, renderJudgeInput } from "../evaluator/judge-input.ts";
import { type InstructionFile, instructionFiles, pickInstructions } from "../loop/instructions.ts";
import { effortOfRole } from "../loop/models.ts";
import { evaluatorPrompt } from "../loop/prompts/evaluator.ts";
import { initializerPrompt } from "../loop/prompts/initializer.ts";
import { workerPrompt } from "../loop/prompts/worker.ts";
import type { ContextSpec, LoopRole } from "../loop/spec.ts";
import type { Run } from "./open-run.ts";
import { describeLeftOut } from "./refusals.ts";
import { startIn, startPath } from "./start-in.ts";

/**
 * The criterion that the next worker context works on: the first that is open or failed, or null when the evaluator's
 * turn has come. Guards that were green on the base need nobody's work until the evaluator sends something back.
 */
export function nextCriterion(state: State): string | null {
  const green = new Set(
    state.contract?.baseline.filter(({ outcome }) => outcome === "pass").map(({ criterion }) => criterion),
  );
  const open = state.criteria.find(
    ({ id, status }) =>
      status === "fail" ||
      status === "unverifiable" ||
      (status === "open" && (!green.has(id) || state.feedback !== null)),
  );
  return open?.id ?? null;
}

/** The role that asks the model next, as far as the state tells; null when other things come first. */
export function nextRole(state: State): "initializer" | "worker" | null {
  const stage = nextStage(state);
  return stage === "initialize" ? "initializer" : stage === "work" ? "worker" : null;
}

/** Name of the context that a role opens now; after a crash the one that was open, to be rebuilt from its events. */
export function contextOf(run: Run, role: Role): string {
  const state = run.session.state();
  if (state.open_context?.role === role) return state.open_context.context;
  return `c${state.contexts + 1}-${role}`;
}

/** The initializer: request and instructions of the base. */
export async function describeInitializer(run: Run, tools: Tool[]): Promise<ContextSpec> {
  const state = run.session.state();
  const prompt = initializerPrompt({
    request: state.request,
    steering: state.steering,
    policyOracles: run.world.policy.oracles.map((command) => startIn(run.world.workingDirectory ?? "", command)),
    refusals: state.contract_refusals.reasons,
    startPath: startPath(run.world.workingDirectory ?? ""),
    instructions: await loadInstructions(run),
  });
  return { ...common(run, "initializer", run.world.models.initializer, tools), ...prompt, criterion: null };
}

/** The worker: request and contract verbatim, where the work stands, and one criterion to work on. */
export async function describeWorker(run: Run, tools: Tool[]): Promise<ContextSpec> {
  const state = run.session.state();
  const focus = state.open_context?.role === "worker" ? state.open_context.criterion : nextCriterion(state);
  const prompt = workerPrompt({
    request: state.request,
    contract: state.contract!,
    focus,
    statuses: state.criteria,
    feedback: state.feedback,
    handoff: state.handoff,
    facts: await collectFacts(run),
    steering: state.contract!.amendments,
    startPath: startPath(run.world.workingDirectory ?? ""),
    instructions: await loadInstructions(run),
  });
  return { ...common(run, "worker", run.world.models.worker, tools), ...prompt, criterion: focus };
}

/** The judge: request, contract, diff and evidence; nothing that the worker said. */
export function describeEvaluator(run: Run, tools: Tool[], input: JudgeInput): ContextSpec {
  const prompt = evaluatorPrompt({ input: renderJudgeInput(input) });
  const context = `c${run.session.state().contexts + 1}-evaluator`;
  return { ...common(run, "evaluator", run.world.models.evaluator, tools), ...prompt, context, criterion: null };
}

function common(run: Run, role: LoopRole, model: string, tools: Tool[]) {
  return {
    context: contextOf(run, role),
    role,
    model,
    tools: tools as unknown as readonly Tool<never>[],
    prices: run.world.policy.prices,
    effort: effortOfRole[role],
  };
}

/** What Baton itself knows of the work so far, for the next context: commits and changed files. */
async function collectFacts(run: Run): Promise<string[]> {
  const state = run.session.state();
  const diff = await run.store.diff(await run.store.treeOf(state.base.sha), run.workTree, { maxBytes: 1 });
  const leftOut = describeLeftOut(run);
  if (diff.files.length === 0) return ["Nothing is changed against the base yet.", ...leftOut];
  const files = diff.files.slice(0, 30).map(({ path, added, removed }) => `${path} +${added} -${removed}`);
  return [`Changed against the base (${diff.files.length} files): ${files.join(", ")}`, ...leftOut];
}

/** Repository instructions of the base, the folder's own before the root's; the work tree's are never read. */
async function loadInstructions(run: Run): Promise<InstructionFile | null> {
  const tree = await run.store.treeOf(run.session.state().base.sha);
  const folder = run.world.workingDirectory ?? "";
  for (const prefix of new Set([folder && `${folder}/`, ""])) {
    const files: InstructionFile[] = [];
    for (const path of instructionFiles) {
      const bytes = await run.store.readBlob(tree, `${prefix}${path}`);
      if (bytes) files.push({ path, text: Buffer.from(bytes).toString("utf8") });
    }
    const found = pickInstructions(files);
    if (found) return { ...found, path: `${prefix}${found.path}` };
  }
  return null;
}
