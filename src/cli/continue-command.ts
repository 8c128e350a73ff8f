import type { CliCommand } from "./command.ts";
import { readOptions, runWith, sharedOptions } from "./run-command.ts";

const help = `baton continue: go on with a session of this repository.

Usage: baton continue SESSION [--say TEXT] [options]

A session goes on from its last checkpoint: contract, work and spend are those of the runs before. What you say weighs as
much as the request; the work is judged again afterwards. \`baton status\` lists the sessions.

  --say TEXT              what else to do, or the answer to a question
  --repo PATH             the repository; default: the current folder
  --max-turns N           most turns of this run; can only lower the policy's
  --max-budget-usd USD    most US dollars of this run; can only lower the policy's
  --timeout-minutes N     most minutes of this run; can only lower the policy's
  --model NAME            model of all roles, instead of the policy's
  --output FORMAT         text (default), json or stream-json
  --json-schema SCHEMA    as for \`baton run\`
  --out DIR               where report, state, journal and trace go
  --sandbox MODE          required (default) or degraded-ok
  --dry-run               checks everything, asks no model, changes no branch

Examples:
  baton continue task-1a2b3c4d
  baton continue task-1a2b3c4d --say "also handle the empty case" --max-budget-usd 1

Exit code: as of \`baton run\`.`;

/** `baton continue`: one more run of a local session. */
export const continueCommand: CliCommand = {
  name: "continue",
  help,
  options: sharedOptions,
  positionals: { min: 1, max: 1 },
  run: async (input) =>
    await runWith(input, async () => ({
      ...(await readOptions(input)),
      resume: input.positionals[0] ?? null,
      task: null,
    })),
};
