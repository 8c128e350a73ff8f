import type { CliCommand } from "./command.ts";
import { continueCommand } from "./continue-command.ts";
import { demoCommand } from "./demo-command.ts";
import { doctorCommand } from "./doctor-command.ts";
import { initCommand } from "./init-command.ts";
import { maintenanceCommand } from "./maintenance-command.ts";
import { replayCommand } from "./replay-command.ts";
import { reportCommand } from "./report-command.ts";
import { runCommand } from "./run-command.ts";
import { serveCommand } from "./serve-command.ts";
import { simulateCommand } from "./simulate-command.ts";
import { statusCommand } from "./status-command.ts";
import { traceCommand } from "./trace-command.ts";

/** Every command of `baton`, in the order of the help. */
export const commands: readonly CliCommand[] = [
  runCommand,
  continueCommand,
  statusCommand,
  reportCommand,
  traceCommand,
  demoCommand,
  initCommand,
  doctorCommand,
  serveCommand,
  simulateCommand,
  replayCommand,
  maintenanceCommand,
];
