import { commandKeyOf } from "./command.ts";
import { Contract, contractSha256 } from "./contract.ts";
import type { Event, EventData, Role } from "./event.ts";
import { addSpend, noSpend, type Spend } from "./limits.ts";
import { type RunRecord, State } from "./state.ts";
import type { Verdict } from "./verdict.ts";

/** Folds a journal into the state; null for an empty journal. The first event must be `session_started`. */
export function replay(events: Iterable<Event>): State | null {
  let state: State | null = null;
  for (const event of events) state = applyEvent(state, event);
  return state;
}

/** The state after one more event. Pure; unknown facts never raise, only a missing `session_started` does. */
export function applyEvent(before: State | null, event: Event): State {
  if (event.type === "session_started") return startGeneration(before, event.data, event.seq);
  if (event.type === "state_restored") {
    return { ...State.parse(event.data.state), open_context: null, journal: { seq: event.seq, sha256: event.prev } };
  }
  if (!before) throw new Error(`a journal begins with session_started, found ${event.type} at ${event.seq}`);
  const state: State = { ...before, journal: { seq: event.seq, sha256: event.prev } };
  switch (event.type) {
    case "run_claimed":
      return claimed(state, event.data, event.at);
    case "context_opened":
      return {
        ...state,
        contexts: state.contexts + 1,
        steering: event.data.role === "worker" ? [] : state.steering,
        open_context: { context: event.data.context, role: event.data.role, criterion: event.data.criterion },
      };
    case "request_sent":
      return {
        ...settle(state),
        spend: {
          ...settle(state).spend,
          open_reservation: { request: event.data.request, role: event.role, usd_micro: event.data.reserved_usd_micro },
        },
      };
    case "reply_received":
      return charge(closeReservation(state), event.role, {
        turns: 1,
        usd_micro: event.data.cost_usd_micro,
        estimated_usd_micro: 0,
        tokens: event.data.usage,
      });
    case "request_failed":
      return charge(closeReservation(state), event.role, {
        turns: 0,
        usd_micro: event.data.cost_usd_micro,
        estimated_usd_micro: event.data.estimated ? event.data.cost_usd_micro : 0,
        tokens: event.data.usage,
      });
    case "message_added":
      return event.data.kind === "steering" ? { ...state, steering: [] } : state;
    case "context_closed":
      return closeContext(state, event.data);
    case "contract_frozen":
      return {
        ...state,
        contract: event.data.contract,
        contract_sha256: event.data.sha256,
        contract_refusals: { count: 0, reasons: [] },
        steering: [],
        criteria: event.data.contract.criteria.map(({ id }) => ({ id, status: "open" })),
      };
    case "contract_refused":
      return {
        ...state,
        contract_refusals: { count: state.contract_refusals.count + 1, reasons: event.data.reasons.slice(0, 20) },
      };
    case "already_satisfied":
      return { ...state, already_satisfied: event.data.summary || "The base already satisfies every criterion." };
    case "work_finished":
      return { ...state, unjudged: event.data.tree };
    case "questions_asked":
      return { ...state, questions: event.data.questions };
    case "verdict_given":
      return judged(state, event.data.verdict);
    case "work_sent_back":
      return { ...state, feedback: event.data.feedback, criteria: reopen(state.criteria, event.data.criteria) };
    case "work_restarted":
      return {
        ...state,
        restarts: state.restarts + 1,
        verdict: null,
        unjudged: null,
        criteria: state.criteria.map(({ id }) => ({ id, status: "open" })),
        handoff: state.handoff && onlyLessons(state.handoff),
      };
    case "human_commits_found":
      return event.data.merged
        ? { ...state, verdict: null, unjudged: null, work_head: event.data.commits.at(-1) ?? state.work_head }
        : { ...state, work_head: event.data.work_head === undefined ? state.work_head : event.data.work_head };
    case "base_refreshed":
      return { ...state, base: { ...state.base, sha: event.data.to }, verdict: null, unjudged: null };
    case "push_refused":
      return pushRefused(state, event.data);
    case "work_committed":
      return { ...state, work_head: event.data.commit };
    case "checkpoint_pushed":
      return { ...state, checkpoint: event.data.checkpoint, allowance_usd_micro: event.data.allowance_usd_micro };
    case "command_read":
      return commanded(state, event.data);
    case "write_intended":
      return { ...state, open_intents: { ...state.open_intents, [event.data.key]: event.data.op } };
    case "write_done": {
      const { [event.data.key]: _closed, ...open_intents } = state.open_intents;
      return { ...state, open_intents, published: { ...state.published, [event.data.key]: event.data.id } };
    }
    case "warned":
      return state.warnings.includes(event.data.text)
        ? state
        : { ...state, warnings: [...state.warnings, event.data.text.slice(0, 500)].slice(-20) };
    case "run_ended":
      return ended(state, event.data, event.at);
    case "run_closed":
      return closed(state);
    default:
      return state;
  }
}

/** Session spend that is certain or must be assumed: settled plus the open reservation. Micro-USD. */
export function committedUsd(state: State): number {
  return state.spend.total.usd_micro + (state.spend.open_reservation?.usd_micro ?? 0);
}

/** What the current run has used, its open reservation included. */
export function runSpend(state: State): Spend {
  const run = state.runs.at(-1);
  if (!run) return noSpend;
  const open = state.spend.open_reservation?.usd_micro ?? 0;
  return { ...run.spend, usd_micro: run.spend.usd_micro + open };
}

function startGeneration(before: State | null, data: EventData<"session_started">, seq: number): State {
  const { hidden_removed: _hidden, ...request } = data.request;
  return {
    v: 1,
    session: data.session,
    generation: data.generation,
    branch: data.branch,
    base: { ref: data.base_ref, sha: data.base_sha },
    request,
    requester: data.requester,
    contract: null,
    contract_sha256: null,
    contract_refusals: { count: 0, reasons: [] },
    criteria: [],
    unjudged: null,
    verdict: null,
    already_satisfied: null,
    questions: [],
    feedback: null,
    rounds: 0,
    restarts: 0,
    contexts: before?.contexts ?? 0,
    resets: 0,
    open_context: null,
    handoff: null,
    steering: [],
    comment_cursor: before?.comment_cursor ?? 0,
    reviews_read: before?.reviews_read ?? [],
    spend: before?.spend ?? {
      total: noSpend,
      by_role: { initializer: noSpend, worker: noSpend, evaluator: noSpend, harness: noSpend },
      open_reservation: null,
    },
    allowance_usd_micro: before?.allowance_usd_micro ?? 0,
    runs: before?.runs ?? [],
    runs_without_progress: 0,
    work_head: null,
    checkpoint: before?.checkpoint ?? null,
    published: {},
    open_intents: {},
    warnings: [],
    journal: { seq, sha256: "" },
  };
}

function claimed(before: State, data: EventData<"run_claimed">, at: string): State {
  const state = writeOff(settle(before), data.written_off_usd_micro);
  const run: RunRecord = {
    epoch: data.epoch,
    run_id: data.run_id,
    run_attempt: data.run_attempt,
    run_url: data.run_url,
    trigger: data.trigger,
    event_id: data.event_id,
    actor: data.actor,
    started_at: at,
    ended_at: null,
    stop_reason: null,
    end_text: "",
    closed: false,
    spend: noSpend,
    limits: data.limits,
  };
  return { ...state, runs: [...state.runs, run], rounds: 0, questions: [] };
}

function charge(state: State, role: Role, spend: Spend): State {
  const runs = state.runs.slice();
  const run = runs.pop();
  if (run) runs.push({ ...run, spend: addSpend(run.spend, spend) });
  return {
    ...state,
    runs,
    spend: {
      ...state.spend,
      total: addSpend(state.spend.total, spend),
      by_role: { ...state.spend.by_role, [role]: addSpend(state.spend.by_role[role], spend) },
    },
  };
}

function closeReservation(state: State): State {
  return { ...state, spend: { ...state.spend, open_reservation: null } };
}

/** A reservation that was never answered counts as spent, marked as an estimate. */
function settle(state: State): State {
  const open = state.spend.open_reservation;
  if (!open) return state;
  return charge(closeReservation(state), open.role, {
    ...noSpend,
    usd_micro: open.usd_micro,
    estimated_usd_micro: open.usd_micro,
  });
}

function writeOff(state: State, micro: number): State {
  return micro === 0 ? state : charge(state, "harness", { ...noSpend, usd_micro: micro, estimated_usd_micro: micro });
}

function closeContext(state: State, data: EventData<"context_closed">): State {
  const claimed = new Set(data.criteria);
  return {
    ...state,
    open_context: null,
    resets:
      data.role !== "worker"
        ? state.resets
        : data.end === "reset"
          ? state.resets + 1
          : data.end === "finished"
            ? 0
            : state.resets,
    handoff: data.handoff ?? state.handoff,
    feedback: data.role === "worker" && data.end === "finished" ? null : state.feedback,
    criteria: state.criteria.map((c) => (claimed.has(c.id) && c.status !== "pass" ? { ...c, status: "claimed" } : c)),
  };
}

function judged(state: State, verdict: Verdict): State {
  const byId = new Map(verdict.criteria.map((c) => [c.id, c.verdict]));
  return {
    ...state,
    unjudged: null,
    resets: 0,
    rounds: state.rounds + 1,
    verdict: {
      ...verdict,
      findings: verdict.findings.slice(0, 40),
      evidence: verdict.evidence.map((e) => ({ ...e, tail: e.tail.slice(-300) })),
    },
    criteria: state.criteria.map((c) => ({ ...c, status: byId.get(c.id) ?? c.status })),
  };
}

function commanded(state: State, data: EventData<"command_read">): State {
  const next =
    data.place === "comment"
      ? { ...state, comment_cursor: Math.max(state.comment_cursor, data.comment_id) }
      : { ...state, reviews_read: [...state.reviews_read, commandKeyOf(data.place, data.comment_id)] };
  if (data.command.name !== "continue" && data.command.name !== "retry") return next;
  const text = data.command.text.trim();
  const asked = data.command.name === "continue" ? data.command : { budget_usd_micro: null, turns: null };
  const reopened = { ...next, runs: lowerRun(next.runs, asked), questions: [], already_satisfied: null };
  if (!text) return reopened;
  const contract =
    state.contract &&
    Contract.parse({
      ...state.contract,
      amendments: [...state.contract.amendments, { text, actor: data.actor, comment_id: data.comment_id }],
    });
  return {
    ...reopened,
    contract,
    contract_sha256: contract && contractSha256(contract),
    verdict: null,
    unjudged: null,
    criteria: state.criteria.map((c) => ({ ...c, status: "open" as const })),
    steering: [...state.steering, { comment_id: data.comment_id, actor: data.actor, text }],
  };
}

/** A person's `--budget` and `--turns` can only lower the caps of the run that is open. */
function lowerRun(
  runs: State["runs"],
  asked: { budget_usd_micro: number | null; turns: number | null },
): State["runs"] {
  const run = runs.at(-1);
  if (!run || run.stop_reason) return runs;
  const limits = {
    ...run.limits,
    turns: Math.min(run.limits.turns, asked.turns ?? run.limits.turns),
    usd_micro: Math.min(run.limits.usd_micro, asked.budget_usd_micro ?? run.limits.usd_micro),
  };
  return [...runs.slice(0, -1), { ...run, limits }];
}

function ended(state: State, data: EventData<"run_ended">, at: string): State {
  const runs = state.runs.slice();
  const run = runs.pop();
  if (run) runs.push({ ...run, ended_at: at, stop_reason: data.stop_reason, end_text: data.text.slice(0, 1_000) });
  return { ...settle({ ...state, runs }), runs_without_progress: data.progress ? 0 : state.runs_without_progress + 1 };
}

function closed(state: State): State {
  const run = state.runs.at(-1);
  return run ? { ...state, runs: [...state.runs.slice(0, -1), { ...run, closed: true }] } : state;
}

/** What was judged, or waits for it, is not what can be published: the tree without the refused contents waits instead. */
function pushRefused(state: State, data: EventData<"push_refused">): State {
  const next = { ...state, work_head: data.work_head };
  if (data.left_out.length === 0) return next;
  const waits = state.unjudged !== null || state.verdict?.outcome === "pass";
  return { ...next, verdict: null, unjudged: waits ? data.tree : null };
}

function reopen(criteria: State["criteria"], ids: string[]): State["criteria"] {
  const failed = new Set(ids);
  return criteria.map((c) => (failed.size === 0 || failed.has(c.id) ? { ...c, status: "open" } : c));
}

function onlyLessons(handoff: NonNullable<State["handoff"]>): State["handoff"] {
  return { ...handoff, done: [], in_progress: "", next_steps: [], decisions: [] };
}
