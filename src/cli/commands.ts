import type { CliCommand } from "./command.ts";

/** A command in the overview; its code is loaded when it is called, so that help and small commands start at once. */
export interface ListedCommand {
  name: string;
  summary: string;
  load(): Promise<CliCommand>;
}

/** Every command of `baton`, in the order of the help. */
export const commands: readonly ListedCommand[] = [
  {
    name: "run",
    summary: "work on a local repository, no GitHub needed",
    load: async () => (await import("./run-command.ts")).runCommand,
  },
  {
    name: "continue",
    summary: "go on with a session, with or without advice",
    load: async () => (await import("./continue-command.ts")).continueCommand,
  },
  {
    name: "status",
    summary: "where the sessions of a repository stand",
    load: async () => (await import("./status-command.ts")).statusCommand,
  },
  {
    name: "report",
    summary: "print the report of a session",
    load: async () => (await import("./report-command.ts")).reportCommand,
  },
  {
    name: "trace",
    summary: "write the trace of a session as one HTML file",
    load: async () => (await import("./trace-command.ts")).traceCommand,
  },
  {
    name: "demo",
    summary: "play the whole story on an embedded GitHub, no key needed",
    load: async () => (await import("./demo-command.ts")).demoCommand,
  },
  {
    name: "init",
    summary: "write the policy and the workflows for GitHub",
    load: async () => (await import("./init-command.ts")).initCommand,
  },
  {
    name: "doctor",
    summary: "check this machine and this repository",
    load: async () => (await import("./doctor-command.ts")).doctorCommand,
  },
  {
    name: "serve",
    summary: "run the GitHub App",
    load: async () => (await import("./serve-command.ts")).serveCommand,
  },
  {
    name: "simulate",
    summary: "what Baton would decide about a webhook payload",
    load: async () => (await import("./simulate-command.ts")).simulateCommand,
  },
  {
    name: "replay",
    summary: "play a stored journal through the real loop again",
    load: async () => (await import("./replay-command.ts")).replayCommand,
  },
  {
    name: "maintenance",
    summary: "which nightly chores are due, and why",
    load: async () => (await import("./maintenance-command.ts")).maintenanceCommand,
  },
];
