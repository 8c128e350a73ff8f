import { runCli } from "./cli.ts";
import { openTerminal } from "./terminal.ts";

const code = await runCli(process.argv.slice(2), openTerminal());
// Everything is closed by now: a handle that was forgotten must not keep a person waiting. What is written goes out first.
process.stdout.write("", () => process.stderr.write("", () => process.exit(code || process.exitCode)));
