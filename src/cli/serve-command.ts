import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type ServeOptions, serveApp } from "../app/serve.ts";
import { ConfigError } from "../domain/errors.ts";
import type { CliCommand, Terminal } from "./command.ts";
import { actionReference, compactWorkflow, renderWorkflow, workflowFiles } from "./init-files.ts";
import { findPackageRoot } from "./package-root.ts";
import { plainText } from "./plain-text.ts";

const help = `baton serve: the GitHub App, which answers people and rings the doorbell of the workflow.

Usage: baton serve [--port N] [--host ADDRESS]

It decides and dispatches; it runs no model and no code of a repository. Everything it needs is in the environment:

  APP_ID                   id of the App
  PRIVATE_KEY              its private key (PEM), or PRIVATE_KEY_PATH with the path of one
  WEBHOOK_SECRET           its webhook secret, at least 32 bytes
  PORT, HOST               where to listen; default 3000 and 127.0.0.1 (a container wants 0.0.0.0)
  WEBHOOK_PATH             default /api/github/webhooks
  GITHUB_API_URL           REST base of another GitHub, such as https://ghe.example.com/api/v3
  BATON_ACTION             the action that the workflow of a new repository names; default ${actionReference}
  REDIS_URL                redis:// or rediss://, where copies tell each other of pauses that GitHub asks for

  --port N          instead of PORT
  --host ADDRESS    instead of HOST

GET /healthz answers 200. SIGTERM finishes what was received, then ends.

Examples:
  APP_ID=12345 PRIVATE_KEY_PATH=app.pem WEBHOOK_SECRET=… baton serve
  baton serve --host 0.0.0.0 --port 8080

Exit code: 0 after a signal; 2 when the configuration is wrong.`;

/** `baton serve`: listens until a signal comes. */
export const serveCommand: CliCommand = {
  name: "serve",
  help,
  options: { port: { type: "string" }, host: { type: "string" } },
  positionals: { min: 0, max: 0 },
  async run({ terminal, values }) {
    const options = await readServeOptions(terminal, values);
    await using server = await serveApp(options);
    terminal.err(`listening on ${server.url}\n`);
    await new Promise<void>((done) => {
      if (terminal.signal.aborted) done();
      terminal.signal.addEventListener("abort", () => done(), { once: true });
    });
    terminal.err("ending: what was received is finished first\n");
    return 0;
  },
};

async function readServeOptions(terminal: Terminal, values: Readonly<Record<string, unknown>>): Promise<ServeOptions> {
  const { env } = terminal;
  const missing = ["APP_ID", "WEBHOOK_SECRET"].filter((name) => !env[name]);
  if (!env.PRIVATE_KEY && !env.PRIVATE_KEY_PATH) missing.push("PRIVATE_KEY or PRIVATE_KEY_PATH");
  if (missing.length > 0) {
    throw new ConfigError(`These are not set: ${missing.join(", ")}.`, {
      hint: "They stand on the App's settings page; `baton serve --help` explains each.",
    });
  }
  const template = await readFile(join(findPackageRoot(), workflowFiles[0]), "utf8");
  return {
    appId: env.APP_ID ?? "",
    workflow: compactWorkflow(renderWorkflow(template, { uses: env.BATON_ACTION || actionReference })),
    privateKey: await readPrivateKey(terminal),
    webhookSecret: env.WEBHOOK_SECRET ?? "",
    port: readPort(String(values.port ?? env.PORT ?? "3000")),
    host: String(values.host ?? env.HOST ?? "127.0.0.1"),
    ...(env.GITHUB_API_URL ? { baseUrl: env.GITHUB_API_URL.replace(/\/+$/, "") } : {}),
    ...(env.WEBHOOK_PATH ? { webhookPath: env.WEBHOOK_PATH } : {}),
    ...(env.REDIS_URL ? { redisUrl: env.REDIS_URL } : {}),
    log: (fields, text) =>
      terminal.err(`${plainText(`${new Date().toISOString()} ${text} ${JSON.stringify(fields)}`)}\n`),
  };
}

async function readPrivateKey({ env, cwd }: Terminal): Promise<string> {
  const path = env.PRIVATE_KEY_PATH;
  const text =
    // Many hosts take no line feeds in a variable: `\n` stands for them.
    env.PRIVATE_KEY?.replaceAll("\\n", "\n") ??
    (await readFile(resolve(cwd, path ?? ""), "utf8").catch((cause: unknown) => {
      throw new ConfigError(`The private key ${path} cannot be read.`, {
        hint: "Set PRIVATE_KEY_PATH to the .pem file that GitHub gave you.",
        cause,
      });
    }));
  return text;
}

function readPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new ConfigError(`The port is ${JSON.stringify(text)}; allowed is a number from 0 to 65535.`, {
    hint: "Set PORT or give --port.",
  });
}
