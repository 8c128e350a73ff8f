import { runCli } from "../../src/cli/cli.ts";
import type { Terminal } from "../../src/cli/command.ts";

export interface FakeTerminal extends Terminal {
  /** Everything written so far. */
  written: { out: string; err: string };
}

/** A terminal that remembers what it was given. */
export function createFakeTerminal(options: Partial<Terminal> = {}): FakeTerminal {
  const written = { out: "", err: "" };
  return {
    env: { PATH: process.env.PATH },
    cwd: process.cwd(),
    stdin: async () => "",
    isInteractive: false,
    columns: () => 80,
    signal: new AbortController().signal,
    ...options,
    out: (text) => {
      written.out += text;
    },
    err: (text) => {
      written.err += text;
    },
    written,
  };
}

/** Runs one command line and returns what a person would see. */
export async function baton(
  words: string[],
  options: Partial<Terminal> = {},
): Promise<{ code: number; out: string; err: string }> {
  const terminal = createFakeTerminal(options);
  const code = await runCli(words, terminal);
  return { code, ...terminal.written };
}
