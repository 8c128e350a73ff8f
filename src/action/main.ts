import * as core from "@actions/core";
import { ConfigError, describeError } from "../domain/errors.ts";
import { stopReasons } from "../domain/stop-reason.ts";
import { closeRun } from "./close.ts";
import { type Door, readDoor } from "./door.ts";
import { explainMistake } from "./explain-mistake.ts";
import { runGate } from "./gate.ts";
import { type Identity, openIdentity } from "./identity.ts";
import { logLines } from "./log-lines.ts";
import { isNight, runNight } from "./night.ts";
import { showNight, showResult } from "./outputs.ts";
import { readEnvelope, runJob } from "./run-job.ts";

/** The action's door: which job this is, and one catch for whatever goes wrong. */
async function main(): Promise<void> {
  const door = await readDoor((name) => core.getInput(name), process.env, core.setSecret);
  const cancel = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => cancel.abort(new Error(`received ${signal}`)));
  // Writes must still go out after a cancel: the identity has no part in the abort.
  await using identity = await openIdentity(door, new AbortController().signal);
  await completeRepository(door, identity);
  try {
    await runMode(door, identity, cancel.signal);
  } catch (error) {
    if (error instanceof ConfigError)
      await explainMistake(door, identity, error).catch((second) => say(describeError(second)));
    throw error;
  }
}

async function runMode(door: Door, identity: Identity, signal: AbortSignal): Promise<void> {
  switch (door.inputs.mode) {
    case "gate": {
      if (isNight(door)) {
        await showNight(await runNight(door, identity, say));
        return;
      }
      const outcome = await runGate(door, identity, say);
      say(outcome.go ? `go: ${outcome.envelope.session} (${outcome.reason})` : `nothing to start: ${outcome.reason}`);
      core.setOutput("go", String(outcome.go));
      core.setOutput("session_id", outcome.go ? outcome.envelope.session : "");
      core.setOutput("envelope", outcome.go ? JSON.stringify(outcome.envelope) : "");
      return;
    }
    case "run": {
      // One hand-written step without a gate job: the run decides for itself, with the same code.
      const decided = door.inputs.task ? null : await runGate(door, identity, say);
      if (decided && !decided.go) {
        say(`nothing to start: ${decided.reason}`);
        core.setOutput("conclusion", stopReasons.skipped.conclusion);
        core.setOutput("stop_reason", "skipped");
        return;
      }
      const envelope = decided ? decided.envelope : readEnvelope(door.inputs.task);
      const result = await runJob(door, identity, envelope, {
        say,
        open: core.startGroup,
        close: core.endGroup,
        signal,
      });
      await showResult(result, door);
      if (result.unfinished.length > 0) {
        // A red job is what makes the job after it take the end up.
        core.error(
          `What was done could not be saved or shown to the end: ${result.unfinished.join(" ")}`.slice(0, 2_000),
        );
        process.exitCode = 1;
      }
      if (stopReasons[result.stop].conclusion === "failure") {
        core.error(`${stopReasons[result.stop].sentence} ${result.text}`.slice(0, 2_000));
        process.exitCode = stopReasons[result.stop].exitCode;
      }
      return;
    }
    case "close":
      say(await closeRun(door, identity, say));
  }
}

/** Events such as `schedule` do not name the default branch; GitHub does. */
async function completeRepository(door: Door, identity: Identity): Promise<void> {
  if (door.repository.defaultBranch !== "" && door.repository.id !== 0) return;
  const found = (
    await identity.github.get<{ id: number; default_branch: string }>("/repos/{owner}/{repo}", { ...door.repository })
  ).data;
  door.repository.id = found.id;
  door.repository.defaultBranch = found.default_branch;
}

/** Into the step's log; nothing that the model prints acts as a workflow command there. */
function say(text: string): void {
  for (const line of logLines(text)) core.info(line);
}

main()
  .catch((error: unknown) => {
    core.setFailed(describeError(error));
    process.exitCode = error instanceof ConfigError ? stopReasons.config_error.exitCode : 1;
  })
  // Everything is written and closed by now; a handle that something left open must not keep the job.
  .finally(() => process.exit());
