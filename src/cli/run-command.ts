import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { ConfigError, describeError } from "../domain/errors.ts";
import { toMicroUsd } from "../domain/limits.ts";
import { stopReasons } from "../domain/stop-reason.ts";
import { type CliCommand, type CommandInput, choiceOption, numberOption, textOption } from "./command.ts";
import { type LocalRunOptions, runLocally } from "./local-run.ts";
import { createProgressView } from "./progress-view.ts";
import { readResultSchema } from "./result-schema.ts";

const help = `baton run: work on any local git repository, no GitHub needed.

Usage: baton run (--task TEXT | --task-file FILE | --resume SESSION) [--repo PATH] [options]

The work happens on a branch of its own (baton/task-…) in that repository; your checked-out files are not touched.
Report, state, journal and trace are left in <repo>/.git/baton/<session>/ (or --out).

  --repo PATH             the repository; default: the current folder
  --task TEXT             what to do
  --task-file FILE        what to do, from a file; - reads standard input
  --resume SESSION        go on with a session of this repository, such as task-1a2b3c4d
  --say TEXT              with --resume: what else to do, as a person's /continue would
  --max-turns N           most turns of this run; can only lower the policy's
  --max-budget-usd USD    most US dollars of this run; can only lower the policy's
  --timeout-minutes N     most minutes of this run; can only lower the policy's
  --model NAME            model of all roles, instead of the policy's
  --output FORMAT         text (default), json (one object at the end) or stream-json (one event per line, then the object)
  --json-schema SCHEMA    a result of the worker's that fits this JSON Schema (a file, or the JSON itself): structured_output
                          of --output json; checked by Baton, but the worker's words, not evidence
  --out DIR               where report, state, journal and trace go
  --sandbox MODE          required (default) or degraded-ok
  --dry-run               checks everything, asks no model, changes no branch

The key is read from ANTHROPIC_API_KEY, another base URL from ANTHROPIC_BASE_URL. The policy is .github/baton.yml of HEAD.

Examples:
  baton run --repo . --task-file issue.md --max-turns 60 --max-budget-usd 3
  echo "Make parse() accept an empty string" | baton run --task-file - --output json
  baton run --resume task-1a2b3c4d --say "also handle tabs"

Exit code: 0 when the work is done or can go on by itself; otherwise that of the stop reason (docs/stop-reasons.md).`;

/** Options of `run` that `continue` has as well. */
export const sharedOptions: CliCommand["options"] = {
  repo: { type: "string" },
  say: { type: "string" },
  "max-turns": { type: "string" },
  "max-budget-usd": { type: "string" },
  "timeout-minutes": { type: "string" },
  model: { type: "string" },
  output: { type: "string" },
  "json-schema": { type: "string" },
  out: { type: "string" },
  sandbox: { type: "string" },
  "dry-run": { type: "boolean" },
};

/** `baton run`: one run of a session on a local repository. */
export const runCommand: CliCommand = {
  name: "run",
  help,
  options: { ...sharedOptions, task: { type: "string" }, "task-file": { type: "string" }, resume: { type: "string" } },
  positionals: { min: 0, max: 0 },
  run: async (input) => await runWith(input, async () => await readOptions(input)),
};

/**
 * Carries out a local run and prints it in the format asked for; resolves with the exit code. Whatever happens, the last line of
 * `json` and `stream-json` is one object: where no run came to an end, it says why in `error`.
 */
export async function runWith(
  input: CommandInput,
  read: () => Promise<Omit<LocalRunOptions, "onEvent" | "say">>,
): Promise<number> {
  const format = choiceOption(input, "output", ["text", "json", "stream-json"], "text");
  const { terminal } = input;
  const view = createProgressView(terminal, { quiet: format !== "text" });
  try {
    const outcome = await runLocally({
      ...(await read()),
      say: (line) => view.say(line),
      onEvent: (event, state) => {
        if (format === "stream-json") terminal.out(`${JSON.stringify(event)}\n`);
        view.show(event, state);
      },
    });
    view.end();
    terminal.out(format === "text" ? outcome.text : `${JSON.stringify(outcome.summary)}\n`);
    return stopReasons[outcome.result.stop].exitCode;
  } catch (error) {
    if (format !== "text") terminal.out(`${JSON.stringify(summariseMistake(error))}\n`);
    throw error;
  } finally {
    view.end();
  }
}

function summariseMistake(error: unknown): Record<string, unknown> {
  const stop = error instanceof ConfigError ? "config_error" : null;
  return { conclusion: "failure", stop_reason: stop, error: describeError(error) };
}

/** The options that `run` and `continue` share. */
export async function readOptions(input: CommandInput): Promise<Omit<LocalRunOptions, "onEvent" | "say">> {
  const { terminal } = input;
  checkTogether(input);
  const maxTurns = numberOption(input, "max-turns");
  const budget = numberOption(input, "max-budget-usd");
  const schema = textOption(input, "json-schema");
  const minutes = numberOption(input, "timeout-minutes");
  if (maxTurns !== undefined && !Number.isInteger(maxTurns)) {
    throw new ConfigError(`--max-turns is ${maxTurns}; allowed is a whole number from 1.`, {
      hint: "Give a whole number of turns.",
    });
  }
  return {
    repo: resolve(terminal.cwd, textOption(input, "repo") ?? "."),
    task: await readTask(input),
    resume: textOption(input, "resume") ?? null,
    steering: textOption(input, "say") ?? null,
    asked: {
      from: "The command line",
      turns: maxTurns ?? null,
      usdMicro: budget === undefined ? null : toMicroUsd(budget),
      ms: minutes === undefined ? null : Math.round(minutes * 60_000),
    },
    model: textOption(input, "model") ?? null,
    outDir: textOption(input, "out") ? resolve(terminal.cwd, textOption(input, "out")!) : null,
    allowDegradedWalls: choiceOption(input, "sandbox", ["required", "degraded-ok"], "required") === "degraded-ok",
    dryRun: input.values["dry-run"] === true,
    resultSchema: schema === undefined ? null : await readResultSchema(schema, terminal.cwd),
    env: terminal.env,
    signal: terminal.signal,
  };
}

/** What is silently left aside would be missed only after the money is spent. */
function checkTogether(input: CommandInput): void {
  const given = (name: string): boolean => textOption(input, name) !== undefined;
  const isContinued = given("resume") || input.positionals.length > 0;
  if (given("task") && given("task-file"))
    throw new ConfigError("--task and --task-file are both given; one of them is allowed.", {
      hint: "Remove one of the two.",
    });
  if (given("resume") && (given("task") || given("task-file")))
    throw new ConfigError("--resume goes on with the session's own task; another one is given beside it.", {
      hint: "What else is to be done goes behind --say.",
    });
  if (given("say") && !isContinued)
    throw new ConfigError("--say adds to a session that is there already; none is named.", {
      hint: "Name it with --resume SESSION, or put everything into the task.",
    });
}

async function readTask(input: CommandInput): Promise<string | null> {
  const text = textOption(input, "task");
  const file = textOption(input, "task-file");
  if (file === "-") return await input.terminal.stdin();
  if (file === undefined) return text ?? null;
  const path = resolve(input.terminal.cwd, file);
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new ConfigError(`The task file ${path} cannot be read: ${describeError(cause)}.`, {
      hint: "Give --task-file the path of a text file.",
      cause,
    });
  }
}
