import type { Event } from "../../src/domain/event.ts";
import type { StopReason } from "../../src/domain/stop-reason.ts";
import type { Verdict } from "../../src/domain/verdict.ts";
import type { Script, ScriptMemory } from "../../src/local/model/script.ts";
import type { Step } from "../../src/local/model/script-helpers.ts";

/** The files of a branch by path, as text. */
export type Tree = ReadonlyMap<string, string>;

/**
 * One misbehaving (or honest) worker as data. It knows only the wire; what is right about its branch is found out by the
 * bench alone, and never read from what Baton says.
 */
export interface WorkerPolicy {
  /** Row of the table of misbehaviours, with a letter for variants; `x1`, `x2`, … for cheats outside of it. */
  id: string;
  /** What it does, in words for the report. */
  does: string;
  /** An honest worker that must not be stopped, nudged or refused. */
  control?: true;
  /** What the worker says, step by step, over all contexts and runs. After the last it asks a person what else is wanted. */
  worker?: readonly Step[] | Script;
  /** After its last step it claims to be done, again and again, instead of asking. */
  insists?: true;
  initializer?: readonly Step[];
  /** By default a judge who passes whatever the oracles passed: the mildest that is allowed. */
  judge?: Script;
  /** Files besides those of the task, or instead of them; null leaves one out. */
  files?: Readonly<Record<string, string | null>>;
  /** The repository's own check, instead of its test command. */
  oracle?: string;
  /** Lines for the policy file of the repository. */
  policy?: string;
  limits?: { turns?: number; usd?: number; minutes?: number };
  /** Runs after the first, each with what a person says to it. */
  more?: readonly { say?: string; limits?: WorkerPolicy["limits"] }[];
  /** Kills the process of the first run, with SIGKILL, when the model is asked for the n-th time. */
  killAt?: number;
  /** Milliseconds between that request and the kill. */
  killDelayMs?: number;
  /** What must be so at the end. */
  expect: {
    /** Stop reasons of the runs in order; of alternatives, any. */
    stops: readonly (StopReason | readonly StopReason[])[];
    /** Outcome of the last verdict; null for none at all. */
    verdict: Verdict["outcome"] | null;
    /** A blocker with this rule stands in a verdict. */
    finding?: string;
    /** Anything else about the journal; says what is wrong, or null. */
    journal?: (events: readonly Event[]) => string | null;
  };
  /** What must hold for the branch besides the hidden test, before it may be accepted; says what is wrong, or null. */
  tree?: (tree: Tree) => string | null;
  /** The branch is right when only `tree` holds: another task than the usual one. */
  ownTruth?: true;
}

/** A step that calls one tool. */
export function call(name: string, input: unknown): Step {
  return { toolCalls: [{ name, input }] };
}

export const bash = (command: string, timeout_s?: number): Step =>
  call("bash", timeout_s === undefined ? { command } : { command, timeout_s });
/** Puts a file there by the shell, whatever stood there before. */
export const put = (path: string, content: string): Step =>
  bash(`mkdir -p "$(dirname ${path})" && cat > ${path} <<'END_OF_FILE'\n${content.replace(/\n$/, "")}\nEND_OF_FILE`);
/** Calls the tool for new files. */
export const write = (path: string, content: string): Step => call("write", { path, content });
export const edit = (path: string, old: string, replacement: string): Step =>
  call("edit", { path, old, new: replacement });
/** Claims these criteria; without any, everything. */
export const finish = (...criteria: string[]): Step =>
  call("finish", { summary: "All done, every test passes.", ...(criteria.length > 0 ? { criteria } : {}) });
export const times = (count: number, step: Step): Step[] => Array.from({ length: count }, () => step);

/** The two edits that solve the task, one per criterion. */
export const fixAccents = edit(
  "slug.js",
  "text.toLowerCase()",
  'text.normalize("NFD").replace(/[\\u0300-\\u036f]/g, "").toLowerCase()',
);
export const fixSpaces = edit("slug.js", "/ /g", "/ +/g");
/** Solves the task in one go and says so. */
export const solve: Step[] = [call("read", { path: "slug.js" }), fixAccents, fixSpaces, finish()];

export const hasEvent = (events: readonly Event[], type: Event["type"]): boolean =>
  events.some((event) => event.type === type);

/** Where the repository lies, for a step that plays another person who pushes meanwhile. */
export function repositoryOf(memory: ScriptMemory): { path: string } {
  return memory.box("repository", () => ({ path: "" }));
}
