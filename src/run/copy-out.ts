import type { Snapshot } from "../git/snapshot.ts";
import { outsideScope } from "../policy/protected-paths.ts";
import type { RunEnd } from "./end.ts";
import type { Run } from "./open-run.ts";
import { recordRefusedHosts } from "./record-set-up.ts";
import { withoutRefused } from "./refusals.ts";

/** Copy-outs with protected changes after which the run ends: the worker was told the first time. */
const maxViolations = 3;

/** The work folder as the run's work tree, without what is protected, may not leave or was refused by the remote. */
export async function takeSnapshot(run: Run, workDir: string): Promise<Snapshot> {
  const baseTree = await run.store.treeOf(run.session.state().base.sha);
  const snapshot = await run.store.snapshot(workDir, {
    baseTree,
    isProtected: (path) => run.protection(path) !== null,
    ignore: run.workshop.leftBySetUp(),
  });
  run.workTree = await withoutRefused(run, snapshot.tree);
  return snapshot;
}

/**
 * Takes the work folder as a tree into Baton's own git directory. Protected paths come from the base again and
 * what may not leave stays out; both are recorded, and a worker who insists ends the run.
 */
export async function copyOut(run: Run, workDir: string): Promise<RunEnd | null> {
  await run.copying;
  await recordRefusedHosts(run);
  const snapshot = await takeSnapshot(run, workDir);
  const outside = snapshot.restored.filter((path) => run.protection(path) === outsideScope);
  const restored = snapshot.restored.filter((path) => run.protection(path) !== outsideScope);
  if (outside.length > 0) {
    // A stray file beside the chore's paths is left out, not held against the worker.
    await run.record("policy_enforced", {
      action: "refused",
      paths: outside.slice(0, 50),
      reason: "These paths are outside what the chore may touch; the base's content stands.",
    });
  }
  if (restored.length > 0) {
    await run.record("policy_enforced", {
      action: "restored",
      paths: restored.slice(0, 50),
      reason: "These paths are protected; the base's content stands.",
    });
  }
  if (snapshot.refused.length > 0) {
    await run.record("policy_enforced", {
      action: "refused",
      paths: snapshot.refused.slice(0, 50).map(({ path }) => path),
      reason: [...new Set(snapshot.refused.map(({ why }) => why))].join("; "),
    });
  }
  const violations = run.session
    .events()
    .filter((event) => event.type === "policy_enforced" && event.data.action === "restored").length;
  if (restored.length === 0 || violations < maxViolations) return null;
  return {
    stop: "policy_violation",
    text: `The work changed protected paths ${violations} times: ${restored.slice(0, 5).join(", ")}.`,
  };
}
