import { join } from "node:path";
import type { Event, EventInput, EventType, Record, Role } from "../domain/event.ts";
import { applyEvent } from "../domain/replay.ts";
import type { SessionKey } from "../domain/session-key.ts";
import type { State } from "../domain/state.ts";
import type { GitStore } from "../git/store.ts";
import { type CheckpointChain, type CheckpointInput, type CheckpointOutcome, newChain } from "./checkpoint.ts";
import { createCheckpointer } from "./checkpointer.ts";
import type { Failpoint } from "./failpoints.ts";
import { createDiskFiles, type Files, withFailpoints } from "./files.ts";
import { openJournal } from "./journal.ts";
import { genesis } from "./journal-line.ts";
import { segmentNameOf } from "./journal-load.ts";
import { redactValue } from "./redact.ts";
import { type RestoredSession, restoreSession } from "./restore.ts";

export interface OpenSessionOptions {
  store: GitStore;
  key: SessionKey;
  /** Folder of this runner for the session; what is in it is replaced by the last checkpoint. */
  dir: string;
  redact: (text: string) => string;
  /** Milliseconds since 1970, for the `at` of events. */
  now: () => number;
  /** Told of each event once it is written, with the state after it; a listener that fails stops nothing. */
  onEvent?: (event: Event, state: State) => void;
  failpoint?: Failpoint;
  /** The file door; the real disk when not given. */
  files?: Files;
}

export interface OpenedSession {
  session: Session;
  found:
    | { kind: "new" }
    | {
        kind: "restored";
        workTree: string;
        checkpoint: string;
        /** Allowance of that checkpoint, cumulative micro-USD: see `readWriteOff`. */
        pushedAllowanceUsdMicro: number;
        /** Epoch and run of the newest checkpoint, also where an older one had to be gone back to. */
        newest: { epoch: number; run: string };
        /** Newer checkpoints that could not be read: what they recorded is lost. */
        lostCheckpoints: number;
        problems: string[];
      };
}

/** One session on this runner: the only writer of its journal and of its ref. */
export interface Session {
  readonly key: SessionKey;
  record: Record;
  /** The fold of the journal. Throws before the first `session_started`. */
  state(): State;
  hasState(): boolean;
  /** All events that this Baton knows, in order; after a damaged journal only those since. */
  events(): readonly Event[];
  contextEvents(context: string): readonly Event[];
  /** Keeps a tool's full output, redacted, as `<outputsDir>/<name>.log`, and with the next checkpoint. */
  saveOutput(name: string, source: string | Uint8Array): Promise<void>;
  readonly outputsDir: string;
  /** Forced: resolves when the remote has everything recorded so far, or says why it has not. */
  checkpoint(input: CheckpointInput): Promise<CheckpointOutcome>;
  /** In the background; inputs that come while one is under way become one. */
  checkpointSoon(input: CheckpointInput): void;
  /** Waits for what is under way; the last outcome, null before the first. */
  settled(): Promise<CheckpointOutcome | null>;
  /** The newest outcome that is known now, without waiting. */
  lastCheckpoint(): CheckpointOutcome | null;
  /** Cumulative session spend, micro-USD, that an acknowledged checkpoint of this run covers. */
  acknowledgedAllowance(): number;
  /** Ref that the checkpoints go to: the session's own, or the fallback. */
  sessionRef(): string;
  /** Head of the work branch as the remote is known to have it; what the state has beyond it travels with the next checkpoint. */
  remoteHead(): string | null;
  /** Whether the remote's session ref is still at a checkpoint of this run: asked before each REST write. */
  ownsRemote(): Promise<boolean>;
  /**
   * Takes out of the record what the remote refuses to hold: an output alone, or the whole journal, which then begins anew
   * with the state. Paths within the session folder; false when the state itself is refused.
   */
  renounce(paths: readonly string[], why: string): Promise<boolean>;
  close(): Promise<void>;
}

/** Opens a session from its last checkpoint on the remote, or anew. */
export async function openSession(options: OpenSessionOptions): Promise<OpenedSession> {
  const files = withFailpoints(options.files ?? createDiskFiles(), options.failpoint);
  const sessionDir = join(options.dir, "session");
  const found = await restoreSession(options.store, files, options.key, sessionDir);
  if (!found) {
    await files.remove(sessionDir);
    const start = { state: null, events: [], tail: emptyTail() };
    return { session: createSession(options, files, start, newChain(options.key)), found: { kind: "new" } };
  }
  const { remote, restored } = found;
  const chain: CheckpointChain = {
    ...newChain(options.key),
    head: remote.checkpoint,
    ref: remote.ref,
    sessionTree: remote.sessionTree,
    storedSegments: Math.max(0, restored.tail.segment - 1),
    workHead: restored.state?.work_head ?? null,
  };
  const session = await goOn(options, files, restored, chain);
  const { workTree, checkpoint, facts } = remote;
  const { problems, lostCheckpoints } = restored;
  const told = { pushedAllowanceUsdMicro: facts.allowanceUsdMicro, newest: { epoch: facts.epoch, run: facts.run } };
  return { session, found: { kind: "restored", workTree, checkpoint, ...told, lostCheckpoints, problems } };
}

async function goOn(
  options: OpenSessionOptions,
  files: Files,
  restored: RestoredSession,
  chain: CheckpointChain,
): Promise<Session> {
  const journalDir = join(options.dir, "session", "journal");
  if (restored.journalLost === null) {
    const { segment, openBytes } = restored.tail;
    const path = join(journalDir, segmentNameOf(segment));
    if (((await files.read(path))?.length ?? 0) > openBytes.length) await files.truncate(path, openBytes.length);
    return createSession(options, files, restored, chain);
  }
  // The damaged journal stays in the checkpoint before this one; a new one begins with the state.
  await files.remove(journalDir);
  chain.sessionTree = await options.store.graft(chain.sessionTree, [{ path: "journal", sha: null }]);
  chain.storedSegments = 0;
  const fresh = { ...restored, state: null, tail: emptyTail() };
  const session = createSession(options, files, fresh, chain, restored.state?.runs.at(-1)?.epoch);
  await session.record("state_restored", { state: restored.state, why: restored.journalLost });
  return session;
}

function createSession(
  options: OpenSessionOptions,
  files: Files,
  start: Pick<RestoredSession, "state" | "events" | "tail">,
  chain: CheckpointChain,
  firstEpoch = 1,
): Session {
  const sessionDir = join(options.dir, "session");
  const outputsDir = join(sessionDir, "outputs");
  let state = start.state;
  const log = createEventLog(start.events);
  const newFiles: { path: string; bytes: Buffer }[] = [];
  const open = (tail: RestoredSession["tail"], ready?: Promise<void>) =>
    openJournal({
      files,
      sessionDir,
      tail,
      ready,
      redact: (value) => redactValue(value, options.redact),
      onEvent(event) {
        state = applyEvent(state, event);
        log.add(event);
        // Heads that come from the remote need no push.
        if (headsOfTheRemote.has(event.type)) chain.workHead = state.work_head;
        try {
          options.onEvent?.(event, state);
        } catch {
          // Who only looks on must not break the one writer of the journal.
        }
      },
    });
  let journal = open(start.tail);
  const record = async <T extends EventType>(type: T, data: EventInput<T>, role: Role = "harness"): Promise<Event> => {
    const epoch =
      type === "run_claimed" ? (data as EventInput<"run_claimed">).epoch : (state?.runs.at(-1)?.epoch ?? firstEpoch);
    return await journal.append(type, data, { role, epoch, at: new Date(options.now()).toISOString() });
  };
  const checkpointer = createCheckpointer({
    store: options.store,
    key: options.key,
    journal: () => journal,
    state: () => state,
    takeNewFiles: () => newFiles.splice(0),
    clock: options.now,
    record,
    chain,
  });
  return {
    key: options.key,
    record,
    state() {
      if (!state) throw new Error(`the session ${options.key} has not started`);
      return state;
    },
    hasState: () => state !== null,
    events: () => log.all,
    contextEvents: (context) => log.of(context),
    outputsDir,
    async saveOutput(name, source) {
      const file = /\.log$/.test(name) ? name : `${name}.log`;
      if (!/^[A-Za-z0-9._-]{1,120}$/.test(file)) throw new Error(`not a name for an output: ${JSON.stringify(name)}`);
      const raw = typeof source === "string" ? await files.read(source) : Buffer.from(source);
      if (!raw) throw new Error(`there is no output at ${String(source)}`);
      // Latin-1 keeps every byte as one character, so that redaction changes nothing else.
      const bytes = Buffer.from(options.redact(raw.toString("latin1")), "latin1");
      await files.write(join(outputsDir, file), bytes);
      newFiles.push({ path: `outputs/${file}`, bytes });
    },
    checkpoint: checkpointer.force,
    checkpointSoon: checkpointer.soon,
    settled: checkpointer.settled,
    lastCheckpoint: checkpointer.last,
    acknowledgedAllowance: checkpointer.acknowledgedAllowance,
    sessionRef: () => chain.ref,
    remoteHead: () => chain.workHead,
    ownsRemote: checkpointer.ownsRemote,
    renounce: (paths, why) =>
      checkpointer.alone(async () => {
        if (paths.some((path) => !renounceable.test(path))) return false;
        const isOutput = (path: string) => path.startsWith("outputs/");
        const drop = paths.filter(isOutput);
        if (drop.length < paths.length) {
          drop.push("journal", "blobs");
          do await journal.flush();
          while (!journal.isIdle());
          const removed = Promise.all(["journal", "blobs"].map((name) => files.remove(join(sessionDir, name))));
          journal = open(
            emptyTail(),
            removed.then(() => {}),
          );
          chain.storedSegments = 0;
          await record("state_restored", { state, why });
        }
        const kept = newFiles.filter(({ path }) => !drop.includes(path));
        newFiles.splice(0, newFiles.length, ...kept);
        chain.unstored = chain.unstored.filter(
          ({ path }) => !drop.some((one) => path === one || path.startsWith(`${one}/`)),
        );
        const { store } = options;
        chain.sessionTree = await store.graft(
          chain.sessionTree,
          drop.map((path) => ({ path, sha: null })),
        );
        return true;
      }),
    async close() {
      await checkpointer.settled();
      await journal.flush();
    },
  };
}

const renounceable = /^(?:journal|blobs|outputs)\//;

const headsOfTheRemote: ReadonlySet<EventType> = new Set<EventType>([
  "session_started",
  "human_commits_found",
  "push_refused",
]);

function emptyTail(): RestoredSession["tail"] {
  return { seq: 0, prev: genesis, segment: 1, openBytes: Buffer.alloc(0) };
}

function createEventLog(events: Event[]) {
  const all: Event[] = [];
  const byContext = new Map<string, Event[]>();
  const add = (event: Event) => {
    all.push(event);
    if (!("context" in event.data) || typeof event.data.context !== "string") return;
    const known = byContext.get(event.data.context);
    if (known) known.push(event);
    else byContext.set(event.data.context, [event]);
  };
  for (const event of events) add(event);
  return { all, add, of: (context: string): readonly Event[] => byContext.get(context) ?? [] };
}
