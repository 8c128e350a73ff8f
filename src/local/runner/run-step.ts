import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { uploadArtifact } from "./built-in-artifact.ts";
import { checkOut } from "./built-in-checkout.ts";
import { readFileCommands } from "./file-commands.ts";
import type { ActionSpec } from "./find-action.ts";
import { findAction } from "./find-action.ts";
import type { JobContext } from "./job-context.ts";
import { stepScope } from "./job-context.ts";
import type { StepSpec } from "./read-workflow.ts";
import { startProcess } from "./run-process.ts";
import type { CommandFiles } from "./step-environment.ts";
import { commandFiles, inputVariables, stepEnvironment } from "./step-environment.ts";
import { renderTemplate } from "./template.ts";

/** Largest job summary of one step, bytes (docs: workflow commands). */
const maxSummaryBytes = 1024 * 1024;

/** What running a step's own part came to. */
export interface StepRun {
  ok: boolean;
  outputs: Record<string, string>;
}

/** The hands of one step: its number, its log, and the signal that ends it. */
export interface StepHands {
  number: number;
  log: (line: string) => void;
  cancel: AbortSignal;
}

/** Carries out a step whose condition holds. */
export async function runStep(job: JobContext, step: StepSpec, hands: StepHands): Promise<StepRun> {
  const own = renderAll(step.env, job, {});
  const inputs = renderAll(step.with, job, own);
  const name = step.uses?.split("@")[0];
  if (step.run !== null) return runScript(job, step, own, hands);
  if (name === "actions/checkout") return quietly(checkOut(job, inputs, hands.log));
  if (name === "actions/upload-artifact") return quietly(uploadArtifact(job, inputs, hands.log));
  if (name === "actions/setup-node") return { ok: true, outputs: { "node-version": process.version } };
  return runAction(job, await findAction(job, step.uses ?? ""), { step, own, inputs }, hands);
}

async function quietly(work: Promise<void>): Promise<StepRun> {
  await work;
  return { ok: true, outputs: {} };
}

/** Fills in every value of a map. */
export function renderAll(
  map: Record<string, unknown>,
  job: JobContext,
  env: Record<string, string>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(map).map(([name, value]) => [name, renderTemplate(value, stepScope(job, env))]),
  );
}

const shells: Record<string, [string, string[]]> = {
  default: ["bash", ["-e"]],
  bash: ["bash", ["--noprofile", "--norc", "-eo", "pipefail"]],
  sh: ["sh", ["-e"]],
};

async function runScript(
  job: JobContext,
  step: StepSpec,
  own: Record<string, string>,
  hands: StepHands,
): Promise<StepRun> {
  const shell = shells[step.shell ?? job.spec.defaults.shell ?? "default"];
  if (!shell) throw new Error(`the embedded runner has no shell ${step.shell}`);
  const script = join(job.paths.temp, `step-${hands.number}.sh`);
  await writeFile(script, renderTemplate(step.run, stepScope(job, own)));
  const dir = renderTemplate(step.workingDirectory ?? job.spec.defaults.workingDirectory, stepScope(job, own));
  return execute(
    job,
    { command: shell[0], args: [...shell[1], script], cwd: resolve(job.paths.workspace, dir), env: own },
    hands,
  );
}

interface ActionCall {
  step: StepSpec;
  own: Record<string, string>;
  inputs: Record<string, string>;
}

async function runAction(job: JobContext, action: ActionSpec, call: ActionCall, hands: StepHands): Promise<StepRun> {
  const defaults = Object.entries(action.inputs).map(([name, value]) => [name, value ?? ""]);
  const given = { ...renderAll(Object.fromEntries(defaults), job, call.own) };
  for (const [name, value] of Object.entries(call.inputs)) {
    const declared = Object.keys(action.inputs).find((key) => key.toLowerCase() === name.toLowerCase());
    if (!declared)
      hands.log(
        `::warning::Unexpected input(s) '${name}', valid inputs are ['${Object.keys(action.inputs).join("', '")}']`,
      );
    given[declared ?? name] = value;
  }
  const own = { ...call.own, ...inputVariables(given), GITHUB_ACTION_PATH: action.dir, ...runtimeVariables(job) };
  const start = (file: string, state: Record<string, string>, how: StepHands) =>
    execute(
      job,
      {
        command: process.execPath,
        args: [join(action.dir, file)],
        cwd: job.paths.workspace,
        env: { ...own, ...state },
      },
      how,
    );
  const state: Record<string, string> = {};
  if (action.pre !== null && !action.isLocal) Object.assign(state, (await start(action.pre, {}, hands)).state);
  const ran = await start(action.main, state, hands);
  Object.assign(state, ran.state);
  const post = action.post;
  if (post !== null) {
    job.posts.push({
      name: `Post ${call.step.name ?? call.step.uses}`,
      condition: action.postIf ?? "always()",
      run: async (log) =>
        (await start(post, state, { ...hands, number: hands.number + 500, log, cancel: job.gone.signal })).ok,
    });
  }
  return ran;
}

function runtimeVariables(job: JobContext): Record<string, string> {
  const token = `runtime.${job.trackingId}`;
  job.masks.add(token);
  // Nothing answers there: the emulation has no artifact or cache service.
  return {
    ACTIONS_RUNTIME_TOKEN: token,
    ACTIONS_RUNTIME_URL: "http://127.0.0.1:9/",
    ACTIONS_RESULTS_URL: "http://127.0.0.1:9/",
    ACTIONS_CACHE_URL: "http://127.0.0.1:9/",
  };
}

interface Command {
  command: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
}

async function execute(
  job: JobContext,
  command: Command,
  hands: StepHands,
): Promise<StepRun & { state: Record<string, string> }> {
  const files = commandFiles(job, hands.number);
  await mkdir(dirname(files.output), { recursive: true });
  for (const file of Object.values(files)) await writeFile(file, "", { flag: "a" });
  const running = startProcess({
    ...command,
    env: stepEnvironment(job, files, command.env),
    trackingId: job.trackingId,
    cancel: hands.cancel,
    ladder: job.settings.ladder,
    onLine: hands.log,
  });
  job.process = running;
  const ended = await running.ended;
  job.process = null;
  if (job.gone.signal.aborted) return { ok: false, outputs: {}, state: {} };
  if (ended.exit !== 0) hands.log(`::error::Process completed with exit code ${ended.exit ?? 128}.`);
  const said = await readBack(job, files, hands.log);
  return { ok: ended.exit === 0 && said.ok, outputs: said.outputs, state: said.state };
}

async function readBack(
  job: JobContext,
  files: CommandFiles,
  log: (line: string) => void,
): Promise<StepRun & { state: Record<string, string> }> {
  const text = (file: string): Promise<string> => readFile(file, "utf8").catch(() => "");
  try {
    for (const [name, value] of readFileCommands(await text(files.env))) {
      if (name.toUpperCase() === "NODE_OPTIONS")
        log("::error::Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.");
      else job.env[name] = value;
    }
    job.path.unshift(...(await text(files.path)).split("\n").filter(Boolean));
    const summary = await text(files.summary);
    if (Buffer.byteLength(summary) > maxSummaryBytes) {
      log(
        `::error::$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k, got ${Math.ceil(Buffer.byteLength(summary) / 1024)}k.`,
      );
    } else job.summary += job.masks.apply(summary);
    const state = readFileCommands(await text(files.state)).map(([name, value]) => [`STATE_${name}`, value]);
    return {
      ok: true,
      outputs: Object.fromEntries(readFileCommands(await text(files.output))),
      state: Object.fromEntries(state),
    };
  } catch (error) {
    log(`::error::${error instanceof Error ? error.message : String(error)}`);
    return { ok: false, outputs: {}, state: {} };
  }
}
