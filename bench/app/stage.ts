import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compactWorkflow } from "../../src/cli/init-files.ts";
import type { App, Permissions, Repo } from "../../src/local/github/records.ts";
import { type EmbeddedGitHub, type GitHubOptions, startGitHub } from "../../src/local/github/start-github.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The workflow as the onboarding pull request shows it. */
export const stageWorkflow = compactWorkflow(readFileSync(`${root}.github/workflows/baton.yml`, "utf8"));
/** Webhook secret of the App on a stage. */
export const stageSecret = "a-secret-of-at-least-thirty-two-bytes!";

/** What `app.yml` asks for. */
export const appPermissions: Permissions = {
  actions: "write",
  checks: "write",
  contents: "write",
  issues: "write",
  metadata: "read",
  pull_requests: "write",
};

export interface StageOptions {
  policy?: string | null;
  workflow?: boolean;
  permissions?: Permissions;
  github?: GitHubOptions;
}

/** An embedded GitHub with `acme/shop`, three people and a registered App whose webhook points nowhere yet. */
export async function openStage(
  options: StageOptions = {},
): Promise<{ github: EmbeddedGitHub; repo: Repo; app: App; pointAt(url: string): void }> {
  const github = await startGitHub(options.github);
  const files: { [path: string]: string } = { "README.md": "# A\n", "package-lock.json": "{}" };
  if (options.workflow !== false) files[".github/workflows/baton.yml"] = stageWorkflow;
  if (options.policy !== null) files[".github/baton.yml"] = options.policy ?? "label: baton\n";
  const repo = await github.addRepo({
    fullName: "acme/shop",
    files,
    roles: { wendy: "write", tom: "triage", rita: "read" },
    labels: ["baton"],
  });
  // No runner is there to read the workflow's `run-name`.
  github.actions.nameRun = (run) => {
    const { issue, pull_request } = run.event_payload as {
      issue?: { number: number; pull_request?: unknown };
      pull_request?: { number: number };
    };
    if (pull_request || issue?.pull_request) return `pr-${(pull_request ?? issue)?.number}`;
    if (issue) return `issue-${issue.number}`;
    if (!run.inputs.task) return undefined;
    const { session, trigger } = JSON.parse(run.inputs.task) as {
      session: string;
      trigger: { event_id: string; actor_id: number | null };
    };
    return `${session} [${trigger.event_id}] by ${trigger.actor_id ?? "nobody"}`;
  };
  const app = github.addApp({
    slug: "baton",
    permissions: options.permissions ?? appPermissions,
    events: [
      "issues",
      "issue_comment",
      "pull_request_review",
      "pull_request_review_comment",
      "pull_request",
      "workflow_run",
      "check_suite",
    ],
    webhook: { url: "http://127.0.0.1:1/", secret: stageSecret },
  });
  return {
    github,
    repo,
    app,
    pointAt: (url) => {
      if (app.webhook) app.webhook.url = url;
    },
  };
}
