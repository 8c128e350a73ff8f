import { type ParseArgsConfig, parseArgs } from "node:util";
import { ConfigError } from "../domain/errors.ts";
import { nearestKey } from "../policy/nearest-key.ts";
import { cutLine } from "./plain-text.ts";

/** What a command sees of the outside; the only door to environment, streams and signals. */
export interface Terminal {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  stdin: () => Promise<string>;
  out: (text: string) => void;
  err: (text: string) => void;
  /** Whether standard error is a terminal on which a line can be redrawn. */
  isInteractive: boolean;
  /** Width of that terminal in characters, asked anew each time: windows are resized. */
  columns: () => number;
  signal: AbortSignal;
}

type Options = NonNullable<ParseArgsConfig["options"]>;

export interface CommandInput {
  values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
  positionals: string[];
  terminal: Terminal;
}

/** One command of `baton`: data for the parser and the help, and one function. */
export interface CliCommand {
  name: string;
  /** Usage, options and examples, as `baton <name> --help` prints them. */
  help: string;
  options: Options;
  positionals: { min: number; max: number };
  run(input: CommandInput): Promise<number>;
}

/** Parses the words after the command's name; unknown flags and wrong counts are a ConfigError that shows the help. */
export function readCommandLine(command: CliCommand, words: string[], terminal: Terminal): CommandInput | "help" {
  const usage = /^Usage: .*$/m.exec(command.help)?.[0] ?? `Usage: baton ${command.name}`;
  const called = ["baton", command.name, ...words].join(" ");
  const hint = `${usage}\nSee: baton ${command.name} --help`;
  const options: Options = { ...command.options, help: { type: "boolean", short: "h" } };
  try {
    const parsed = parseArgs({ args: words, options, allowPositionals: true, strict: true, tokens: true });
    const { values, positionals } = parsed;
    if (values.help) return "help";
    refuseTwice(parsed.tokens.flatMap((token) => (token.kind === "option" && token.value !== undefined ? token : [])));
    const { min, max } = command.positionals;
    if (positionals.length < min) throw new ConfigError(`Something is missing after ${called}.`, { hint });
    const extra = positionals[max];
    if (extra !== undefined) {
      const quoted = Object.hasOwn(options, "task") ? ` A task goes in quotes behind --task.` : "";
      throw new ConfigError(`${JSON.stringify(extra)} is one word too many.${quoted}`, { hint });
    }
    return { values: values as CommandInput["values"], positionals, terminal };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(describeMistake(error, Object.keys(options)), { hint, cause: error });
  }
}

/** Of two values one would be lost, and nobody could say which was meant. */
function refuseTwice(given: readonly { name: string; value: string }[]): void {
  const again = given.find(({ name }, index) => given.findIndex((one) => one.name === name) < index);
  if (!again) return;
  const values = given.filter(({ name }) => name === again.name).map(({ value }) => JSON.stringify(cutLine(value, 40)));
  throw new ConfigError(`--${again.name} is given ${values.length} times (${values.join(", ")}); once is allowed.`, {
    hint: "Leave only the one that is meant.",
  });
}

function describeMistake(error: unknown, names: string[]): string {
  const message = error instanceof Error ? error.message : String(error);
  const bare = /^Option '.*?(--[\w-]+)[^']*' argument (?:is ambiguous|missing)/.exec(message)?.[1];
  if (bare) return `${bare} has no value. One that begins with a dash is written ${bare}=-…`;
  const unknown = /^Unknown option '([^']+)'/.exec(message)?.[1];
  if (!unknown) return message;
  const nearest = nearestKey(unknown.replace(/^-+/, ""), names);
  const meant = nearest ? ` Did you mean --${nearest}?` : "";
  return `There is no option ${unknown}.${meant} Allowed: ${names.map((name) => `--${name}`).join(", ")}.`;
}

/** The text value of an option, or undefined. */
export function textOption(input: CommandInput, name: string): string | undefined {
  const value = input.values[name];
  return typeof value === "string" ? value : undefined;
}

/** The value of an option that is one of a few words; anything else is a ConfigError that names them. */
export function choiceOption<T extends string>(
  input: CommandInput,
  name: string,
  allowed: readonly T[],
  fallback: T,
): T {
  const value = textOption(input, name);
  if (value === undefined) return fallback;
  const found = allowed.find((choice) => choice === value);
  if (found) return found;
  throw new ConfigError(`--${name} is ${JSON.stringify(value)}; allowed is ${allowed.join(", ")}.`, {
    hint: `Give --${name} one of these.`,
  });
}

/** The numeric value of an option, or undefined; not a positive number is a ConfigError. */
export function numberOption(input: CommandInput, name: string): number | undefined {
  const value = textOption(input, name);
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!Number.isFinite(number) || number <= 0) {
    throw new ConfigError(`--${name} is ${JSON.stringify(value)}; allowed is a number above 0.`, {
      hint: `Give --${name} a number, for example --${name} 3.`,
    });
  }
  return number;
}
