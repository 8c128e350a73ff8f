import { committedUsd } from "../domain/replay.ts";
import { fallbackSessionRefOf, type SessionKey, sessionRefOf } from "../domain/session-key.ts";
import type { State } from "../domain/state.ts";
import type { PushRefusal } from "../git/push-refusal.ts";
import type { RefPush } from "../git/remote.ts";
import type { GitStore } from "../git/store.ts";
import type { Journal } from "./journal.ts";
import { planStateFile } from "./state-file.ts";

export interface CheckpointInput {
  /** The work tree as it is. */
  workTree: string;
  /** Session spend, micro-USD, that may be reached before the next checkpoint is acknowledged. */
  allowanceUsdMicro: number;
  /** Another ref that moves in the same push: both or none. */
  beside?: RefPush;
}

export type CheckpointOutcome =
  | { kind: "pushed"; checkpoint: string; allowanceUsdMicro: number; ms: number }
  /** Another run has claimed the session: this one may write nothing more. */
  | { kind: "superseded"; detail: string }
  | { kind: "refused"; why: PushRefusal; refs: string[]; paths: string[]; detail: string }
  | { kind: "unreachable"; detail: string };

/** The facts of a checkpoint that its commit message repeats, so that they survive a damaged tree. */
export interface CheckpointFacts {
  allowanceUsdMicro: number;
  epoch: number;
  run: string;
  /** Last event of the journal. */
  seq: number;
}

/** Message of a checkpoint's commit. */
export function renderCheckpointMessage(session: SessionKey, facts: CheckpointFacts, writer: string): string {
  return `baton: checkpoint of ${session} at ${facts.seq}\n\nBaton-Session: ${session}\nBaton-Epoch: ${facts.epoch}\nBaton-Run: ${facts.run}\nBaton-Seq: ${facts.seq}\nBaton-Writer: ${writer}\nBaton-Allowance-Usd-Micro: ${facts.allowanceUsdMicro}\n`;
}

/** Reads the facts of a checkpoint's commit message; null when it is not one. */
export function readCheckpointMessage(message: string): CheckpointFacts | null {
  const value = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(message)?.[1];
  const allowance = Number(value("Baton-Allowance-Usd-Micro") ?? Number.NaN);
  const epoch = Number(value("Baton-Epoch") ?? Number.NaN);
  if (!Number.isSafeInteger(allowance) || allowance < 0 || !Number.isSafeInteger(epoch)) return null;
  return {
    allowanceUsdMicro: allowance,
    epoch,
    run: value("Baton-Run") ?? "",
    seq: Number(value("Baton-Seq") ?? 0) || 0,
  };
}

/**
 * The money rule: what a lost run may have spent beyond what it recorded. A run that ended itself has recorded all; of
 * any other, and where checkpoints are lost, the whole pushed allowance counts as spent. Micro-USD.
 */
export function readWriteOff(state: State | null, pushedAllowanceUsdMicro: number, lostCheckpoints = 0): number {
  if (!state || state.runs.length === 0) return 0;
  if (state.runs.at(-1)?.stop_reason && lostCheckpoints === 0) return 0;
  return Math.max(0, pushedAllowanceUsdMicro - committedUsd(state));
}

export interface CheckpointHands {
  store: GitStore;
  key: SessionKey;
  journal(): Journal;
  state(): State | null;
  /** Files of the session folder besides journal and state, new since the last call; bytes not yet stored. */
  takeNewFiles(): { path: string; bytes: Buffer }[];
  clock(): number;
}

export interface CheckpointChain {
  /** Last checkpoint made here, pushed or not; null before the first. */
  head: string | null;
  /** Ref that the remote takes checkpoints on. */
  ref: string;
  sessionTree: string;
  /** Random name of this writer: two runners that record the same at the same moment must not make the same commit. */
  writer: string;
  /** Closed segments that `sessionTree` holds whole. */
  storedSegments: number;
  /** Files of the session folder that `sessionTree` does not hold yet: a checkpoint that fails leaves them to the next. */
  unstored: { path: string; bytes: Buffer }[];
  /** Head of the work branch as the remote is known to have it; a newer one in the state travels with the next checkpoint. */
  workHead: string | null;
  /** Heads that were sent without an answer that they arrived. */
  sentHeads: Set<string>;
}

/** A commit that is ready to be pushed, with the head of the work branch that its state counts on and what else travels with it. */
export interface BuiltCheckpoint {
  commit: string;
  workBranch: { ref: string; sha: string; expected: string | null } | null;
  beside: RefPush | null;
}

const emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/** The chain of a new session. */
export function newChain(key: SessionKey): CheckpointChain {
  return {
    ...{ head: null, ref: sessionRefOf(key), sessionTree: emptyTree, storedSegments: 0, unstored: [], workHead: null },
    sentHeads: new Set(),
    writer: crypto.randomUUID(),
  };
}

/** Builds the commit of a checkpoint: only what is new since the last one is stored. */
export async function buildCheckpoint(
  hands: CheckpointHands,
  chain: CheckpointChain,
  input: CheckpointInput,
): Promise<BuiltCheckpoint> {
  const journal = hands.journal();
  await journal.flush();
  // Journal and state are taken in one go, without waiting in between, so that they are of the same moment.
  const segments = journal.segments();
  const state = hands.state();
  const { seq } = journal.head();
  chain.unstored.push(...journal.takeNewBlobs(), ...hands.takeNewFiles());
  const files = [...chain.unstored];
  if (state) {
    const plan = planStateFile(state);
    files.push({ path: "state.json", bytes: Buffer.from(plan.text) });
    for (const [id, text] of plan.blobs)
      files.push({ path: `blobs/${id.slice(0, 2)}/${id}`, bytes: Buffer.from(text) });
  }
  const { store } = hands;
  for (const segment of segments.slice(chain.storedSegments)) {
    files.push({ path: `journal/${segment.name}`, bytes: await segment.bytes() });
  }
  const changes = [];
  for (const { path, bytes } of files) changes.push({ path, sha: await store.writeBlob(bytes) });
  chain.sessionTree = await store.graft(chain.sessionTree, changes);
  chain.storedSegments = segments.filter((segment) => segment.closed).length;
  chain.unstored = [];
  const tree = await store.graft(emptyTree, [
    { path: "work", sha: input.workTree, mode: "040000" },
    { path: "session", sha: chain.sessionTree, mode: "040000" },
  ]);
  const run = state?.runs.at(-1);
  const facts = {
    allowanceUsdMicro: input.allowanceUsdMicro,
    epoch: run?.epoch ?? 0,
    run: run ? `${run.run_id}/${run.run_attempt}` : "",
    seq,
  };
  const message = renderCheckpointMessage(hands.key, facts, chain.writer);
  const commit = await store.commit({ tree, parents: chain.head ? [chain.head] : [], message, at: hands.clock() });
  const beside = input.beside ?? null;
  const isOwed = state?.work_head && state.work_head !== chain.workHead;
  if (!isOwed) return { commit, workBranch: null, beside };
  // A branch that was deleted or set back meanwhile must not come back by itself.
  const workBranch = { ref: `refs/heads/${state.branch}`, sha: state.work_head!, expected: chain.workHead };
  return { commit, workBranch, beside };
}

/** After a push whose outcome never became known the branch may be at a commit of ours already. */
async function findArrived(
  store: GitStore,
  chain: CheckpointChain,
  workBranch: NonNullable<BuiltCheckpoint["workBranch"]>,
): Promise<void> {
  if (chain.sentHeads.size === 0) return;
  const head = (await store.lsRemote([workBranch.ref]).catch(() => null))?.get(workBranch.ref);
  if (head && chain.sentHeads.has(head) && (await store.isAncestor(head, workBranch.sha))) workBranch.expected = head;
}

/** Pushes a checkpoint, with the work branch in the same atomic push; moves to the fallback ref when the namespace is refused. */
export async function pushCheckpoint(
  hands: CheckpointHands,
  chain: CheckpointChain,
  { commit, workBranch, beside }: BuiltCheckpoint,
  isStillOurs: () => Promise<boolean>,
): Promise<Exclude<CheckpointOutcome, { kind: "pushed" }> | { kind: "pushed"; movedTo: string | null }> {
  const others = [workBranch, beside].filter((update) => update !== null);
  const updates = (ref: string) => [{ ref, sha: commit }, ...others];
  if (workBranch) await findArrived(hands.store, chain, workBranch);
  const outcome = await hands.store.push(updates(chain.ref));
  if (outcome.kind === "pushed") return { kind: "pushed", movedTo: null };
  if (workBranch) chain.sentHeads.add(workBranch.sha);
  if (outcome.kind === "unreachable") return outcome;
  const aboutUs = outcome.refs.length === 0 || outcome.refs.includes(chain.ref);
  if (outcome.why === "non_fast_forward" && aboutUs) {
    // A server that refuses all for the sake of one need not say of which: the refs themselves tell.
    const isOurs = others.length > 0 && (await isStillOurs().catch(() => null));
    if (isOurs === null) return { kind: "unreachable", detail: outcome.detail };
    if (!isOurs) return { kind: "superseded", detail: outcome.detail };
    return { ...outcome, refs: others.map(({ ref }) => ref) };
  }
  const fallback = fallbackSessionRefOf(hands.key);
  if (aboutUs && chain.ref !== fallback && ["namespace", "rules", "other"].includes(outcome.why)) {
    const second = await hands.store.push(updates(fallback));
    if (second.kind === "pushed") {
      chain.ref = fallback;
      return { kind: "pushed", movedTo: fallback };
    }
  }
  const { why, refs, paths, detail } = outcome;
  return { kind: "refused", why, refs, paths, detail };
}
