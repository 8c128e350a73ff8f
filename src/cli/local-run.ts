import { access, constants, rm } from "node:fs/promises";
import { join } from "node:path";
import type { z } from "zod";
import { ConfigError, describeError } from "../domain/errors.ts";
import type { Event } from "../domain/event.ts";
import { sha256 } from "../domain/hash.ts";
import { describeNext, diffCommand } from "../domain/next-step.ts";
import { SessionKey } from "../domain/session-key.ts";
import type { State } from "../domain/state.ts";
import { stopReasons } from "../domain/stop-reason.ts";
import { createModel } from "../loop/model.ts";
import { type AskedLimits, lowerLimits } from "../policy/lower-limits.ts";
import { readFoundPolicy } from "../policy/read-policy.ts";
import type { RunResult } from "../run/finish.ts";
import type { InboxItem } from "../run/forge.ts";
import { type LeftFiles, leaveFiles } from "../run/leave-files.ts";
import { requestOfTask } from "../run/local-forge.ts";
import { runSession } from "../run/run.ts";
import { readStructuredResult, type StructuredResult } from "../run/structured-result.ts";
import { summarise } from "../run/summary.ts";
import { readTaskText } from "../run/task-text.ts";
import { makeScratch } from "../sandbox/scratch.ts";
import { describeDryRun } from "./dry-run.ts";
import { policyPath, readWorkPlace } from "./local-place.ts";
import { makeLocalWorld } from "./local-world.ts";
import { makeFolder } from "./make-folder.ts";
import { noSuchSession, openSessionShelf, readSessionKey } from "./session-shelf.ts";

export interface LocalRunOptions {
  repo: string;
  /** Null only when an existing session goes on. */
  task: string | null;
  resume: string | null;
  /** What a person adds, as `/continue` does. */
  steering: string | null;
  asked: AskedLimits;
  model: string | null;
  outDir: string | null;
  allowDegradedWalls: boolean;
  dryRun: boolean;
  /** What the structured result must look like; null when none is asked for. */
  resultSchema?: z.ZodType | null;
  env: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
  say: (line: string) => void;
  onEvent: (event: Event, state: State) => void;
}

export interface LocalRunOutcome {
  result: RunResult;
  outDir: string;
  /** For people. */
  text: string;
  /** For machines. */
  summary: Record<string, unknown>;
}

/** One run of a session on a local repository: the same run as on GitHub, with a folder in place of its pages. */
export async function runLocally(options: LocalRunOptions): Promise<LocalRunOutcome> {
  const place = await readWorkPlace(options.repo);
  const session = await readSession(options, place);
  const outDir = options.outDir ?? join(place.gitDir, "baton", session);
  const apiKey = options.env.ANTHROPIC_API_KEY ?? "";
  if (!apiKey && !options.dryRun) {
    throw new ConfigError("ANTHROPIC_API_KEY is not set.", {
      hint: "Set it, or try `npm run demo`, which needs no key.",
    });
  }
  const found = readFoundPolicy(place.policyText, policyPath);
  const lowered = lowerLimits(found.policy, [options.asked]);
  if (lowered.kind === "exhausted")
    throw new ConfigError(`${lowered.reason}.`, { hint: "Ask for more, or raise the limit in .github/baton.yml." });
  for (const note of lowered.notes) options.say(note);
  options.say(`session ${session}, from ${place.branch} at ${place.head.slice(0, 12)}`);
  // Before anything is asked or spent: a run whose results cannot be left anywhere must not begin.
  if (!options.dryRun) await makeOutDir(outDir);
  if (place.uncommitted > 0)
    options.say(
      `what is not committed (${place.uncommitted} ${place.uncommitted === 1 ? "file" : "files"}) is no part of the work, and stays as it is`,
    );
  const dir = makeScratch("baton-run-");
  const started = new Date();
  try {
    const { models } = found.policy;
    const pick = (name: string): string => options.model ?? name;
    const world = await makeLocalWorld({
      root: place.root,
      session,
      started,
      policy: found.policy,
      policySource: found.said,
      limits: lowered.limits,
      models: { initializer: pick(models.initializer), worker: pick(models.worker), evaluator: pick(models.evaluator) },
      request: options.task === null ? null : requestOfTask(options.task, place.branch),
      inbox: steeringOf(options.steering, started),
      outDir,
      model: createModel({ apiKey, baseUrl: options.env.ANTHROPIC_BASE_URL }),
      secrets: [apiKey].filter(Boolean),
      dir,
      allowDegradedWalls: options.allowDegradedWalls,
      env: options.env,
      signal: options.signal,
      dryRun: options.dryRun,
      resultSchema: options.resultSchema ?? undefined,
      say: options.say,
      onEvent: options.onEvent,
    });
    const result = await runSession(world);
    if (options.dryRun) return { result, outDir, ...(await describeDryRun(result, world, place)) };
    const files = await leaveFiles(result, outDir);
    const { resultSchema } = options;
    const structured = resultSchema ? readStructuredResult(result.events, resultSchema) : null;
    const summary = {
      ...summarise(result),
      report_file: files.report,
      execution_file: files.journal,
      trace_file: files.trace,
      ...(structured ? { structured_output: structured.value, structured_output_error: structured.error } : {}),
    };
    return { result, outDir, summary, text: renderEnd(result, place.root, files, structured) };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function makeOutDir(dir: string): Promise<void> {
  try {
    await makeFolder(dir);
    await access(dir, constants.W_OK);
  } catch (cause) {
    throw new ConfigError(`Report and trace cannot be left in ${dir}: ${describeError(cause)}.`, {
      hint: "Give --out a folder that can be written.",
      cause,
    });
  }
}

async function readSession(options: LocalRunOptions, place: { head: string; root: string }): Promise<SessionKey> {
  if (options.resume !== null) {
    const key = readSessionKey(options.resume);
    await using shelf = await openSessionShelf(place.root);
    const keys = await shelf.keys();
    if (!keys.includes(key)) throw noSuchSession(key, keys, place.root);
    return key;
  }
  const task = readTaskText(options.task ?? "");
  if (task === null) {
    throw new ConfigError("There is no task.", { hint: "Give --task TEXT, --task-file FILE or --resume SESSION." });
  }
  // The same task on the same commit is the same session: started twice, it goes on.
  return SessionKey.parse(`task-${sha256(`${place.head}\n${task}`).slice(0, 8)}`);
}

/** A person's words on the command line, as a comment would bring them; the time in seconds is a growing id. */
function steeringOf(text: string | null, at: Date): InboxItem[] {
  if (!text?.trim()) return [];
  return [
    {
      place: "comment",
      commentId: Math.floor(at.getTime() / 1000),
      actor: "local",
      command: { name: "continue", text: text.trim(), budget_usd_micro: null, turns: null },
      at: at.toISOString(),
    },
  ];
}

function renderEnd(result: RunResult, root: string, files: LeftFiles, structured: StructuredResult | null): string {
  const row = stopReasons[result.stop];
  const lines = [
    "",
    `${result.stop}: ${row.sentence}`,
    ...(result.text ? [`  ${result.text}`] : []),
    `Next:   ${result.state ? describeNext(result.state, result.stop) : row.next}`,
    ...(result.state?.work_head ? [`Branch: ${result.state.branch} (${diffCommand(result.state)})`] : []),
    `In:     ${root}`,
    `Report: ${files.report}`,
    `Trace:  ${files.trace}`,
    ...(structured ? [`Result: ${structured.error ?? JSON.stringify(structured.value)}`] : []),
    "",
  ];
  return `${lines.join("\n")}`;
}
