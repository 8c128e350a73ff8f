import type { Event, EventData } from "../domain/event.ts";
import { malformedKey } from "./read-stream.ts";
import type { Block } from "./wire.ts";

/** One tool call of a reply. `call` names it within the session: `<seq of the reply>-<position>`. */
export interface Call {
  call: string;
  /** Id towards the API, unique within the context; differs from the model's own when that came twice. */
  id: string;
  name: string;
  input: unknown;
  /** What the model sent instead of JSON. */
  notJson: string | null;
}

export interface Result {
  content: string;
  isError: boolean;
}

export type Note = EventData<"message_added">;

/** One reply and everything that followed it before the next. */
export interface Turn {
  reply: EventData<"reply_received">;
  seq: number;
  /** Content as it can be sent back: see `sendable`. */
  content: Block[];
  calls: Call[];
  started: Map<string, EventData<"tool_started">>;
  finished: Map<string, EventData<"tool_finished">>;
  notes: Note[];
  ended: EventData<"turn_ended"> | null;
}

/** The conversation of one context, read from its events. */
export interface Transcript {
  opened: EventData<"context_opened"> | null;
  /** Notes before the first reply. */
  openingNotes: Note[];
  turns: Turn[];
  /** Replacement texts of cleared results, by call. */
  cleared: Map<string, string>;
  /** Turns there were at the last clearing. */
  clearedAt: number | null;
  closed: EventData<"context_closed"> | null;
  requests: number;
  /** Ids that came twice and were renamed. */
  renamed: number;
}

/** Reads the events of one context into turns. Pure; events of other types are skipped. */
export function readTranscript(events: readonly Event[]): Transcript {
  const transcript: Transcript = {
    opened: null,
    openingNotes: [],
    turns: [],
    cleared: new Map(),
    clearedAt: null,
    closed: null,
    requests: 0,
    renamed: 0,
  };
  const ids = new Set<string>();
  const stripBefore = lastStrip(events);
  for (const event of events) {
    const turn = transcript.turns.at(-1);
    switch (event.type) {
      case "context_opened":
        transcript.opened = event.data;
        break;
      case "request_sent":
        transcript.requests += 1;
        break;
      case "reply_received":
        transcript.turns.push(readTurn(event.data, event.seq, { ids, strip: event.seq < stripBefore, transcript }));
        break;
      case "tool_started":
        turn?.started.set(event.data.call, event.data);
        break;
      case "tool_finished":
        turn?.finished.set(event.data.call, event.data);
        break;
      case "message_added":
        (turn?.notes ?? transcript.openingNotes).push(event.data);
        break;
      case "outputs_cleared":
        for (const { call, replacement } of event.data.calls) transcript.cleared.set(call, replacement);
        transcript.clearedAt = transcript.turns.length;
        break;
      case "turn_ended":
        if (turn) turn.ended = event.data;
        break;
      case "context_closed":
        transcript.closed = event.data;
        break;
      default:
        break;
    }
  }
  return transcript;
}

/** Start of `transcript_repaired.what` from which replies before it are sent without thinking. */
export const stripMark = "strip:";

function lastStrip(events: readonly Event[]): number {
  return events.findLast((e) => e.type === "transcript_repaired" && e.data.what.startsWith(stripMark))?.seq ?? 0;
}

function readTurn(
  reply: EventData<"reply_received">,
  seq: number,
  how: { ids: Set<string>; strip: boolean; transcript: Transcript },
): Turn {
  const calls: Call[] = [];
  const content = sendable(Array.isArray(reply.content) ? (reply.content as Block[]) : [], how.strip).map((block) => {
    if (block.type !== "tool_use") return block;
    const given = { id: String(block.id ?? ""), name: String(block.name ?? "") };
    const call = `${String(seq).padStart(4, "0")}-${calls.length + 1}`;
    const id =
      /^[a-zA-Z0-9_-]+$/.test(given.id) && !how.ids.has(given.id)
        ? given.id
        : `baton_${how.transcript.turns.length + 1}_${calls.length + 1}`;
    if (id !== given.id) how.transcript.renamed += 1;
    how.ids.add(id);
    calls.push({ call, id, name: given.name, input: block.input, notJson: notJson(block.input) });
    // A name that no tool can have is not taken back by the API; the result says what was wrong with it.
    const name = given.name.replaceAll(/[^a-zA-Z0-9_-]/g, "_").slice(0, 64) || "unnamed";
    const isWhole = id === given.id && name === given.name && isObject(block.input);
    return isWhole ? block : { ...block, id, name, input: isObject(block.input) ? block.input : {} };
  });
  return { reply, seq, content, calls, started: new Map(), finished: new Map(), notes: [], ended: null };
}

/**
 * The blocks of a reply that the API takes back: nothing empty, no thinking that was cut before its signature, and no
 * message that ends in thinking. All else stays as it came, in order.
 */
function sendable(content: Block[], strip: boolean): Block[] {
  const kept = content.filter((block) => {
    if (block.type === "text") return String(block.text ?? "").trim() !== "";
    if (block.type === "thinking") return !strip && String(block.signature ?? "") !== "";
    return !(strip && block.type === "redacted_thinking");
  });
  while (kept.at(-1)?.type === "thinking" || kept.at(-1)?.type === "redacted_thinking") kept.pop();
  return kept;
}

function notJson(input: unknown): string | null {
  if (!isObject(input)) return "null";
  const text = input[malformedKey];
  return typeof text === "string" ? text : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
