import { readFileSync } from "node:fs";
import { type AppServer, serveApp } from "../../src/app/serve.ts";
import { readRunName } from "../../src/github/run-name.ts";
import { type EmbeddedGitHub, startGitHub } from "../../src/local/github/start-github.ts";

const secret = "a-secret-of-at-least-thirty-two-bytes!";

/** The embedded GitHub with a repository, three people and the App installed on it. */
export interface AppWorld extends AsyncDisposable {
  github: EmbeddedGitHub;
  server: AppServer;
  repo: Awaited<ReturnType<EmbeddedGitHub["addRepo"]>>;
  lines: { [name: string]: unknown }[];
  /** Everything delivered, handled and answered. */
  settled(): Promise<void>;
  dispatches(): string[];
  comments(number: number): Promise<{ body: string; user: { login: string } }[]>;
  restart(): Promise<void>;
}

export async function startAppWorld(options: { policy?: string | null; workflow?: boolean } = {}): Promise<AppWorld> {
  const github = await startGitHub();
  const files: { [path: string]: string } = { "README.md": "# A\n", "package-lock.json": "{}" };
  if (options.workflow !== false)
    files[".github/workflows/baton.yml"] = readFileSync(".github/workflows/baton.yml", "utf8");
  if (options.policy !== null) files[".github/baton.yml"] = options.policy ?? "label: baton\n";
  const repo = await github.addRepo({
    fullName: "acme/shop",
    files,
    roles: { wendy: "write", tom: "triage", rita: "read" },
    labels: ["baton"],
  });
  github.actions.nameRun = (run) => {
    const task = run.inputs.task;
    if (!task) return undefined;
    const { session, trigger } = JSON.parse(task) as {
      session: string;
      trigger: { event_id: string; actor_id: number | null };
    };
    return `${session} [${trigger.event_id}] by ${trigger.actor_id ?? "nobody"}`;
  };
  const permissions = {
    actions: "write",
    checks: "write",
    contents: "write",
    issues: "write",
    metadata: "read",
    pull_requests: "write",
  } as const;
  const app = github.addApp({
    slug: "baton",
    permissions,
    events: [
      "issues",
      "issue_comment",
      "pull_request_review",
      "pull_request_review_comment",
      "pull_request",
      "workflow_run",
      "check_suite",
    ],
    webhook: { url: "http://127.0.0.1:1/", secret },
  });
  const lines: { [name: string]: unknown }[] = [];
  const start = () =>
    serveApp({
      appId: String(app.id),
      privateKey: app.privateKey ?? "",
      webhookSecret: secret,
      baseUrl: github.apiUrl,
      port: 0,
      sweepEveryMs: null,
      log: (fields, text) => void lines.push({ ...fields, text }),
    });
  const world: AppWorld = {
    github,
    server: await start(),
    repo,
    lines,
    settled: async () => {
      for (let round = 0; round < 3; round++) {
        await github.settled();
        await world.server.idle();
      }
    },
    dispatches: () =>
      github.actions.runs
        .filter((run) => run.event === "workflow_dispatch")
        .map((run) => readRunName(run.display_title)?.eventId ?? run.display_title),
    comments: async (number) =>
      (await github.as("wendy").request("GET", `/repos/acme/shop/issues/${number}/comments?per_page=100`)).body,
    restart: async () => {
      await world.server.close();
      world.server = await start();
      point();
    },
    [Symbol.asyncDispose]: async () => {
      await world.server.close();
      await github.close();
    },
  };
  const point = () => {
    if (app.webhook) app.webhook.url = world.server.url;
  };
  point();
  github.install(app, "acme", { repositories: [repo] });
  await world.settled();
  return world;
}
