import type { JobPatch } from "../github/actions.ts";
import type { JobContext } from "./job-context.ts";

/** What REST shows of a job so far. */
export function showJob(job: JobContext): JobPatch {
  return {
    steps: structuredClone(job.shown),
    log: job.log.join("\n"),
    summary: job.summary,
    annotations: [...job.annotations],
  };
}
