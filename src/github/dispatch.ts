import { z } from "zod";
import type { Envelope } from "../domain/envelope.ts";
import type { RepositoryName } from "../domain/trigger.ts";
import type { GitHub } from "./client.ts";
import { ensureOnce, type IntentLog } from "./ensure-once.ts";
import { messageOf, statusOf } from "./outcome.ts";
import { readRunName } from "./run-name.ts";
import { listRuns } from "./runs.ts";

/** File of the workflow that a dispatch starts. */
export const workflowFile = "baton.yml";

export interface DispatchSpec {
  repository: RepositoryName;
  defaultBranch: string;
  envelope: Envelope;
  workflow?: string;
  log: IntentLog;
}

/** What came of the doorbell; `refused` says in plain words what a person can mend. */
export type DispatchOutcome =
  | { kind: "dispatched"; runId: string | null; runUrl: string | null; fresh: boolean }
  | { kind: "refused"; why: "no_workflow" | "no_permission" | "not_dispatchable" | "other"; text: string };

interface Rung {
  runId: string | null;
  runUrl: string | null;
}

const Details = z.object({ workflow_run_id: z.int(), html_url: z.string().nullish() });

/**
 * Starts a run for the envelope unless one of the same key exists: GitHub has no key for dispatches, so the run's name
 * carries it (row 27). An unknown outcome is looked up before anything is sent again.
 */
export async function dispatchRun(github: GitHub, spec: DispatchSpec): Promise<DispatchOutcome> {
  const workflow = spec.workflow ?? workflowFile;
  const eventId = spec.envelope.trigger.event_id;
  let fresh = false;
  try {
    const rung = await ensureOnce<Rung>(github, spec.log, {
      key: `dispatch:${eventId}`,
      op: "dispatch",
      args: spec.envelope,
      find: () => findRun(github, spec, workflow),
      act: async () => {
        const made = await ring(github, spec, workflow);
        fresh = true;
        return made;
      },
      idOf: (made) => made.runId ?? "unknown",
    });
    return { kind: "dispatched", ...rung, fresh };
  } catch (error) {
    return explain(error, workflow, spec.repository);
  }
}

/** Whether a run of this envelope's key exists; false also where there is no such workflow. */
export async function isDispatched(github: GitHub, spec: Omit<DispatchSpec, "log">): Promise<boolean> {
  try {
    return (await findRun(github, spec, spec.workflow ?? workflowFile)) !== null;
  } catch (error) {
    if (statusOf(error) === 404) return false;
    throw error;
  }
}

async function findRun(github: GitHub, spec: Omit<DispatchSpec, "log">, workflow: string): Promise<Rung | null> {
  const since = new Date(Date.parse(spec.envelope.trigger.at) - 60_000).toISOString().slice(0, 19);
  const runs = await listRuns(github, spec.repository, workflow, `${since}Z`);
  const found = runs.find((run) => {
    const name = readRunName(run.display_title);
    return name?.eventId === spec.envelope.trigger.event_id && name.session === spec.envelope.session;
  });
  return found ? { runId: String(found.id), runUrl: found.html_url } : null;
}

async function ring(github: GitHub, spec: DispatchSpec, workflow: string): Promise<Rung> {
  const route = "POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches";
  const request = {
    ...spec.repository,
    workflow_id: workflow,
    ref: spec.defaultBranch,
    inputs: { task: JSON.stringify(spec.envelope) },
  };
  try {
    const { data } = await github.write<unknown>(route, { ...request, return_run_details: true });
    const details = Details.safeParse(data);
    return details.success
      ? { runId: String(details.data.workflow_run_id), runUrl: details.data.html_url ?? null }
      : { runId: null, runUrl: null };
  } catch (error) {
    // A server older than February 2026 refuses the parameter (row 26): once more without, which had no effect before.
    const unknownParameter =
      (statusOf(error) === 422 || statusOf(error) === 400) && /return_run_details/i.test(messageOf(error));
    if (!unknownParameter) throw error;
    await github.write(route, request);
    return { runId: null, runUrl: null };
  }
}

function explain(error: unknown, workflow: string, repository: RepositoryName): DispatchOutcome {
  const status = statusOf(error);
  const message = messageOf(error);
  if (status === 404) {
    const url = `${repository.owner}/${repository.repo}`;
    return {
      kind: "refused",
      why: "no_workflow",
      text: `There is no \`.github/workflows/${workflow}\` on the default branch of ${url}; add it (see the onboarding pull request, or run \`baton init\`), then trigger again.`,
    };
  }
  if (status === 403) {
    return {
      kind: "refused",
      why: "no_permission",
      text: "Baton may not start workflows here: it needs the permission Actions: write. For the App, accept it under Settings → GitHub Apps; in the workflow, the job needs `actions: write`. Then trigger again.",
    };
  }
  if (status === 422 && /workflow_dispatch/i.test(message)) {
    return {
      kind: "refused",
      why: "not_dispatchable",
      text: `\`.github/workflows/${workflow}\` has no \`workflow_dispatch\` trigger with the input \`task\`; take the current template.`,
    };
  }
  if (status === 422)
    return { kind: "refused", why: "other", text: `GitHub refused to start the workflow: ${message}` };
  throw error;
}
