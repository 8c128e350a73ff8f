import type { CliCommand } from "./command.ts";
import { runCommand } from "./run-command.ts";

/** Every command of `baton`, in the order of the help. */
export const commands: readonly CliCommand[] = [runCommand];
