import { ConfigError } from "../domain/errors.ts";
import type { Event, EventData } from "../domain/event.ts";
import type { StopReason } from "../domain/stop-reason.ts";
import type { InboxItem } from "../run/forge.ts";
import { cutLine } from "./plain-text.ts";

/** One run of a journal: what it was given, and what the model said. */
export interface RecordedRun {
  limits: EventData<"run_claimed">["limits"];
  inbox: InboxItem[];
  replies: EventData<"reply_received">[];
  /** Null when the run was lost. */
  stop: StopReason | null;
}

/** The last generation of a journal, ready to be played again. */
export interface Recording {
  start: EventData<"session_started">;
  runs: RecordedRun[];
  /** Model of each role, as the recorded contexts name it. */
  models: Partial<Record<string, string>>;
  events: readonly Event[];
}

/** Reads what a replay needs out of a journal. Throws ConfigError when the journal does not begin with its session. */
export function readRecording(events: readonly Event[]): Recording {
  const at = events.findLastIndex((event) => event.type === "session_started");
  const first = events[at];
  if (first?.type !== "session_started") {
    throw new ConfigError("The journal does not hold the start of its session.", {
      hint: "A journal that began anew after damage cannot be replayed.",
    });
  }
  const recording: Recording = { start: first.data, runs: [], models: {}, events: events.slice(at) };
  for (const event of recording.events) {
    const run = recording.runs.at(-1);
    if (event.type === "run_claimed")
      recording.runs.push({ limits: event.data.limits, inbox: [], replies: [], stop: null });
    else if (event.type === "context_opened") recording.models[event.data.role] ??= event.data.model;
    else if (event.type === "reply_received") run?.replies.push(event.data);
    else if (event.type === "run_ended" && run) run.stop = event.data.stop_reason;
    else if (event.type === "command_read") {
      const { comment_id: commentId, place, actor, command, at: when } = event.data;
      run?.inbox.push({ commentId, place, actor, command, at: when });
    }
  }
  return recording;
}

/** A moment at which recording and replay can be compared. */
export interface Waypoint {
  what: string;
  /** Git tree hash. */
  tree: string;
  /** The tool call before it, for people. */
  call: string;
}

/** The moments of a journal that have a tree: before and after the calls of a turn, each claim to be done, each verdict. */
export function listWaypoints(events: readonly Event[]): Waypoint[] {
  const found: Waypoint[] = [];
  let turn = 0;
  let call = "no call";
  for (const event of events) {
    if (event.type === "reply_received") turn += 1;
    if (event.type === "tool_started" && event.data.tree)
      found.push({ what: `turn ${turn} (${event.data.context}), before its calls`, tree: event.data.tree, call });
    if (event.type === "tool_started") call = describeCall(event.data.tool, event.data.input);
    if (event.type === "turn_ended" && event.data.tree)
      found.push({ what: `turn ${turn} (${event.data.context})`, tree: event.data.tree, call });
    if (event.type === "work_finished")
      found.push({ what: `the claim to be done after turn ${turn}`, tree: event.data.tree, call });
    if (event.type === "verdict_given") {
      const { verdict } = event.data;
      found.push({ what: `the verdict ${verdict.outcome} after turn ${turn}`, tree: verdict.tree, call });
    }
  }
  return found;
}

/** Where two journals part; null when every moment is the same. */
export function findParting(recorded: readonly Waypoint[], replayed: readonly Waypoint[]): string | null {
  const length = Math.max(recorded.length, replayed.length);
  for (let index = 0; index < length; index += 1) {
    const [was, is] = [recorded[index], replayed[index]];
    if (was && is && was.what === is.what && was.tree === is.tree) continue;
    const say = (one: Waypoint | undefined): string =>
      one ? `${one.what}, tree ${one.tree.slice(0, 12)}, after ${one.call}` : "nothing more";
    return `recorded: ${say(was)}; replayed: ${say(is)}`;
  }
  return null;
}

/** A tool call in one line: its name and what it was about. */
export function describeCall(tool: string, input: unknown): string {
  const { command, path, pattern } = (input ?? {}) as Record<string, unknown>;
  const about = [command, path, pattern].find((value) => typeof value === "string");
  return about ? cutLine(`${tool} ${about}`, 80) : tool;
}
