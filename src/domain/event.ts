import { z } from "zod";
import { Command, CommandPlace } from "./command.ts";
import { Baseline, Contract } from "./contract.ts";
import { MicroUsd, TokenUsage } from "./limits.ts";
import { SessionKey } from "./session-key.ts";
import { StopReason } from "./stop-reason.ts";
import { TriggerKind } from "./trigger.ts";
import { Verdict } from "./verdict.ts";

/** A prompt, tools and limits over the same loop; `harness` is Baton itself. */
export const Role = z.enum(["initializer", "worker", "evaluator", "harness"]);
export type Role = z.infer<typeof Role>;

const text = z.string();
const hash = z.string();
const ms = z.int().nonnegative();
const json = z.unknown();

/** Why a context ended. The stop reason of the run is derived from it by `run/`. */
export const ContextEndKind = z.enum([
  "finished",
  "blocked",
  "contract",
  "judgement",
  "handoff",
  "reset",
  "ceiling",
  "stuck",
  "refused",
  "output_truncated",
  "bad_tool_calls",
  "api_error",
  "config_error",
  "stopped",
  "cancelled",
  "superseded",
]);
export type ContextEndKind = z.infer<typeof ContextEndKind>;

/** The note between contexts as the journal stores it. */
export const HandoffNoteData = z.object({
  done: z.array(text).default([]),
  in_progress: text.default(""),
  next_steps: z.array(text).default([]),
  decisions: z.array(z.object({ what: text, why: text })).default([]),
  tried_and_failed: z.array(z.object({ what: text, why: text })).default([]),
  gotchas: z.array(text).default([]),
  questions_for_human: z.array(text).default([]),
});

/**
 * The data of each type of event, in the past tense. Stored in journals for ever: fields are added with a default, never
 * renamed or removed. Times of the head are for people; order is `seq`.
 */
export const eventSchemas = {
  /** First event of a generation. */
  session_started: z.object({
    session: SessionKey,
    generation: z.int().positive(),
    branch: text,
    base_ref: text,
    base_sha: hash,
    request: z.object({
      number: z.int().positive().nullable(),
      title: text,
      /** Visible text as it stood at the trigger; later runs read this, never the issue. */
      body: text,
      sha256: hash,
      url: text.nullable(),
      hidden_removed: z.int().nonnegative().default(0),
    }),
    requester: z.object({ id: z.int().nonnegative(), login: text }),
  }),
  /** First event of a journal that replaces a damaged one: the whole state, as the checkpoint's state file had it. */
  state_restored: z.object({ state: json, why: text }),
  /** The run's first checkpoint carries this: the claim. */
  run_claimed: z.object({
    epoch: z.int().positive(),
    run_id: text,
    run_attempt: z.int().positive(),
    run_url: text.nullable(),
    trigger: TriggerKind,
    /** Semantic key of the trigger: a second run for the same one has nothing to do. */
    event_id: text.default(""),
    actor: text.nullable(),
    identity: text,
    limits: z.object({ turns: z.int(), usd_micro: MicroUsd, ms }),
    /** Pushed allowance of a lost run that counts as spent. */
    written_off_usd_micro: MicroUsd,
    hop: z.int().nonnegative(),
    baton_version: text,
    walls: text,
  }),
  setup_ran: z.object({
    ok: z.boolean(),
    guessed: z.boolean(),
    commands: z.array(z.object({ command: text, exit: z.int().nullable(), duration_ms: ms, tail: text })),
    blocked_hosts: z.array(text).default([]),
    /** Why it ran once more on other manifests than the base's; empty for the set-up on the base. */
    because: text.default(""),
  }),
  network_refused: z.object({ hosts: z.array(text) }),
  context_opened: z.object({
    context: text,
    role: Role,
    model: text,
    criterion: text.nullable(),
    system: text,
    tools: json,
    first_message: text,
    /** Hash of tools and system, the byte-stable prefix. */
    prefix_sha256: hash,
  }),
  request_sent: z.object({
    request: text,
    context: text,
    attempt: z.int().positive(),
    prompt_bytes: z.int().nonnegative(),
    prompt_tokens_bound: z.int().nonnegative(),
    max_tokens: z.int().positive(),
    reserved_usd_micro: MicroUsd,
    prefix_sha256: hash,
    messages_sha256: hash,
  }),
  reply_received: z.object({
    request: text,
    context: text,
    model: text,
    /** Assistant content exactly as received: sent back unmodified. */
    content: json,
    stop_reason: text.nullable(),
    stop_details: json.optional(),
    usage: TokenUsage,
    cost_usd_micro: MicroUsd,
    duration_ms: ms,
    price_unknown: z.boolean().default(false),
  }),
  request_failed: z.object({
    request: text,
    context: text,
    attempt: z.int().positive(),
    error: text,
    status: z.int().nullable(),
    will_retry: z.boolean(),
    delay_ms: ms,
    usage: TokenUsage,
    cost_usd_micro: MicroUsd,
    /** True when an answer may have been billed that was never read. */
    estimated: z.boolean(),
  }),
  /** `tree`: hash of the workspace before the first tool of the turn; null on the later ones. */
  tool_started: z.object({
    call: text,
    context: text,
    tool: text,
    input: json,
    request: text,
    tree: hash.nullable().default(null),
  }),
  tool_finished: z.object({
    call: text,
    context: text,
    tool: text,
    /** What the model sees, redacted. */
    content: text,
    is_error: z.boolean(),
    exit: z.int().nullable().optional(),
    timed_out: z.boolean().default(false),
    duration_ms: ms,
    output: z.object({ name: text, path: text, bytes: z.int().nonnegative() }).nullable().default(null),
  }),
  /** Text that Baton added to the conversation as a user turn or tail: continue, nudge, steering, cap notice. */
  message_added: z.object({
    context: text,
    kind: z.enum(["continue", "nudge", "steering", "notice", "winddown"]),
    rule: text.nullable(),
    text,
  }),
  outputs_cleared: z.object({
    context: text,
    calls: z.array(z.object({ call: text, replacement: text })),
    freed_tokens: z.int().nonnegative(),
  }),
  turn_ended: z.object({ context: text, turn: z.int().positive(), tree: hash.nullable() }),
  transcript_repaired: z.object({ context: text, what: text }),
  context_closed: z.object({
    context: text,
    role: Role,
    end: ContextEndKind,
    reason: text,
    criteria: z.array(text).default([]),
    handoff: HandoffNoteData.nullable(),
  }),
  contract_frozen: z.object({ contract: Contract, sha256: hash }),
  contract_refused: z.object({ reasons: z.array(text), baseline: z.array(Baseline).default([]) }),
  already_satisfied: z.object({ summary: text, baseline: z.array(Baseline) }),
  /** The worker claims that everything is done: this tree waits for the evaluator. */
  work_finished: z.object({ tree: hash, summary: text }),
  questions_asked: z.object({ questions: z.array(text), by: Role }),
  verdict_given: z.object({ verdict: Verdict, round: z.int().positive() }),
  work_sent_back: z.object({ feedback: text, criteria: z.array(text) }),
  work_restarted: z.object({ why: text, tree: hash }),
  /** What copy-out restored, refused or left out. */
  policy_enforced: z.object({
    action: z.enum(["restored", "refused", "blocked_network"]),
    paths: z.array(text),
    reason: text,
  }),
  work_committed: z.object({ commit: hash, tree: hash, parents: z.array(hash), message: text }),
  human_commits_found: z.object({
    commits: z.array(hash),
    merged: z.boolean(),
    conflict: z.array(text).default([]),
    /** Head that the remote has instead of a commit of ours that it refused; absent when none was refused. */
    work_head: hash.nullable().optional(),
  }),
  /** The session's base moved on and was merged into the work: contract and verdict are about the old base now. */
  base_refreshed: z.object({ from: hash, to: hash, tree: hash }),
  /**
   * The remote refused a push for what is in it: these contents are left out from now on, and the work branch is still at
   * `work_head`. `left_out` is empty where nothing could be left out.
   */
  push_refused: z.object({
    why: text,
    detail: text,
    left_out: z.array(z.object({ path: text, sha: hash })),
    /** Parts of the session's own record that were given up. */
    renounced: z.array(text).default([]),
    work_head: hash.nullable(),
    tree: hash,
  }),
  checkpoint_pushed: z.object({ checkpoint: hash, allowance_usd_micro: MicroUsd, ms }),
  command_read: z.object({
    comment_id: z.int().positive(),
    place: CommandPlace.default("comment"),
    actor: text,
    command: Command,
    at: text,
  }),
  write_intended: z.object({ key: text, op: text, args_sha256: hash }),
  write_done: z.object({ key: text, op: text, id: text }),
  day_allowance: z.object({ day: text, reserved_usd_micro: MicroUsd, returned_usd_micro: MicroUsd }),
  warned: z.object({ text }),
  run_ended: z.object({ stop_reason: StopReason, text, progress: z.boolean() }),
  /** The last event of a run: its end is shown to people, and the next run is rung for where that is wanted. */
  run_closed: z.object({}),
} as const;

export type EventType = keyof typeof eventSchemas;
export type EventData<T extends EventType> = z.infer<(typeof eventSchemas)[T]>;
export type EventInput<T extends EventType> = z.input<(typeof eventSchemas)[T]>;

/** The head of each line of the journal. `prev` is the SHA-256 of the previous line. */
export interface EventHead {
  v: 1;
  seq: number;
  /** ISO time of the runner's clock; for people, never for order. */
  at: string;
  epoch: number;
  role: Role;
  prev: string;
}
export type Event = { [T in EventType]: EventHead & { type: T; data: EventData<T> } }[EventType];

/** Appends one event to the session's journal, redacted and durable on this disk when it resolves. */
export type Record = <T extends EventType>(type: T, data: EventInput<T>, role?: Role) => Promise<Event>;
