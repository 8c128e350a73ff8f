import { stat, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { ConfigError } from "../domain/errors.ts";
import type { Event } from "../domain/event.ts";
import { SessionKey } from "../domain/session-key.ts";
import { readDiffs } from "../run/read-diffs.ts";
import { renderTrace } from "../trace/render-trace.ts";
import { type CliCommand, type CommandInput, textOption } from "./command.ts";
import { readJournalFile } from "./journal-file.ts";
import { openSessionShelf } from "./session-shelf.ts";

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
    const source = await readSource(input);
    const html = renderTrace(source.events, { diffs: source.diffs });
    const out = textOption(input, "out");
    if (out === "-") {
      terminal.out(html);
      return 0;
    }
    const path = resolve(terminal.cwd, out ?? `${source.session}.trace.html`);
    await writeFile(path, html).catch((cause: unknown) => {
      throw new ConfigError(`${path} cannot be written.`, { hint: "Give --out the path of a file to write.", cause });
    });
    terminal.out(`${path}: ${source.events.length} events, ${Math.ceil(Buffer.byteLength(html) / 1024)} KiB\n`);
    for (const note of source.notes) terminal.err(`${note}\n`);
    return 0;
  },
};

interface Source {
  session: string;
  events: readonly Event[];
  diffs: ReadonlyMap<string, string>;
  notes: string[];
}

/** The depth that git takes for "everything" (git-fetch, `--unshallow`). */
const wholeChain = 2_147_483_647;

async function readSource(input: CommandInput): Promise<Source> {
  const { terminal } = input;
  const named = input.positionals[0]!;
  const key = SessionKey.safeParse(named).data;
  const path = resolve(terminal.cwd, named);
  const isFile = await stat(path).then(
    () => true,
    () => false,
  );
  if (!key && !isFile) {
    throw new ConfigError(`${JSON.stringify(named)} is neither a session key nor a file.`, {
      hint: "Give a session such as task-1a2b3c4d (`baton status` lists them), or the path of a journal.jsonl.",
    });
  }
  if (!key || isFile) {
    const { events, missing } = await readJournalFile(path);
    const first = events.find((event) => event.type === "session_started");
    const notes = missing > 0 ? [`${missing} long texts are not beside the journal; the trace names them.`] : [];
    return { session: first?.data.session ?? "session", events, diffs: new Map(), notes };
  }
  await using shelf = await openSessionShelf(resolve(terminal.cwd, textOption(input, "repo") ?? "."));
  const { ref, events, problems } = await shelf.load(key);
  if (events.length === 0) {
    throw new ConfigError(`The journal of ${key} is damaged: ${problems.join(" ")}`, {
      hint: `\`baton status ${key}\` shows what the state file knows.`,
    });
  }
  // The whole chain: what a checkpoint changed is seen against the one before it.
  await shelf.store.fetch([ref], { depth: wholeChain });
  return { session: key, events, diffs: await readDiffs(shelf.store, events), notes: [...problems] };
}
