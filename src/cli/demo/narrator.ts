import type { State } from "../../domain/state.ts";
import type { LogLine } from "../../local/runner/job-context.ts";
import type { Terminal } from "../command.ts";

/** Tells the story while it happens: one line per happening, and on a terminal a line that is redrawn. */
export interface Narrator {
  chapter(title: string): void;
  /** Somebody did something. */
  tell(who: string, what: string): void;
  /** A line that a job of a workflow printed. */
  hear(line: LogLine): void;
  /** Where the session stands on the remote. */
  stand(state: State): void;
  /** From now on this is what a workflow run is called. */
  name(runId: number, name: string): void;
  end(): void;
}

const marks: Record<State["criteria"][number]["status"], string> = {
  open: "open",
  claimed: "claimed",
  pass: "✓ verified",
  fail: "✗ refused",
  unverifiable: "? undecided",
};

/** Opens the narrator on standard error, so that standard output stays for the end. */
export function createNarrator(terminal: Terminal, now: () => number = Date.now): Narrator {
  const started = now();
  const names = new Map<number, string>();
  let shown = "";
  let status = "";
  let drawn = false;
  let chapters = 0;
  const clock = (): string => {
    const seconds = Math.floor((now() - started) / 1_000);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  };
  const clear = (): void => {
    if (drawn) terminal.err("\r\u001b[2K");
    drawn = false;
  };
  const print = (line: string): void => {
    clear();
    terminal.err(`${line}\n`);
    if (!terminal.isInteractive || status === "") return;
    terminal.err(`${clock()}  ${status}`.slice(0, terminal.columns() - 1));
    drawn = true;
  };
  const tell = (who: string, what: string): void => print(`  ${clock()}  ${who.padEnd(10)} ${what}`);
  return {
    chapter(title) {
      chapters += 1;
      print(`\n${chapters} ─ ${title}`);
    },
    tell,
    hear(line) {
      const text = readLine(line);
      if (text !== null) tell(line.job === "run" ? (names.get(line.runId) ?? "run") : line.job, text);
    },
    stand(state) {
      const criteria = state.criteria.map(({ id, status: one }) => `${id} ${marks[one]}`).join(" · ");
      const run = state.runs.at(-1);
      status = [
        `run ${state.runs.length}`,
        run
          ? `${run.spend.turns} turns, $${(run.spend.usd_micro / 1e6).toFixed(2)} of $${(run.limits.usd_micro / 1e6).toFixed(2)}`
          : "",
        criteria,
      ]
        .filter(Boolean)
        .join(" · ");
      if (criteria === shown || criteria === "") return;
      shown = criteria;
      tell("criteria", criteria);
    },
    name: (runId, name) => void names.set(runId, name),
    end: clear,
  };
}

/** What a person needs of a log: what Baton says in words, not what the runner says about itself. */
function readLine({ step, text }: LogLine): string | null {
  if (!/baton@/.test(step) || text.trim() === "") return null;
  if (/^nothing to start: (?:the comment is not a command|a run of the session is under way)/.test(text)) return null;
  if (/^a run of the session is under way/.test(text))
    return "the workflow's own event: a run is under way already, nothing to start";
  // The runner's mark of a group that can be folded.
  return text
    .replace(/^▸ /, "")
    .replace(/^verdict: fail/, "✗ verdict: fail")
    .replace(/^verdict: pass/, "✓ verdict: pass");
}
