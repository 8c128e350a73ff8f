import type { RunEnd } from "./end.ts";
import type { InboxItem } from "./forge.ts";
import type { Run } from "./open-run.ts";
import { showProgress } from "./show.ts";

/** What waited in the inbox: nothing that ends the run (perhaps steering, now in the state), or an end. */
export type InboxOutcome = { kind: "read"; steered: InboxItem[] } | { kind: "end"; end: RunEnd };

/** Reads commands after the cursor into the session; each is read once. `/stop` and a `/retry` amid the work end the run here. */
export async function readCommands(run: Run, options: { force?: boolean } = {}): Promise<InboxOutcome> {
  const items = await run.world.forge.readInbox(run.session.state(), options);
  const steered: InboxItem[] = [];
  for (const item of items) {
    await run.record("command_read", {
      comment_id: item.commentId,
      place: item.place,
      actor: item.actor,
      command: item.command,
      at: item.at,
    });
    if (item.command.name === "status") await showProgress(run, { force: true });
    if (item.command.name === "continue" && item.command.text) steered.push(item);
    if (item.command.name === "retry") await restart(run, item);
  }
  const last = items.filter(({ command }) => command.name !== "status").at(-1);
  if (last?.command.name === "stop") {
    return { kind: "end", end: { stop: "cancelled", text: `${last.actor} asked for the end with \`/stop\`.` } };
  }
  return { kind: "read", steered };
}

async function restart(run: Run, item: InboxItem): Promise<void> {
  const state = run.session.state();
  const tree = await run.store.treeOf(state.base.sha);
  // The copy-out of the last turn must not bring back what is thrown away here.
  await run.copying;
  await run.record("work_restarted", { why: `${item.actor} asked for a fresh start with \`/retry\`.`, tree });
  await run.workshop.discardWork();
  run.workTree = tree;
}
