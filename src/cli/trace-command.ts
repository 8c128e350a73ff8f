import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { ConfigError, describeError } from "../domain/errors.ts";
import { readDiffs } from "../run/read-diffs.ts";
import { renderTrace } from "../trace/render-trace.ts";
import { type CliCommand, textOption } from "./command.ts";
import { type OpenJournal, openJournal } from "./open-journal.ts";

const help = `baton trace: the whole session as one HTML file that needs nothing else.

Usage: baton trace SESSION|JOURNAL [--repo PATH] [--out FILE]

Timeline, spend, criteria, every turn with its tool calls and results. From a session of the repository it also shows the
diff of each checkpoint and commit. The file loads nothing from anywhere and runs no script but its own.

  --repo PATH    the repository of SESSION; default: the current folder
  --out FILE     where to write; default: <session>.trace.html in the current folder; - is standard output

Examples:
  baton trace task-1a2b3c4d
  baton trace .git/baton/task-1a2b3c4d/journal.jsonl --out /tmp/trace.html

Exit code: 0; 2 when there is no such session or journal.`;

/** `baton trace`: writes the trace of a session or of a stored journal. */
export const traceCommand: CliCommand = {
  name: "trace",
  help,
  options: { repo: { type: "string" }, out: { type: "string" } },
  positionals: { min: 1, max: 1 },
  async run(input) {
    const { terminal } = input;
    await using source = await openJournal(input);
    const html = renderTrace(source.events, { diffs: await fetchDiffs(source) });
    const out = textOption(input, "out");
    if (out === "-") {
      terminal.out(html);
      return 0;
    }
    const path = resolve(terminal.cwd, out ?? `${source.session}.trace.html`);
    await writeFile(path, html).catch((cause: unknown) => {
      throw new ConfigError(`${path} cannot be written: ${describeError(cause)}.`, {
        hint: "Give --out the path of a file to write.",
        cause,
      });
    });
    terminal.out(`${path}: ${source.events.length} events, ${Math.ceil(Buffer.byteLength(html) / 1024)} KiB\n`);
    if (source.missing > 0)
      terminal.err(`${source.missing} long texts are not beside the journal; the trace names them.\n`);
    for (const problem of source.problems) terminal.err(`${problem}\n`);
    return 0;
  },
};

/** The depth that git takes for "everything" (git-fetch, `--unshallow`). */
const wholeChain = 2_147_483_647;

/** What each checkpoint and commit changed; a file alone does not say. */
async function fetchDiffs({ checkpoints, events }: OpenJournal): Promise<ReadonlyMap<string, string>> {
  if (checkpoints === null) return new Map();
  // The whole chain: what a checkpoint changed is seen against the one before it.
  await checkpoints.store.fetch([checkpoints.ref], { depth: wholeChain });
  return await readDiffs(checkpoints.store, events);
}
