import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { ConfigError } from "../domain/errors.ts";
import type { Event } from "../domain/event.ts";
import { SessionKey } from "../domain/session-key.ts";
import { type CommandInput, textOption } from "./command.ts";
import { readJournalFile } from "./journal-file.ts";
import { openSessionShelf, type SessionShelf } from "./session-shelf.ts";

/** The journal that a person named: of a session of the repository, or of a file. */
export interface OpenJournal extends AsyncDisposable {
  session: string;
  events: readonly Event[];
  /** Long texts that were not beside the file. */
  missing: number;
  problems: readonly string[];
  /** Where the session's checkpoints are; null for a file. */
  checkpoints: { ref: string; store: SessionShelf["store"] } | null;
}

/** Opens the journal that the first word names: a file or folder goes before a session of that name. Throws ConfigError. */
export async function openJournal(input: CommandInput): Promise<OpenJournal> {
  const { terminal } = input;
  const named = input.positionals[0]!;
  const key = SessionKey.safeParse(named).data;
  const path = resolve(terminal.cwd, named);
  const isFile = await stat(path).then(
    () => true,
    () => false,
  );
  if (isFile) return await openFile(path);
  if (key) return await openSession(key, resolve(terminal.cwd, textOption(input, "repo") ?? "."));
  throw new ConfigError(`${JSON.stringify(named)} is neither a session key nor a file.`, {
    hint: "Give a session such as task-1a2b3c4d (`baton status` lists them), or the path of a journal.jsonl.",
  });
}

async function openFile(path: string): Promise<OpenJournal> {
  const { events, missing } = await readJournalFile(path);
  const first = events.find((event) => event.type === "session_started");
  const session = first?.data.session ?? "session";
  return { session, events, missing, problems: [], checkpoints: null, async [Symbol.asyncDispose]() {} };
}

async function openSession(session: SessionKey, repo: string): Promise<OpenJournal> {
  await using opened = new AsyncDisposableStack();
  const shelf = opened.use(await openSessionShelf(repo));
  const { ref, events, problems } = await shelf.load(session);
  if (events.length === 0) {
    throw new ConfigError(`The journal of ${session} is damaged: ${problems.join(" ")}`, {
      hint: `\`baton status ${session}\` shows what the state file knows.`,
    });
  }
  const kept = opened.move();
  const checkpoints = { ref, store: shelf.store };
  return { session, events, missing: 0, problems, checkpoints, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
