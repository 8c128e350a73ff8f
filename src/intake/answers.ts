import { renderUsd } from "../domain/limits.ts";
import type { State } from "../domain/state.ts";
import { stopReasons } from "../domain/stop-reason.ts";
import { neutralise } from "../github/neutral-text.ts";
import type { SessionFacts } from "./session-facts.ts";

/** The status comment between the trigger and the run's first own words. */
export function renderQueued(runUrl: string | null): string {
  return `**Baton** has taken this on${runUrl ? `: [run](${runUrl})` : ""}. It will report here.`;
}

const refusedOpening = "**Baton** could not start.";

/** The status comment where no run can start, with the exact fix. */
export function renderRefused(text: string): string {
  return `${refusedOpening} ${text}`;
}

/** Whether a status comment says that no run can start until a person mends something. */
export function saysRefused(body: string): boolean {
  return body.includes(refusedOpening);
}

/** The status comment of a session whose run died without a word; `refused` is why no new run could be started. */
export function renderDied(state: State, again: boolean, refused: string | null = null): string {
  const next = again ? goesOnSentence : "Comment `/continue` to go on from the last checkpoint.";
  return `${diedOpening(state)} ${refused === null ? "" : `${refused} `}${next}\n\n${renderProgress(state)}`;
}

/** Whether a status comment says that the last run died and that a person is needed. */
export function saysDied(body: string, state: State): boolean {
  const url = state.runs.at(-1)?.run_url ?? "";
  return body.includes(diedOpening(state)) && body.includes(url) && !body.includes(goesOnSentence);
}

const goesOnSentence = "A new run goes on from the last checkpoint.";

function diedOpening(state: State): string {
  return `**Baton**: run ${state.runs.length} ended without saying why (its runner was lost). What it had saved is safe.`;
}

/** The status comment of a run whose runner was lost before it came to the session. */
export function renderLost(state: State | null): string {
  const text =
    "**Baton**: the runner was lost before the work began, and nothing was started. Comment `/continue` to try again.";
  return state ? `${text}\n\n${renderProgress(state)}` : text;
}

/** The answer to `/status`: condition, criteria, turns, spend, last reason, link. */
export function renderStatus({ exists, state }: SessionFacts, isAlive: boolean): string {
  if (!state && isAlive) return "**Baton**: the first run is starting.";
  if (!state && exists)
    return "**Baton**: the newest record of this session cannot be read. Comment `/continue`, and a run looks for the last one that can.";
  if (!state) return "**Baton**: there is no session here yet.";
  const run = state.runs.at(-1);
  const condition = isAlive
    ? "a run is under way"
    : run?.stop_reason
      ? stopReasons[run.stop_reason].sentence.replace(/\.$/, "")
      : "no run is under way";
  const next = !isAlive && run?.stop_reason ? ` ${stopReasons[run.stop_reason].next}` : "";
  return `**Baton**: ${condition}.${next}\n\n${renderProgress(state)}`;
}

function renderProgress(state: State): string {
  const passed = state.criteria.filter((criterion) => criterion.status === "pass").length;
  const run = state.runs.at(-1);
  const rows = [
    `criteria: ${state.contract ? `${passed} of ${state.criteria.length} pass` : "not written yet"}`,
    `runs: ${state.runs.length}`,
    `turns: ${state.spend.total.turns}`,
    `spent: ${renderUsd(state.spend.total.usd_micro)}`,
    ...(state.questions.length > 0 ? [`question: ${neutralise(state.questions[0] ?? "")}`] : []),
    ...(run?.run_url ? [`last run: ${run.run_url}`] : []),
  ];
  return rows.map((row) => `- ${row}`).join("\n");
}
