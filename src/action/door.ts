import { readFile } from "node:fs/promises";
import { ConfigError } from "../domain/errors.ts";
import type { RepositoryFacts } from "../triggers/reading.ts";
import { type ActionInputs, readInputs, secretInputs } from "./inputs.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** What the runner says about the job, read once; credentials are taken out of the environment on the way. */
export interface Door {
  inputs: ActionInputs;
  event: { name: string; payload: unknown };
  repository: RepositoryFacts;
  /** `owner/repo/.github/workflows/x.yml@ref` of the workflow that this job belongs to. */
  workflowRef: string;
  run: { id: string; attempt: number; url: string };
  actor: { login: string; id: number | null };
  serverUrl: string;
  apiUrl: string;
  /** Folder that the runner empties after the job. */
  tempDir: string;
  /** Base URL of the Messages API from the environment, below the input. */
  anthropicBaseUrl: string | null;
  /** What is left of the environment: no input, no token. */
  env: Env;
}

const runtimeSecrets = [/^INPUT_/, /^ACTIONS_/, /TOKEN$/, /_KEY$/, /SECRET/];

/** Reads inputs and event, and forgets every credential that the environment held. Throws ConfigError. */
export async function readDoor(
  getInput: (name: string) => string,
  environment: NodeJS.ProcessEnv,
  setSecret: (value: string) => void,
): Promise<Door> {
  const inputs = readInputs(getInput);
  for (const name of secretInputs) {
    const value = inputs[name];
    if (value) setSecret(value);
  }
  const need = (name: string): string => {
    const value = environment[name];
    if (value) return value;
    throw new ConfigError(`The environment variable ${name} is missing.`, {
      hint: "Run this as a step of GitHub Actions, or use `baton run` elsewhere.",
    });
  };
  const payload = await readEvent(environment.GITHUB_EVENT_PATH);
  const serverUrl = need("GITHUB_SERVER_URL").replace(/\/+$/, "");
  const repository = readRepository(need("GITHUB_REPOSITORY"), payload);
  const id = need("GITHUB_RUN_ID");
  const door: Door = {
    inputs,
    event: { name: need("GITHUB_EVENT_NAME"), payload },
    repository,
    workflowRef: environment.GITHUB_WORKFLOW_REF ?? "",
    run: {
      id,
      attempt: Number(environment.GITHUB_RUN_ATTEMPT ?? "1") || 1,
      url: `${serverUrl}/${repository.owner}/${repository.repo}/actions/runs/${id}`,
    },
    actor: { login: environment.GITHUB_ACTOR ?? "", id: Number(environment.GITHUB_ACTOR_ID) || null },
    serverUrl,
    apiUrl: need("GITHUB_API_URL").replace(/\/+$/, ""),
    tempDir: need("RUNNER_TEMP"),
    anthropicBaseUrl: inputs.anthropic_base_url ?? (environment.ANTHROPIC_BASE_URL || null),
    env: {},
  };
  for (const name of Object.keys(environment)) {
    if (runtimeSecrets.some((pattern) => pattern.test(name))) delete environment[name];
  }
  return { ...door, env: { ...environment } };
}

async function readEvent(path: string | undefined): Promise<unknown> {
  if (!path) return {};
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new ConfigError(`The event file ${path} is not JSON.`, {
      hint: "Start the workflow again; the runner writes this file.",
      cause,
    });
  }
}

function readRepository(fullName: string, payload: unknown): RepositoryFacts {
  const [owner = "", repo = ""] = fullName.split("/");
  const found = (payload as { repository?: { id?: unknown; default_branch?: unknown } } | null)?.repository;
  return {
    owner,
    repo,
    id: typeof found?.id === "number" ? found.id : 0,
    defaultBranch: typeof found?.default_branch === "string" ? found.default_branch : "",
  };
}
