import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type AppServer, serveApp } from "../../app/serve.ts";
import type { Script } from "../../local/model/script.ts";
import type { LogLine } from "../../local/runner/job-context.ts";
import { startWorld, type World } from "../../local/world.ts";
import { renderWorkflow, targetPathOf, workflowFiles } from "../init-files.ts";
import { libraryFiles } from "./library.ts";
import { playbookFiles } from "./night.ts";

/** The embedded world with the real App beside it, as a maintainer would have set both up. */
export interface Stage extends AsyncDisposable {
  world: World;
  app: AppServer;
}

export interface StageOptions {
  packageRoot: string;
  /** Null takes the real model, with `apiKey`. */
  script: Script | null;
  apiKey: string | null;
  /** Text of `.github/baton.yml`. */
  policy: string;
  onLine: (line: LogLine) => void;
}

/** Starts GitHub, runner, model and App on 127.0.0.1; all of them end with the stage. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const workflows = await readWorkflows(options.packageRoot);
  const world = await startWorld({
    script: options.script,
    ...(options.apiKey === null ? {} : { apiKey: options.apiKey }),
    files: { ...libraryFiles, ...playbookFiles, ".github/baton.yml": options.policy },
    workflows,
    actionDir: options.packageRoot,
    runner: { onLine: options.onLine },
  });
  try {
    const { appId, privateKey, webhookSecret } = world.appCredentials;
    const app = await serveApp({
      appId: String(appId),
      privateKey,
      webhookSecret,
      workflow: workflows["baton.yml"] ?? "",
      baseUrl: world.github.apiUrl,
      port: 0,
      sweepEveryMs: null,
      log: () => {},
    });
    world.webhookTarget(app.url);
    const close = async (): Promise<void> => {
      await app.close();
      await world.close();
    };
    return { world, app, [Symbol.asyncDispose]: close };
  } catch (error) {
    await world.close();
    throw error;
  }
}

/** The workflow files as `baton init` writes them, by file name. */
async function readWorkflows(packageRoot: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const path of workflowFiles) {
    const name = targetPathOf(path).slice(".github/workflows/".length);
    files[name] = renderWorkflow(await readFile(join(packageRoot, path), "utf8"), { uses: "acme/baton@v0" });
  }
  return files;
}
