import { describeError } from "../domain/errors.ts";
import { nearestKey } from "../policy/nearest-key.ts";
import { version } from "../run/version.ts";
import { type CliCommand, readCommandLine, type Terminal } from "./command.ts";
import { commands } from "./commands.ts";

/** `baton <command> …`: finds the command, runs it, and turns every ending into an exit code. 2 is a usage error. */
export async function runCli(argv: string[], terminal: Terminal): Promise<number> {
  const [name = "--help", ...words] = argv;
  if (name === "help" && words[0] !== undefined) return await runCli([words[0], "--help"], terminal);
  if (name === "--help" || name === "-h" || name === "help") {
    terminal.out(overview());
    return 0;
  }
  if (name === "--version" || name === "-v") {
    terminal.out(`${version}\n`);
    return 0;
  }
  const command = commands.find((candidate) => candidate.name === name);
  if (!command) {
    const nearest = nearestKey(
      name,
      commands.map((candidate) => candidate.name),
    );
    const meant = nearest ? ` Did you mean ${nearest}?` : "";
    terminal.err(
      `baton: there is no command ${JSON.stringify(name)}.${meant} Allowed: ${names()}.\nSee: baton --help\n`,
    );
    return 2;
  }
  return runCommand(await command.load(), words, terminal);
}

async function runCommand(command: CliCommand, words: string[], terminal: Terminal): Promise<number> {
  try {
    const input = readCommandLine(command, words, terminal);
    if (input === "help") {
      terminal.out(`${command.help}\n`);
      return 0;
    }
    return await command.run(input);
  } catch (error) {
    terminal.err(`baton ${command.name}: ${describeError(error)}\n`);
    return error instanceof Error && error.name === "ConfigError" ? 2 : 1;
  }
}

function names(): string {
  return commands.map(({ name }) => name).join(", ");
}

function overview(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    "baton: a coding agent that keeps working after you leave, and proves what it did.",
    "",
    "Usage: baton <command> [options]",
    "       baton --version",
    "",
    ...lines,
    "",
    "Try it without a key: npm run demo",
    "On your repository:   baton run --repo . --task-file issue.md --max-turns 60 --max-budget-usd 3",
    "Each command explains itself: baton <command> --help",
    "",
  ].join("\n");
}
