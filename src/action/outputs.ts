import { join } from "node:path";
import * as core from "@actions/core";
import type { RunResult } from "../run/finish.ts";
import { leaveFiles } from "../run/leave-files.ts";
import { summarise } from "../run/summary.ts";
import type { Door } from "./door.ts";
import type { NightOutcome } from "./night.ts";

/** Leaves report, journal and trace for the artifact, sets the outputs, and writes the job summary. */
export async function showResult(result: RunResult, door: Door): Promise<void> {
  const files = await leaveFiles(result, join(door.tempDir, "baton-out"));
  const outputs = {
    ...summarise(result),
    report_file: files.report,
    execution_file: files.journal,
    trace_file: files.trace,
  };
  for (const [name, value] of Object.entries(outputs)) core.setOutput(name, String(value));
  await core.summary.addRaw(result.jobSummary, true).write();
}

/** The night's job summary; what could not be done is a warning on the job, and starts nothing in the jobs after it. */
export async function showNight(night: NightOutcome): Promise<void> {
  core.setOutput("go", "false");
  for (const problem of night.problems) core.warning(problem.slice(0, 2_000));
  await core.summary.addRaw(night.summary, true).write();
}
