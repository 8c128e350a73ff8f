import type { Event, Role } from "../domain/event.ts";
import { renderUsd } from "../domain/limits.ts";
import { applyEvent } from "../domain/replay.ts";
import type { State } from "../domain/state.ts";
import { readRow, renderDuration } from "./read-row.ts";

/** What a filter of the trace shows or hides. */
export type RowKind =
  | "turn"
  | "retry"
  | "nudge"
  | "reset"
  | "blocked"
  | "verdict"
  | "checkpoint"
  | "person"
  | "published"
  | "run"
  | "warning";

/** One folded part of a row: plain text, always shown as text. `tone` colours its edge. */
export interface Part {
  label: string;
  text: string;
  tone?: "bad" | "good" | "quiet";
}

/** One line of the trace: a turn with its tool calls, or another event. */
export interface Row {
  seq: number;
  at: string;
  kind: RowKind;
  role: Role;
  /** Index into `contexts`, or null outside of one. */
  context: number | null;
  /** Turn of the session, counted over all roles and runs; null for other events. */
  turn: number | null;
  title: string;
  /** Short facts at the right: cost, duration, exit. */
  facts: string[];
  bad: boolean;
  parts: Part[];
  /** How it stands out in the list: the head of a run or context, good news, or bookkeeping. */
  weight?: "head" | "good" | "minor";
}

export interface ContextView {
  id: string;
  role: Role;
  model: string;
  criterion: string | null;
  run: number;
  /** First and last turn of the session that belong to it; equal to the turn before it when it had none. */
  from: number;
  to: number;
  end: string;
  seq: number;
}

export interface RunView {
  epoch: number;
  started: string;
  ended: string | null;
  stop: string;
  trigger: string;
  actor: string | null;
  url: string | null;
  walls: string;
  turn: number;
  usd: string;
}

/** Everything the trace page shows: computed from the journal alone, plus diffs where the caller has them. */
export interface TraceView {
  session: string;
  generation: number;
  branch: string;
  request: { title: string; body: string; url: string | null };
  requester: string;
  verdict: string | null;
  stop: string | null;
  totals: {
    turns: number;
    usd_micro: number;
    usd: string;
    /** Time from start to end of all runs, in words. */
    took: string;
    runs: number;
    contexts: number;
    events: number;
  };
  by_role: { role: string; turns: number; usd: string }[];
  runs: RunView[];
  contexts: ContextView[];
  criteria: { id: string; text: string; must: boolean; changes: [turn: number, status: string, seq: number][] }[];
  /** Per turn: cumulative micro-USD, tokens of the prompt, role. */
  series: { usd_micro: number; tokens: number; role: Role; seq: number }[];
  rows: Row[];
}

/** The view of a journal; null when it is empty. `diffs` are patches by commit or checkpoint hash. */
export function readView(events: readonly Event[], diffs: ReadonlyMap<string, string> = new Map()): TraceView | null {
  const first = events[0];
  if (!first) return null;
  const builder: Builder = {
    state: null,
    turn: 0,
    usd: 0,
    contexts: [],
    contextIndex: new Map(),
    runs: [],
    now: first.at,
    criteria: new Map(),
    series: [],
    rows: [],
    calls: new Map(),
    diffs,
  };
  for (const event of events) addEvent(builder, event);
  return finishView(builder, events.length);
}

interface Builder {
  state: State | null;
  turn: number;
  usd: number;
  contexts: ContextView[];
  contextIndex: Map<string, number>;
  runs: RunView[];
  /** Time of the newest event: where an open run has got to. */
  now: string;
  criteria: Map<string, { id: string; text: string; must: boolean; changes: [number, string, number][] }>;
  series: TraceView["series"];
  rows: Row[];
  /** Row and part of each tool call that has not finished yet, and of each reply, by its request. */
  calls: Map<string, Row>;
  diffs: ReadonlyMap<string, string>;
}

function addEvent(b: Builder, event: Event): void {
  b.state = applyEvent(b.state, event);
  b.now = event.at;
  trackShape(b, event);
  trackCriteria(b, event.seq);
  const context =
    "context" in event.data && typeof event.data.context === "string"
      ? (b.contextIndex.get(event.data.context) ?? null)
      : null;
  if (event.type === "tool_started" || event.type === "tool_finished") {
    addCall(b, event);
    return;
  }
  const row = readRow(event, b.diffs);
  if (!row) return;
  const full: Row = {
    ...row,
    seq: event.seq,
    at: event.at,
    role: event.role,
    context,
    turn: event.type === "reply_received" ? b.turn : null,
  };
  b.rows.push(full);
  if (event.type === "reply_received") b.calls.set(`request ${event.data.request}`, full);
}

function trackShape(b: Builder, event: Event): void {
  switch (event.type) {
    case "run_claimed":
      b.usd += event.data.written_off_usd_micro;
      b.runs.push({
        ...{
          epoch: event.data.epoch,
          started: event.at,
          ended: null,
          stop: "still running, or lost",
          trigger: event.data.trigger,
        },
        ...{ actor: event.data.actor, url: event.data.run_url, walls: event.data.walls, turn: b.turn + 1, usd: "" },
      });
      return;
    case "context_opened":
      b.contextIndex.set(event.data.context, b.contexts.length);
      b.contexts.push({
        ...{ id: event.data.context, role: event.data.role, model: event.data.model, criterion: event.data.criterion },
        ...{ run: event.epoch, from: b.turn + 1, to: b.turn, end: "still open", seq: event.seq },
      });
      return;
    case "reply_received": {
      const { usage } = event.data;
      b.turn += 1;
      b.usd += event.data.cost_usd_micro;
      b.series.push({
        usd_micro: b.usd,
        tokens: usage.input + usage.cache_read + usage.cache_write_5m + usage.cache_write_1h,
        role: event.role,
        seq: event.seq,
      });
      const context = b.contexts[b.contextIndex.get(event.data.context) ?? -1];
      if (context) context.to = b.turn;
      return;
    }
    case "request_failed":
      b.usd += event.data.cost_usd_micro;
      return;
    case "context_closed": {
      const context = b.contexts[b.contextIndex.get(event.data.context) ?? -1];
      if (context) context.end = `${event.data.end}: ${event.data.reason}`;
      return;
    }
    case "run_ended": {
      const run = b.runs.at(-1);
      if (run) Object.assign(run, { ended: event.at, stop: event.data.stop_reason });
      return;
    }
  }
}

function trackCriteria(b: Builder, seq: number): void {
  for (const { id, status } of b.state?.criteria ?? []) {
    const known = b.criteria.get(id);
    if (known) {
      if (known.changes.at(-1)![1] !== status) known.changes.push([b.turn, status, seq]);
      continue;
    }
    const criterion = b.state?.contract?.criteria.find((c) => c.id === id);
    b.criteria.set(id, {
      id,
      text: criterion?.text ?? "",
      must: criterion?.must ?? true,
      changes: [[b.turn, status, seq]],
    });
  }
}

/** A call belongs to the row of the turn that asked for it. */
function addCall(b: Builder, event: Extract<Event, { type: "tool_started" | "tool_finished" }>): void {
  if (event.type === "tool_started") {
    const row = b.calls.get(`request ${event.data.request}`) ?? b.rows.at(-1);
    if (!row) return;
    b.calls.set(`call ${event.data.call}`, row);
    row.title =
      row.turn === null || row.title.length > 160
        ? row.title
        : `${row.title}${row.title ? " · " : ""}${nameOfCall(event.data.tool, event.data.input)}`;
    row.parts.push({ label: `${event.data.tool} ${event.data.call}`, text: renderInput(event.data.input) });
    return;
  }
  const row = b.calls.get(`call ${event.data.call}`) ?? b.rows.at(-1);
  if (!row) return;
  const { data } = event;
  const bad = data.is_error || data.timed_out;
  const exit = data.timed_out ? "timed out" : data.exit === undefined || data.exit === null ? "" : `exit ${data.exit}`;
  const cut = data.output ? `whole output: ${data.output.name}, ${data.output.bytes} bytes` : "";
  const label = [
    "result",
    data.call,
    bad && !data.timed_out ? "refused or failed" : "",
    exit,
    `${(data.duration_ms / 1000).toFixed(1)} s`,
    cut,
  ]
    .filter(Boolean)
    .join(" · ");
  row.parts.push({ label, text: data.content, tone: bad ? "bad" : data.exit ? "quiet" : "good" });
  row.bad ||= bad;
  if (exit && exit !== "exit 0") row.facts.push(exit);
}

function nameOfCall(tool: string, input: unknown): string {
  const fields = (input ?? {}) as { command?: unknown; path?: unknown; pattern?: unknown };
  const hint = [fields.command, fields.path, fields.pattern].find((value) => typeof value === "string") as
    | string
    | undefined;
  return hint ? `${tool} ${hint.split("\n")[0]!.slice(0, 70)}` : tool;
}

function renderInput(input: unknown): string {
  const fields = input && typeof input === "object" ? Object.entries(input) : [];
  if (fields.length === 0) return JSON.stringify(input) ?? "";
  return fields
    .map(([key, value]) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join("\n");
}

function finishView(b: Builder, events: number): TraceView {
  const state = b.state!;
  for (const run of b.runs) {
    const record = state.runs.find((r) => r.epoch === run.epoch);
    run.usd = record ? renderUsd(record.spend.usd_micro) : "";
  }
  return {
    session: state.session,
    generation: state.generation,
    branch: state.branch,
    request: { title: state.request.title, body: state.request.body, url: state.request.url },
    requester: state.requester.login,
    verdict: state.verdict?.outcome ?? null,
    stop: state.runs.at(-1)?.stop_reason ?? null,
    totals: {
      turns: b.turn,
      usd_micro: state.spend.total.usd_micro,
      usd: renderUsd(state.spend.total.usd_micro),
      took: renderDuration(
        b.runs.reduce((ms, run) => ms + Date.parse(run.ended ?? b.now) - Date.parse(run.started), 0),
      ),
      runs: b.runs.length,
      contexts: b.contexts.length,
      events,
    },
    by_role: Object.entries(state.spend.by_role)
      .filter(([, spend]) => spend.turns > 0 || spend.usd_micro > 0)
      .map(([role, spend]) => ({ role, turns: spend.turns, usd: renderUsd(spend.usd_micro) })),
    runs: b.runs,
    contexts: b.contexts,
    criteria: [...b.criteria.values()],
    series: b.series,
    rows: b.rows,
  };
}
