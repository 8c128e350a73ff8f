import { setTimeout as wait } from "node:timers/promises";
import { runSpend } from "../domain/replay.ts";
import type { Hands, InboxItem, LoopRole } from "../loop/spec.ts";
import type { Bench } from "./bench.ts";
import { takeSnapshot } from "./copy-out.ts";
import { readCommands } from "./inbox.ts";
import { lookAround } from "./look-around.ts";
import type { Run } from "./open-run.ts";
import { authorize } from "./purse.ts";
import { saveSoon } from "./save.ts";
import { showProgress } from "./show.ts";

/** Where the outputs of cut results lie on this runner; shown inside the walls as /outputs. */
export function outputsDirOf(run: Run): string {
  return run.session.outputsDir;
}

/** Time for a request to leave before the work begins that is done while the model thinks, ms. */
const requestHeadStartMs = 15;
/** When no request follows a turn, its copy-out begins after so many ms. */
const noRequestMs = 50;

/** What the loop can reach of this run. The worker's tree is copied out after each turn, in the background of the next request. */
export function createHands(run: Run, part: { role: LoopRole; model: string; context: string; bench: Bench }): Hands {
  const { world, session } = run;
  const isWorker = part.role === "worker";
  let onSent = (): void => {};
  let copied: Promise<string | null> | null = null;
  return {
    model: world.model,
    record: run.record,
    history: () => session.contextEvents(part.context),
    authorize: (request) => authorize(run, part.model, request),
    readInbox: () => readInbox(run, part.role),
    worldHash: async () => {
      // All of it waits until the request is on its way: what the model's time hides must not delay it.
      await wait(requestHeadStartMs);
      onSent();
      part.bench.sandbox.warm();
      const copy = copied;
      copied = null;
      return (await copy) ?? (await run.store.worldHash(await part.bench.workDir()));
    },
    turnEnded() {
      const sent = new Promise<void>((resolve) => {
        onSent = resolve;
        setTimeout(resolve, noRequestMs);
      });
      const before = Promise.all([run.copying, sent]);
      if (isWorker) copied = copyAndSave(run, part.bench, before);
      // The end of the run waits for this: nothing is saved after it.
      run.copying = (copied ?? before).then(() => {
        if (!isWorker) saveSoon(run, run.allowanceUsdMicro);
      });
      void showProgress(run).catch(() => {});
    },
    now: world.now,
    remainingMs: () => run.clock.remainingMs(),
    remainingShare: () => remainingShare(run),
    signal: world.signal,
  };
}

async function readInbox(run: Run, role: LoopRole): Promise<readonly InboxItem[]> {
  if (run.superseded) return [{ kind: "superseded", reason: run.superseded }];
  // Not waited for: the next request goes out while the last turn is still on its way to the remote, within the allowance.
  const known = run.session.lastCheckpoint();
  if (known?.kind === "superseded") return [{ kind: "superseded", reason: known.detail }];
  const { restarts } = run.session.state();
  const inbox = await readCommands(run).catch(() => null);
  if (inbox?.kind === "end") return [{ kind: "ended", reason: inbox.end.text }];
  const end = await lookAround(run);
  if (end) return [{ kind: "ended", reason: end.text }];
  if (run.session.state().restarts > restarts)
    return [{ kind: "obsolete", reason: "A person asked for a fresh start." }];
  if (role === "evaluator" && inbox && inbox.steered.length > 0)
    return [{ kind: "obsolete", reason: "A person added to the request while it was being judged." }];
  return (inbox?.steered ?? []).map(({ commentId, actor, command }) => ({
    kind: "steering",
    id: String(commentId),
    actor,
    text: command.name === "continue" ? command.text : "",
  }));
}

/**
 * One copy-out at a time, with the hash of the work folder as it was seen; one that fails is made up by the next, or by the
 * forced one at the end of the context.
 */
async function copyAndSave(run: Run, bench: Bench, before: Promise<unknown>): Promise<string | null> {
  await before;
  try {
    const { world } = await takeSnapshot(run, await bench.workDir());
    saveSoon(run, run.allowanceUsdMicro);
    return world;
  } catch {
    return null;
  }
}

function remainingShare(run: Run): number {
  const limits = run.session.state().runs.at(-1)?.limits;
  if (!limits) return 1;
  const spend = runSpend(run.session.state());
  return Math.min(
    1 - spend.turns / limits.turns,
    1 - spend.usd_micro / Math.max(1, limits.usd_micro),
    run.clock.remainingMs() / limits.ms,
  );
}
