import { join } from "node:path";
import { ConfigError, ProtocolError } from "../domain/errors.ts";
import type { Event } from "../domain/event.ts";
import { canonicalJson } from "../domain/hash.ts";
import { replay } from "../domain/replay.ts";
import { fallbackSessionRefOf, type SessionKey, sessionRefOf } from "../domain/session-key.ts";
import type { State } from "../domain/state.ts";
import type { GitStore } from "../git/store.ts";
import { blobPathOf, listBlobIds } from "./blobs.ts";
import { type CheckpointFacts, readCheckpointMessage } from "./checkpoint.ts";
import type { Files } from "./files.ts";
import { type JournalTail, type LoadedJournal, loadJournal } from "./journal-load.ts";
import { readStateFile } from "./state-file.ts";

/** What the remote has of a session. */
export interface RemoteSession {
  ref: string;
  /** The newest commit of the chain: the next checkpoint is its child, also where an older one was gone back to. */
  checkpoint: string;
  workTree: string;
  sessionTree: string;
  facts: CheckpointFacts;
}

/** What a session goes on from. */
export interface RestoredSession {
  state: State | null;
  events: Event[];
  tail: JournalTail;
  /** Why the journal had to be given up; a new one begins with the state. */
  journalLost: string | null;
  /** Newer checkpoints that could not be read, so that what they recorded is lost. */
  lostCheckpoints: number;
  problems: string[];
}

/** Checkpoints that are looked at, newest first, before a session is given up. */
const maxLookBack = 64;

/**
 * Finds the newest checkpoint of a session, on its own ref or on the fallback, and brings it to the disk; null when there
 * is none. Where both journal and state are damaged, the checkpoint before is taken, and what is lost is said; a chain
 * in which none can be read is a `ConfigError`, since only a person can decide to start anew.
 */
export async function restoreSession(
  store: GitStore,
  files: Files,
  key: SessionKey,
  sessionDir: string,
): Promise<{ remote: RemoteSession; restored: RestoredSession } | null> {
  const chain = await fetchNewestChain(store, key);
  if (!chain) return null;
  const { ref, head } = chain;
  let why: string | null = null;
  let commits = [head];
  const facts: CheckpointFacts[] = [];
  for (let back = 0; back < commits.length; back += 1) {
    try {
      const found = await readCheckpoint(store, ref, commits[back]!);
      facts.push(found.facts);
      await checkoutSession(store, files, found, sessionDir);
      const restored = await loadSession(files, sessionDir);
      const remote = { ...found, checkpoint: head, facts: newestOf(facts) };
      return { remote, restored: back === 0 ? checkEnd(restored, found.facts) : goneBack(restored, back, why!) };
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      why ??= error.message;
      if (back > 0) continue;
      await store.fetch([ref], { depth: maxLookBack });
      commits = (await store.log(null, head, maxLookBack)).map(({ sha }) => sha);
    }
  }
  throw new ConfigError(`Nothing of this session can be read from \`${ref}\`. ${why}`, {
    hint: `Work and pull request are untouched. To start anew, delete \`${ref}\` and the work branch, then trigger again.`,
  });
}

/** What a checkpoint holds against what its message says: a record that ends earlier has lost what its run did after it. */
function checkEnd(restored: RestoredSession, { seq }: CheckpointFacts): RestoredSession {
  const end = restored.journalLost === null ? restored.tail.seq : (restored.state?.journal.seq ?? 0);
  if (end >= seq) return restored;
  const text = `The record of the newest checkpoint ends at event ${end}, but its commit knows event ${seq}; what was recorded between is lost.`;
  return { ...restored, lostCheckpoints: 1, problems: [text, ...restored.problems] };
}

function goneBack(restored: RestoredSession, back: number, why: string): RestoredSession {
  const { seq } = restored.tail;
  const text = `${why} The ${back === 1 ? "newest checkpoint" : `${back} newest checkpoints`} could not be used; the session goes on from event ${seq}, and what was recorded after it is lost.`;
  return { ...restored, lostCheckpoints: back, problems: [text, ...restored.problems] };
}

/** Money and epoch never go back: of what the messages of all these checkpoints say, the highest counts. */
function newestOf(facts: readonly CheckpointFacts[]): CheckpointFacts {
  const allowanceUsdMicro = Math.max(...facts.map((one) => one.allowanceUsdMicro));
  return { ...facts[0]!, allowanceUsdMicro, epoch: Math.max(...facts.map((one) => one.epoch)) };
}

async function fetchNewestChain(store: GitStore, key: SessionKey): Promise<{ ref: string; head: string } | null> {
  const names = [sessionRefOf(key), fallbackSessionRefOf(key)];
  const refs = await store.lsRemote(names);
  const found: { ref: string; head: string; facts: CheckpointFacts | null }[] = [];
  for (const ref of names) {
    const seen = refs.get(ref);
    if (!seen) continue;
    const head = await fetchHead(store, ref, seen);
    found.push({ ref, head, facts: await readFacts(store, head) });
  }
  found.sort((a, b) => (b.facts?.epoch ?? 0) - (a.facts?.epoch ?? 0) || (b.facts?.seq ?? 0) - (a.facts?.seq ?? 0));
  return found[0] ?? null;
}

async function readFacts(store: GitStore, commit: string): Promise<CheckpointFacts | null> {
  return readCheckpointMessage((await store.log(null, commit, 1))[0]?.message ?? "");
}

/** Fetches the head of a chain that others may move meanwhile; only its last commit comes, however long the chain is. */
export async function fetchHead(store: GitStore, ref: string, seen: string): Promise<string> {
  let head: string | undefined = seen;
  for (let attempt = 0; head && attempt < 5; attempt += 1) {
    await store.fetch([ref], { depth: 1 });
    if (await store.resolve(head)) return head;
    head = (await store.lsRemote([ref])).get(ref);
  }
  throw new ProtocolError(`${ref} keeps moving while it is read.`, { source: ref });
}

async function readCheckpoint(store: GitStore, ref: string, checkpoint: string): Promise<RemoteSession> {
  const facts = await readFacts(store, checkpoint);
  const tree = await store.treeOf(checkpoint);
  const workTree = await store.resolve(`${tree}:work`);
  const sessionTree = await store.resolve(`${tree}:session`);
  if (facts && workTree && sessionTree) return { ref, checkpoint, workTree, sessionTree, facts };
  throw new ProtocolError(`${ref} does not hold a checkpoint of Baton (${checkpoint}).`, { source: ref });
}

const sessionFile =
  /^(?:journal\/\d{6}\.jsonl|blobs\/[0-9a-f]{2}\/[0-9a-f]{64}|outputs\/[A-Za-z0-9._-]{1,120}|state\.json)$/;

/** Brings the session folder of a checkpoint to the disk; whoever can push can edit it, so only plain files of known names come. */
async function checkoutSession(
  store: GitStore,
  files: Files,
  remote: RemoteSession,
  sessionDir: string,
): Promise<void> {
  const strange = (await store.listTree(remote.sessionTree)).find(
    (file) => file.mode !== "100644" || !sessionFile.test(file.path),
  );
  if (strange) {
    throw new ProtocolError(
      `${remote.ref} holds ${JSON.stringify(strange.path.slice(0, 200))} (${strange.mode}), which is not Baton's.`,
      { source: remote.ref },
    );
  }
  await files.remove(sessionDir);
  await store.checkout(remote.sessionTree, sessionDir);
}

/**
 * Decides what a session goes on from. The journal wins over the state file as long as it is whole and not shorter than
 * the state says; otherwise the state file is taken, and what was in the journal only is said to be lost.
 */
export async function loadSession(files: Files, sessionDir: string): Promise<RestoredSession> {
  const journal = await loadJournal(files, sessionDir);
  const saved = await loadStateFile(files, sessionDir);
  const problems: string[] = [];
  const why = findLoss(journal, saved.state);
  if (!why) {
    const state = replay(journal.events);
    if (saved.problem) problems.push(`${saved.problem} The journal is whole and was used alone.`);
    else if (saved.state && state) problems.push(...listDifferences(state, saved.state));
    if (journal.torn)
      problems.push(
        `The journal ended in ${journal.torn.bytes} bytes of a torn line (${journal.torn.reason}); they were cut.`,
      );
    return { state, events: journal.events, tail: journal.tail, journalLost: null, lostCheckpoints: 0, problems };
  }
  if (saved.state) {
    problems.push(
      `${why} The state file of the same checkpoint was used; the open conversation, if any, starts afresh.`,
    );
    return { state: saved.state, events: [], tail: journal.tail, journalLost: why, lostCheckpoints: 0, problems };
  }
  throw new ProtocolError(`Neither the journal nor the state file can be used. ${why} ${saved.problem ?? ""}`.trim(), {
    source: "session",
  });
}

function findLoss(journal: LoadedJournal, saved: State | null): string | null {
  if (journal.damaged)
    return `The journal is damaged (${journal.damaged.segment}, line ${journal.damaged.line}: ${journal.damaged.reason}).`;
  if (saved && journal.tail.seq < saved.journal.seq)
    return `The journal ends at event ${journal.tail.seq}, but the state knows event ${saved.journal.seq}.`;
  if (
    journal.events.length > 0 &&
    journal.events[0]?.type !== "session_started" &&
    journal.events[0]?.type !== "state_restored"
  ) {
    return `The journal begins with ${journal.events[0]?.type}.`;
  }
  return null;
}

async function loadStateFile(
  files: Files,
  sessionDir: string,
): Promise<{ state: State | null; problem: string | null }> {
  const bytes = await files.read(join(sessionDir, "state.json"));
  if (!bytes) return { state: null, problem: "The checkpoint has no state file." };
  const text = bytes.toString("utf8");
  const blobs = await loadBlobs(files, sessionDir, text);
  try {
    return { state: readStateFile(text, (id) => blobs.get(id) ?? null), problem: null };
  } catch (error) {
    if (error instanceof ProtocolError) return { state: null, problem: error.message };
    throw error;
  }
}

// Blobs can name blobs (a part that was spilled whole), so ids are followed until there are no new ones.
async function loadBlobs(files: Files, sessionDir: string, text: string): Promise<Map<string, string>> {
  const blobs = new Map<string, string>();
  let open = [...text.matchAll(/"\$(?:blob|part)":\s*"([0-9a-f]{64})"/g)].map((match) => match[1]!);
  while (open.length > 0) {
    const id = open.pop()!;
    const content = blobs.has(id) ? null : await files.read(join(sessionDir, blobPathOf(id)));
    if (!content) continue;
    blobs.set(id, content.toString("utf8"));
    open = open.concat([...listIdsOf(content.toString("utf8"))]);
  }
  return blobs;
}

function listIdsOf(text: string): Set<string> {
  try {
    return listBlobIds(JSON.parse(text));
  } catch {
    return new Set();
  }
}

function listDifferences(replayed: State, saved: State): string[] {
  if (saved.journal.seq !== replayed.journal.seq) {
    return [
      `The state file is of event ${saved.journal.seq}, the journal goes to ${replayed.journal.seq}; the journal was used.`,
    ];
  }
  const keys = Object.keys(replayed) as (keyof State)[];
  const different = keys.filter((key) => canonicalJson(replayed[key]) !== canonicalJson(saved[key]));
  return different.length === 0
    ? []
    : [`State file and journal disagree about ${different.join(", ")}; the journal was used.`];
}
