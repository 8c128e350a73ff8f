import type { WorkflowRun } from "../github/actions.ts";
import type { Value } from "./evaluate-expression.ts";
import type { RunContext, RunnerSettings } from "./job-context.ts";
import { baseContexts } from "./job-context.ts";
import type { WorkflowSpec } from "./read-workflow.ts";
import { readWorkflow } from "./read-workflow.ts";
import { renderTemplate } from "./template.ts";

/** The inputs as expressions see them: booleans and numbers have their type. */
export function typedInputs(run: WorkflowRun, workflow: WorkflowSpec): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(run.inputs).map(([name, value]) => {
      const type = workflow.inputTypes[name];
      return [name, type === "boolean" ? value === "true" : type === "number" ? Number(value) : value];
    }),
  );
}

/** Evaluates `run-name:`; what it cannot see is null, what is wrong gives undefined. */
export function nameOfRun(settings: RunnerSettings, run: WorkflowRun, runName: string): string | undefined {
  try {
    const workflow = readWorkflow(run.workflow_text);
    // The host asks before it knows the run by its id: secrets are not seen here, and variables only when it does.
    const variables = settings.host.run(run.id) ? settings.host.variables(run.id) : {};
    const inputs = typedInputs(run, workflow);
    const context = { ...{ settings, run, workflow, variables, inputs }, secrets: {}, untrusted: false };
    return renderTemplate(runName, { contexts: baseContexts({ ...context, isCancelled: () => false }) }) || undefined;
  } catch {
    return undefined;
  }
}

/** What the jobs of a run share; throws WorkflowError for a file that cannot be carried out. */
export function openContext(settings: RunnerSettings, run: WorkflowRun, isCancelled: () => boolean): RunContext {
  const workflow = readWorkflow(run.workflow_text);
  const head = (run.event_payload as { pull_request?: { head?: { repo?: { full_name?: string } | null } } })
    .pull_request?.head;
  const untrusted =
    run.event.startsWith("pull_request") &&
    run.event !== "pull_request_target" &&
    head !== undefined &&
    head.repo?.full_name !== run.repository;
  return {
    ...{ settings, run, workflow, untrusted, isCancelled },
    secrets: untrusted ? {} : settings.host.secrets(run.id),
    variables: settings.host.variables(run.id),
    inputs: typedInputs(run, workflow),
  };
}
