import { ConfigError, describeError, SandboxError } from "../domain/errors.ts";
import type { Tool, ToolOutcome, ToolSignal } from "../domain/tool.ts";
import { interruptedText } from "./context.ts";
import { type CallDecision, decideCall } from "./decide-calls.ts";
import { isAborted, type Loop, remember, transcriptOf } from "./loop-state.ts";
import type { Call, Turn } from "./transcript.ts";

/** Tools that only say something to the harness: asking them again tells what a crash made it forget. */
const tellingTools = new Set(["finish", "blocked", "handoff", "contract", "verdict"]);

/** Answers every call of the newest turn that has no answer yet, one after another, in order; what one of them signals ends the turn. */
export async function runCalls(loop: Loop, only?: string): Promise<ToolSignal | null> {
  const turn = transcriptOf(loop).turns.at(-1);
  if (!turn) return null;
  let signal: ToolSignal | null = null;
  for (const call of turn.calls) {
    const decision = decideCall(turn, call, loop.spec.tools);
    const finished = turn.finished.get(call.call);
    if (finished) {
      if (!finished.is_error && decision.kind === "run") signal ??= await retell(loop, call, decision);
      continue;
    }
    if (signal) await refuse(loop, call, `Not executed: \`${signal.kind}\` ended the turn.`);
    else if (only && call.name !== only) await refuse(loop, call, `Not executed: only \`${only}\` was asked for.`);
    else if (decision.kind === "refuse") await refuse(loop, call, decision.text);
    else signal = (await answer(loop, turn, call, decision)) ?? null;
    if (isAborted(loop)) return signal;
  }
  return signal;
}

type Runnable = Extract<CallDecision, { kind: "run" }>;

async function answer(loop: Loop, turn: Turn, call: Call, decision: Runnable): Promise<ToolSignal | undefined> {
  if (turn.started.has(call.call) && !decision.tool.repeatable && !tellingTools.has(call.name)) {
    await remember(loop, "transcript_repaired", {
      context: loop.spec.context,
      what: `call ${call.call} (${call.name}) was interrupted; its effects are unknown`,
    });
    await refuse(loop, call, interruptedText);
    return undefined;
  }
  if (!turn.started.has(call.call)) {
    const isFirst = transcriptOf(loop).turns.at(-1)?.started.size === 0;
    const tree = isFirst ? await unlessAborted(loop, worldBefore(loop), null) : null;
    if (isAborted(loop)) return undefined;
    const request = turn.reply.request;
    await remember(loop, "tool_started", { ...head(loop, call), input: call.input, request, tree });
  }
  const at = loop.hands.now().getTime();
  const outcome = await unlessAborted(loop, runTool(loop, call, decision), null);
  // A tool that our own cancel cut short has no result: on resume it counts as interrupted.
  if (!outcome || (isAborted(loop) && !outcome.signal)) return undefined;
  await remember(loop, "tool_finished", {
    ...head(loop, call),
    ...{
      content: outcome.content,
      is_error: outcome.isError,
      exit: outcome.exit ?? null,
      timed_out: outcome.timedOut ?? false,
    },
    ...{ duration_ms: Math.max(0, loop.hands.now().getTime() - at), output: outcome.output ?? null },
  });
  return outcome.isError ? undefined : outcome.signal;
}

async function runTool(loop: Loop, call: Call, { tool, input }: Runnable): Promise<ToolOutcome> {
  const { signal, remainingMs } = loop.hands;
  try {
    return await (tool as Tool).run(input, { signal, callName: call.call, remainingMs: remainingMs() });
  } catch (error) {
    if (error instanceof SandboxError || error instanceof ConfigError) throw error;
    return { content: `The tool failed: ${describeError(error).slice(0, 1_000)}`, isError: true };
  }
}

/** What is awaited, or `instead` as soon as the run is cancelled: the little time that is left then is not spent on waiting. */
async function unlessAborted<T, U>(loop: Loop, awaited: Promise<T>, instead: U): Promise<T | U> {
  const { signal } = loop.hands;
  let leave = (): void => {};
  const gone = new Promise<U>((resolve) => {
    leave = () => resolve(instead);
  });
  signal.addEventListener("abort", leave, { once: true });
  if (signal.aborted) leave();
  try {
    return await Promise.race([awaited, gone]);
  } finally {
    signal.removeEventListener("abort", leave);
  }
}

async function retell(loop: Loop, call: Call, decision: Runnable): Promise<ToolSignal | null> {
  if (!tellingTools.has(call.name)) return null;
  return (await runTool(loop, call, decision)).signal ?? null;
}

async function refuse(loop: Loop, call: Call, content: string): Promise<void> {
  await remember(loop, "tool_finished", { ...head(loop, call), content, is_error: true, exit: null, duration_ms: 0 });
}

function head(loop: Loop, call: Call): { call: string; context: string; tool: string } {
  return { call: call.call, context: loop.spec.context, tool: call.name };
}

/** The hash begun with the request; none is waited for twice. */
async function worldBefore(loop: Loop): Promise<string | null> {
  const world = await (loop.world ?? loop.hands.worldHash().catch(() => null));
  loop.world = null;
  return world;
}
