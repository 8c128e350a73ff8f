import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import type { Script } from "./script.ts";
import { startScriptedModel } from "./start-scripted-model.ts";

/**
 * `node serve.ts --script FILE.ts [--port 0] [--key KEY] [--latency MS]`: serves the script that FILE exports as
 * `script`, prints `{"url","api_key"}` on one line, and ends with SIGTERM, printing the bill.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      script: { type: "string" },
      port: { type: "string" },
      key: { type: "string" },
      latency: { type: "string" },
    },
  });
  if (!values.script) throw new Error("--script FILE.ts is needed");
  const loaded = (await import(pathToFileURL(values.script).href)) as { script?: Script };
  if (typeof loaded.script !== "function") throw new Error(`${values.script} does not export a function named script`);
  const model = await startScriptedModel({
    script: loaded.script,
    port: Number(values.port ?? 0),
    latencyMs: Number(values.latency ?? 0),
    ...(values.key ? { apiKeys: [values.key] } : {}),
  });
  process.stdout.write(`${JSON.stringify({ url: model.url, api_key: model.apiKey })}\n`);
  const end = async (): Promise<void> => {
    process.stdout.write(`${JSON.stringify({ bill: model.bill(), problems: model.problems() })}\n`);
    await model.close();
  };
  process.once("SIGTERM", () => void end());
  process.once("SIGINT", () => void end());
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
