import { endOfSignal, type RunEnd } from "./end.ts";
import { findHumanCommits } from "./human-commits.ts";
import { readCommands } from "./inbox.ts";
import type { Run } from "./open-run.ts";
import { recordSetUp } from "./record-set-up.ts";
import { judgeNewBase, takeUpNewBase } from "./refresh.ts";
import { checkSessionCaps } from "./session-caps.ts";
import { startIn } from "./start-in.ts";

/** Longest time in ms of one `skip_if` command. */
const skipIfTimeoutMs = 300_000;

/** Everything between the claim and the first stage: caps, commands that wait, people's commits, and the set-up on the base. */
export async function prepare(run: Run): Promise<RunEnd | null> {
  const over = endOfSignal(run.world.signal) ?? checkSessionCaps(run);
  if (over) return over;
  if (run.dayRefusal) return run.dayRefusal;
  const inbox = await readCommands(run, { force: true });
  if (inbox.kind === "end") return inbox.end;
  const human = await findHumanCommits(run, run.workHead ?? undefined);
  if (human) return human;
  if (run.world.dryRun) {
    return {
      stop: "skipped",
      text: "This was a dry run: the person, the request, the policy and the caps are in order.",
    };
  }
  const refreshed = endOfSignal(run.world.signal) ?? (await takeUpNewBase(run));
  if (refreshed) return refreshed;
  return await setUpBase(run);
}

/** After the base moved amid the run: its set-up, and every oracle on it once more. */
export async function settleOnBase(run: Run): Promise<RunEnd | null> {
  const { contract, base } = run.session.state();
  if (!contract || contract.base_sha === base.sha) return null;
  await run.workshop.discardWork();
  run.oraclesOnBase.clear();
  return await setUpBase(run);
}

async function setUpBase(run: Run): Promise<RunEnd | null> {
  const setUp = await run.workshop.prepare(run.session.state().base.sha);
  await recordSetUp(run.record, setUp);
  if (setUp.ok) return (await findNothingToDo(run)) ?? (await judgeNewBase(run));
  const failed = setUp.commands.find(({ exit }) => exit !== 0);
  return {
    stop: "setup_failed",
    text: `The set-up command \`${failed?.command ?? ""}\` ended with ${failed?.exit ?? "no exit code"} on the base: ${failed?.tail.slice(-600) ?? ""}`,
  };
}

/** A playbook's `skip_if` on the base, before the model is asked anything; only while there is no contract. */
async function findNothingToDo(run: Run): Promise<RunEnd | null> {
  const commands = run.world.chore?.skipIf ?? [];
  const { contract, base } = run.session.state();
  if (contract || commands.length === 0) return null;
  const room = await run.workshop.openRoom(await run.store.treeOf(base.sha));
  try {
    for (const command of commands) {
      const started = startIn(run.world.workingDirectory ?? "", command);
      const result = await room.sandbox.exec(started, { timeoutMs: skipIfTimeoutMs, signal: run.world.signal });
      if (result.exit === 0) return { stop: "skipped", text: `Nothing to do: \`${command}\` exits 0 on the base.` };
    }
    return null;
  } finally {
    await room.close();
  }
}
