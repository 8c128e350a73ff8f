import type { Command } from "../domain/command.ts";
import { toMicroUsd } from "../domain/limits.ts";

/** Longest text that a command may carry, in UTF-16 units; the rest is refused, not cut, so that nothing half-read steers a run. */
export const maxCommandTextLength = 20_000;

/** What a comment says to Baton. `none` is an ordinary comment; `malformed` names the option that cannot be read. */
export type CommandReading =
  | { kind: "command"; command: Command }
  | { kind: "malformed"; name: Command["name"]; reason: string }
  | { kind: "none"; reason: string };

export const commandNames = ["continue", "stop", "status", "retry"] as const;

/**
 * Reads the command of a comment from its visible text (`github/visible-text.ts`): the first line that is not blank must
 * be the command. Quotes, code and lists keep their markers in visible text, so their lines never match.
 */
export function readCommand(visible: string): CommandReading {
  const lines = visible.split("\n");
  const first = lines.findIndex((line) => line.trim() !== "");
  if (first < 0) return { kind: "none", reason: "nothing is visible" };
  // Four spaces or a tab would be a code block.
  const match = /^ {0,3}\/([a-z]+)(?:[ \t]+(.*))?$/.exec((lines[first] ?? "").trimEnd());
  const name = commandNames.find((known) => known === match?.[1]);
  if (!match || !name) return { kind: "none", reason: "the first visible line is not a command" };
  const rest = (match[2] ?? "").trim();
  const below = lines
    .slice(first + 1)
    .join("\n")
    .trim();
  if (name === "stop" || name === "status") {
    if (rest !== "") return { kind: "none", reason: `/${name} stands alone on its line` };
    return { kind: "command", command: { name } };
  }
  if (name === "retry") return withText(name, rest, below, (text) => ({ name, text }));
  const options = readOptions(rest);
  if (options.kind === "malformed") return { kind: "malformed", name, reason: options.reason };
  const { budget, turns } = options;
  return withText(name, options.text, below, (text) => ({ name, text, budget_usd_micro: budget, turns }));
}

function withText(name: Command["name"], line: string, below: string, make: (text: string) => Command): CommandReading {
  const text = [line, below].filter(Boolean).join("\n");
  if (text.length > maxCommandTextLength) {
    return {
      kind: "malformed",
      name,
      reason: `the text has ${text.length} characters; at most ${maxCommandTextLength} are read`,
    };
  }
  return { kind: "command", command: make(text) };
}

type Options =
  | { kind: "options"; text: string; budget: number | null; turns: number | null }
  | { kind: "malformed"; reason: string };

// Options are only read on the command's own line: further lines are prose and may quote an option.
function readOptions(line: string): Options {
  const words = line.split(/[ \t]+/).filter(Boolean);
  const text: string[] = [];
  const seen = new Map<string, number>();
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    const match = /^--(budget|turns)(?:=(.*))?$/.exec(word);
    if (!match) {
      text.push(word);
      continue;
    }
    const option = match[1] ?? "";
    const value = match[2] ?? words[++index] ?? "";
    if (seen.has(option)) return { kind: "malformed", reason: `--${option} is given twice` };
    const read = option === "budget" ? readBudget(value) : readTurns(value);
    if (read === null) return { kind: "malformed", reason: `--${option} ${shown(value)} is not ${allowed(option)}` };
    seen.set(option, read);
  }
  return {
    kind: "options",
    text: text.join(" "),
    budget: seen.get("budget") ?? null,
    turns: seen.get("turns") ?? null,
  };
}

function readBudget(value: string): number | null {
  if (!/^\$?\d{1,5}(?:\.\d{1,6})?$/.test(value)) return null;
  const micro = toMicroUsd(Number(value.replace("$", "")));
  return micro > 0 ? micro : null;
}

function readTurns(value: string): number | null {
  return /^[1-9]\d{0,4}$/.test(value) ? Number(value) : null;
}

function allowed(option: string): string {
  return option === "budget" ? "an amount in USD such as 2.50" : "a whole number of turns such as 40";
}

function shown(value: string): string {
  const plain = value.replace(/[^\w.$-]/g, "").slice(0, 20);
  return plain === "" ? "without a value" : `\`${plain}\``;
}
