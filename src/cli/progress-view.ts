import type { Event } from "../domain/event.ts";
import { renderUsd } from "../domain/limits.ts";
import { committedUsd, runSpend } from "../domain/replay.ts";
import type { State } from "../domain/state.ts";
import { describeEvent } from "../run/describe-event.ts";
import type { Terminal } from "./command.ts";
import { cutLine, plainText } from "./plain-text.ts";
import { describeCall } from "./recording.ts";

/** What a person sees while a run is at work: one line per happening, and on a terminal a line that is redrawn. */
export interface ProgressView {
  show(event: Event, state: State): void;
  say(line: string): void;
  /** Takes the live line away; may be called twice. */
  end(): void;
}

const clearLine = "\r\u001b[2K";

/** Opens the view on standard error; `quiet` leaves only what Baton has to say in words. */
export function createProgressView(terminal: Terminal, options: { quiet: boolean; now?: () => number }): ProgressView {
  const now = options.now ?? Date.now;
  const isLive = terminal.isInteractive && !options.quiet;
  let state: State | null = null;
  let activity = "";
  let drawn = false;
  let timer: NodeJS.Timeout | null = null;
  const clear = (): void => {
    if (drawn) terminal.err(clearLine);
    drawn = false;
  };
  const draw = (): void => {
    if (!state) return;
    // One column stays free: a line that fills the last one wraps on some terminals and is then cleared only in part.
    const text = cutLine(renderStatusLine(state, activity, now()), terminal.columns() - 1);
    terminal.err(terminal.env.NO_COLOR ? `${clearLine}${text}` : `${clearLine}\u001b[2m${text}\u001b[22m`);
    drawn = true;
  };
  const print = (line: string): void => {
    clear();
    terminal.err(`${plainText(line)}\n`);
    if (isLive && timer) draw();
  };
  return {
    show(event, after) {
      if (options.quiet) return;
      state = after;
      activity = describeActivity(event) ?? activity;
      const line = describeEvent(event, after);
      if (isLive) timer ??= setInterval(draw, 1_000).unref();
      if (line !== null) print(line);
      else if (isLive) draw();
    },
    say: print,
    end() {
      if (timer) clearInterval(timer);
      timer = null;
      clear();
    },
  };
}

/** What goes on after an event, in a few words; null when the event changes nothing about it. */
function describeActivity(event: Event): string | null {
  switch (event.type) {
    case "run_claimed":
      return "setting up";
    case "request_sent":
      return `${event.role} is thinking`;
    case "tool_started":
      return describeCall(event.data.tool, event.data.input);
    case "work_finished":
      return "running the oracles in a clean checkout";
    case "context_closed":
    case "verdict_given":
    case "run_ended":
      return "saving";
    default:
      return null;
  }
}

/** `1/3 verified · 12 turns · $0.41 of $3.00 · 2m 10s · bash npm test`. */
function renderStatusLine(state: State, activity: string, at: number): string {
  const run = state.runs.at(-1);
  const passed = state.criteria.filter(({ status }) => status === "pass").length;
  const claimed = state.criteria.filter(({ status }) => status === "claimed").length;
  const seconds = run ? Math.max(0, Math.round((at - Date.parse(run.started_at)) / 1000)) : 0;
  const { turns } = runSpend(state);
  const parts = [
    state.contract
      ? `${passed}/${state.criteria.length} verified${claimed > 0 ? `, ${claimed} claimed` : ""}`
      : "no contract yet",
    `${turns} ${turns === 1 ? "turn" : "turns"}`,
    `${renderUsd(runSpend(state).usd_micro)}${run ? ` of ${renderUsd(run.limits.usd_micro)}` : ""}`,
    state.runs.length > 1 ? `${renderUsd(committedUsd(state))} in all runs` : "",
    seconds >= 60 ? `${Math.floor(seconds / 60)}m ${seconds % 60}s` : `${seconds}s`,
    activity,
  ];
  return parts.filter(Boolean).join(" · ");
}
