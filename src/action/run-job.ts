import { join } from "node:path";
import { Envelope } from "../domain/envelope.ts";
import { ConfigError } from "../domain/errors.ts";
import { toMicroUsd } from "../domain/limits.ts";
import type { Policy } from "../domain/policy.ts";
import { fetchPolicy } from "../intake/fetch-policy.ts";
import { type AppliedPlaybook, applyPlaybook } from "../maintenance/apply-playbook.ts";
import { lowerLimits } from "../policy/lower-limits.ts";
import { useCredentials } from "../run/credentials.ts";
import { describeEvent } from "../run/describe-event.ts";
import type { RunResult } from "../run/finish.ts";
import { createGitHubForge } from "../run/github-forge.ts";
import { readyHost } from "../run/ready-host.ts";
import { readRegistries } from "../run/registries.ts";
import { runSession } from "../run/run.ts";
import { normaliseFolder } from "../run/start-in.ts";
import { readTaskText } from "../run/task-text.ts";
import { version } from "../run/version.ts";
import type { Door } from "./door.ts";
import { fetchOwnPlaybook } from "./fetch-playbooks.ts";
import type { Identity } from "./identity.ts";

/** Why CI may not have run, where the job's own token pushes (docs: triggering a workflow from a workflow; github_token). */
const startsNoWorkflows =
  "Baton pushed with the job's own token, so your other workflows do not start on this branch, or wait for an approval. To have them run now, close and reopen this pull request; for good, give the workflow `app_id` and `app_private_key` of an App of your own.";

/** The step's log: lines, those of a context folded under its first. */
export interface JobLog {
  say(line: string): void;
  open(title: string): void;
  close(): void;
}

/** One run of a session on GitHub: reads policy and limits, and hands everything to `runSession` as one world. */
export async function runJob(
  door: Door,
  identity: Identity,
  envelope: Envelope,
  io: JobLog & { signal: AbortSignal },
): Promise<RunResult> {
  const { inputs, repository } = door;
  const apiKey = inputs.anthropic_api_key;
  if (!apiKey) {
    throw new ConfigError("The input `anthropic_api_key` is empty.", {
      hint: "Add the secret ANTHROPIC_API_KEY under Settings → Secrets and variables → Actions, then trigger again.",
    });
  }
  const terms = await loadTerms(door, identity, envelope);
  const { policy, said, playbook } = terms;
  const asked = {
    from: "The workflow",
    turns: inputs.max_turns,
    usdMicro: inputs.max_budget_usd === null ? null : toMicroUsd(inputs.max_budget_usd),
    ms: inputs.timeout_minutes === null ? null : Math.round(inputs.timeout_minutes * 60_000),
  };
  const lowered = lowerLimits(policy, playbook ? [asked, playbook.asked] : [asked]);
  if (lowered.kind === "exhausted")
    throw new ConfigError(`${lowered.reason}.`, { hint: "Ask for more, or raise the limit in the policy." });
  for (const note of lowered.notes) io.say(note);
  const prompt = await readPrompt(door, identity);
  if (!inputs.dry_run) await readyHost(door.env, io.say);
  return await runSession({
    envelope,
    run: { id: door.run.id, attempt: door.run.attempt },
    policy,
    policySource: said,
    limits: lowered.limits,
    branchPrefix: inputs.branch_prefix,
    workingDirectory: normaliseFolder(inputs.working_directory),
    models: {
      initializer: inputs.model ?? policy.models.initializer,
      worker: inputs.model ?? policy.models.worker,
      evaluator: inputs.evaluator_model ?? policy.models.evaluator,
    },
    remote: { url: `${door.serverUrl}/${repository.owner}/${repository.repo}.git`, token: () => identity.token() },
    forge: createGitHubForge({
      github: identity.github,
      repository,
      envelope,
      policy,
      own: identity,
      given: playbook
        ? { ...playbook.request, requester: { id: 0, login: "schedule" } }
        : prompt && { ...prompt, requester: { id: door.actor.id ?? 0, login: door.actor.login } },
      marks: playbook ?? undefined,
      label: inputs.label_trigger ?? policy.label,
      baseBranch: inputs.base_branch,
      runUrl: door.run.url,
      now: Date.now,
      say: io.say,
    }),
    ...useCredentials({
      apiKey,
      baseUrl: door.anthropicBaseUrl,
      others: [inputs.github_token, inputs.app_private_key],
    }),
    dir: join(door.tempDir, `baton-${door.run.id}-${door.run.attempt}`),
    allowDegradedWalls: inputs.sandbox === "degraded-ok",
    now: () => new Date(),
    registries: await readRegistries(door.env),
    hostEnv: door.env,
    mask: [door.tempDir, ...(door.env.GITHUB_WORKSPACE ? [door.env.GITHUB_WORKSPACE] : [])],
    signal: io.signal,
    dryRun: inputs.dry_run,
    onEvent: (event, state) => {
      const line = describeEvent(event, state);
      if (event.type === "context_closed") io.close();
      if (line !== null) (event.type === "context_opened" ? io.open : io.say)(line);
      if (inputs.show_full_output && event.type === "tool_finished") io.say(event.data.content);
    },
    batonVersion: version,
    notes: identity.startsWorkflows ? [] : [startsNoWorkflows],
    chore: playbook?.chore,
  });
}

/** Policy of the default branch, and for a chore the playbook that narrows it. */
async function loadTerms(
  door: Door,
  identity: Identity,
  envelope: Envelope,
): Promise<{ policy: Policy; said: string; playbook: AppliedPlaybook | null }> {
  const { policy, said } = await loadPolicy(door, identity);
  const playbook = await fetchOwnPlaybook(identity.github, door.repository, envelope.session, policy);
  if (!playbook) return { policy, said, playbook: null };
  const applied = applyPlaybook(playbook, policy);
  return { policy: applied.policy, said: `${said} The playbook is ${playbook.source}.`, playbook: applied };
}

/** The envelope that the gate handed on. Throws ConfigError with the field that is wrong. */
export function readEnvelope(task: string | null): Envelope {
  const hint = "Trigger again by the label or a command; the envelope is written by Baton itself.";
  if (!task) throw new ConfigError("The input `task` is empty: a run needs the envelope of the gate.", { hint });
  let value: unknown;
  try {
    value = JSON.parse(task);
  } catch (cause) {
    throw new ConfigError("The input `task` is not JSON.", { hint, cause });
  }
  const parsed = Envelope.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new ConfigError(
    `The input \`task\` is no envelope: ${issue?.path.map(String).join(".") || "the whole"}: ${issue?.message}.`,
    { hint },
  );
}

/** The policy of the default branch. A mistake in it ends the job before anything is started. */
async function loadPolicy(door: Door, identity: Identity): Promise<{ policy: Policy; said: string }> {
  const found = await fetchPolicy(
    identity.github,
    door.repository,
    door.repository.defaultBranch,
    door.inputs.config_file,
  );
  if (found.kind === "policy") return { policy: found.policy, said: found.said };
  throw new ConfigError(found.text, { hint: "Nothing was started." });
}

/** The words of a run without an issue. A file is read from the branch that the work starts from: the job has no checkout. */
async function readPrompt(door: Door, identity: Identity): Promise<{ title: string; body: string } | null> {
  const { prompt, prompt_file: path, base_branch: branch } = door.inputs;
  const text = prompt ?? (path === null ? "" : await fetchPromptFile(door, identity, path, branch));
  const body = readTaskText(text);
  return body === null ? null : { title: body.split("\n")[0]!.slice(0, 200), body };
}

async function fetchPromptFile(door: Door, identity: Identity, path: string, branch: string | null): Promise<string> {
  const ref = branch ?? door.repository.defaultBranch;
  const found = await identity.github.find<{ content?: string }>("/repos/{owner}/{repo}/contents/{+path}", {
    owner: door.repository.owner,
    repo: door.repository.repo,
    path,
    ref,
  });
  if (found?.content !== undefined) return Buffer.from(found.content, "base64").toString("utf8");
  throw new ConfigError(`The input \`prompt_file\` is ${JSON.stringify(path)}, which is no file of ${ref}.`, {
    hint: `Commit the file to ${ref}, or give its words as \`prompt\`.`,
  });
}
