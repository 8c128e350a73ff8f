import type { ContractDraft } from "../domain/contract.ts";
import { contractSha256 } from "../domain/contract.ts";
import { freezeContract } from "../evaluator/freeze-contract.ts";
import { runContext } from "../loop/run-context.ts";
import { outsideScope } from "../policy/protected-paths.ts";
import { initializerTools } from "../tools/role-tools.ts";
import { endOfContext, type RunEnd } from "./end.ts";
import { createHands, outputsDirOf } from "./hands.ts";
import type { Run } from "./open-run.ts";
import { foreseeAllowance } from "./purse.ts";
import { recordRefusedHosts } from "./record-set-up.ts";
import { describeInitializer } from "./roles.ts";
import { saveWork } from "./save.ts";
import { publishProgress } from "./show.ts";
import { startDraftIn, startIn, startPath } from "./start-in.ts";

/** Drafts that Baton refuses before it gives up. */
const maxRefusals = 3;

/** Stage: the initializer reproduces the problem in a throw-away copy and proposes; Baton runs every oracle on the base and freezes. */
export async function initialize(run: Run): Promise<RunEnd | null> {
  const { contract_refusals: refusals, base } = run.session.state();
  if (refusals.count >= maxRefusals) {
    return { stop: "stuck", text: `No contract could be frozen. The last reasons: ${refusals.reasons.join(" ")}` };
  }
  foreseeAllowance(run);
  const bench = run.workshop.openBench(await run.store.treeOf(base.sha), outputsDirOf(run));
  try {
    const tools = initializerTools({ sandbox: bench.sandbox, cwd: startPath(run.world.workingDirectory ?? "") });
    const spec = await describeInitializer(run, tools);
    const context = await runContext(
      spec,
      createHands(run, { role: "initializer", model: spec.model, context: spec.context, bench }),
    );
    await recordRefusedHosts(run);
    const end = endOfContext(context.end, context.reason);
    if (end) return end;
    if (context.signal?.kind === "contract") return await freeze(run, context.signal.draft);
    await run.record("contract_refused", { reasons: ["The context ended without a contract."] }, "initializer");
    return null;
  } finally {
    await bench.close();
  }
}

async function freeze(run: Run, draft: ContractDraft): Promise<RunEnd | null> {
  const state = run.session.state();
  const folder = run.world.workingDirectory ?? "";
  const outcome = await freezeContract(
    {
      draft: startDraftIn(folder, draft),
      policyOracles: run.world.policy.oracles.map((command) => startIn(folder, command)),
      requestSha256: state.request.sha256,
      baseSha: state.base.sha,
    },
    { ...run.evaluatorWorld, isProtected: (path) => isProtectedByPolicy(run, path) },
  );
  switch (outcome.kind) {
    case "refused":
      await run.record("contract_refused", { reasons: outcome.reasons, baseline: outcome.baseline });
      return null;
    case "unclear":
      await run.record("questions_asked", { questions: outcome.questions, by: "initializer" });
      return { stop: "blocked", text: outcome.questions.join(" ") };
    case "already_satisfied":
      await run.record("already_satisfied", { summary: outcome.summary, baseline: outcome.baseline });
      return { stop: "already_satisfied", text: outcome.summary };
    case "frozen": {
      for (const text of outcome.warnings) await run.record("warned", { text });
      // What people added before there was a contract weighs as much as the request.
      const amendments = state.steering.map(({ text, actor, comment_id }) => ({ text, actor, comment_id }));
      const contract = { ...outcome.contract, amendments };
      await run.record("contract_frozen", { contract, sha256: contractSha256(contract) });
      await saveWork(run, `baton: freeze the contract of ${state.session}`);
      await publishProgress(run);
      return run.conflict;
    }
  }
}

/** What a criterion carries judges the work and is not part of it, so a chore's paths do not bind it; the policy does. */
function isProtectedByPolicy(run: Run, path: string): boolean {
  const rule = run.protection(path);
  return rule !== null && rule !== outsideScope;
}
