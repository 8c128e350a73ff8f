import type { Event } from "../domain/event.ts";
import { renderUsd } from "../domain/limits.ts";
import { committedUsd, runSpend } from "../domain/replay.ts";
import type { State } from "../domain/state.ts";
import { describeEvent } from "../run/describe-event.ts";
import type { Terminal } from "./command.ts";

/** What a person sees while a run is at work: one line per happening, and on a terminal a line that is redrawn. */
export interface ProgressView {
  show(event: Event, state: State): void;
  say(line: string): void;
  end(): void;
}

/** Opens the view on standard error; `quiet` leaves only what Baton has to say in words. */
export function createProgressView(terminal: Terminal, options: { quiet: boolean }): ProgressView {
  let drawn = false;
  const clear = (): void => {
    if (drawn) terminal.err("\r\u001b[2K");
    drawn = false;
  };
  return {
    show(event, state) {
      if (options.quiet) return;
      const line = describeEvent(event, state);
      if (line === null && !terminal.isInteractive) return;
      clear();
      if (line !== null) terminal.err(`${line}\n`);
      if (!terminal.isInteractive) return;
      terminal.err(renderStatusLine(state));
      drawn = true;
    },
    say(line) {
      clear();
      terminal.err(`${line}\n`);
    },
    end: clear,
  };
}

/** `3/5 criteria · 12 turns · $0.41 of $3.00 · 2m 10s`. */
function renderStatusLine(state: State): string {
  const run = state.runs.at(-1);
  const passed = state.criteria.filter(({ status }) => status === "pass").length;
  const claimed = state.criteria.filter(({ status }) => status === "claimed").length;
  const seconds = run ? Math.max(0, Math.round((Date.now() - Date.parse(run.started_at)) / 1000)) : 0;
  const parts = [
    state.contract
      ? `${passed}/${state.criteria.length} verified${claimed > 0 ? `, ${claimed} claimed` : ""}`
      : "no contract yet",
    `${runSpend(state).turns} turns`,
    `${renderUsd(runSpend(state).usd_micro)}${run ? ` of ${renderUsd(run.limits.usd_micro)}` : ""}`,
    state.runs.length > 1 ? `${renderUsd(committedUsd(state))} in all runs` : "",
    `${Math.floor(seconds / 60)}m ${seconds % 60}s`,
  ];
  return parts.filter(Boolean).join(" · ");
}
