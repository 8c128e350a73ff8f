import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type AppServer, serveApp } from "../../src/app/serve.ts";
import { renderWorkflow } from "../../src/cli/init-files.ts";
import type { Script } from "../../src/local/model/script.ts";
import { startWorld, type World, type WorldOptions } from "../../src/local/world.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The workflow as `baton init` writes it, for the embedded world. */
export async function workflowText(name: "baton" | "nightly" = "baton"): Promise<string> {
  const template = await readFile(`${root}.github/workflows/${name}.yml`, "utf8");
  return renderWorkflow(template, { uses: "acme/baton@v0" });
}

export interface Journey extends AsyncDisposable {
  world: World;
  app: AppServer | null;
  lines: string[];
}

/** A world with the real workflows, the bundled action and, unless told otherwise, the real App beside it. */
export async function startJourney(options: {
  script: Script;
  files: Record<string, string>;
  withApp?: boolean;
  world?: Partial<WorldOptions>;
}): Promise<Journey> {
  const world = await startWorld({
    script: options.script,
    files: options.files,
    workflows: { "baton.yml": await workflowText("baton"), "nightly.yml": await workflowText("nightly") },
    actionDir: root,
    ...options.world,
  });
  const lines: string[] = [];
  let app: AppServer | null = null;
  if (options.withApp !== false) {
    const { appId, privateKey, webhookSecret } = world.appCredentials;
    app = await serveApp({
      workflow: await workflowText("baton"),
      appId: String(appId),
      privateKey,
      webhookSecret,
      baseUrl: world.github.apiUrl,
      port: 0,
      sweepEveryMs: null,
      log: (fields, text) => lines.push(`${text} ${JSON.stringify(fields)}`),
    });
    world.webhookTarget(app.url);
  }
  return {
    world,
    app,
    lines,
    async [Symbol.asyncDispose]() {
      await app?.close();
      await world.close();
    },
  };
}
