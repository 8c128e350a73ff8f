#!/usr/bin/env node
// Starts the command line: from the sources in a clone, from dist/ in an installed package; on Node 24 or newer in both cases.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("..", import.meta.url);
const source = new URL("src/cli/main.ts", root);
// Node strips types nowhere inside node_modules, so an installed package always uses its bundle.
const entry = existsSync(source) && !root.pathname.includes("/node_modules/") ? source : new URL("dist/cli.mjs", root);
const bundled = new URL("node_modules/node/bin/node", root);
const node =
  Number(process.versions.node.split(".")[0]) >= 24
    ? process.execPath
    : existsSync(bundled)
      ? fileURLToPath(bundled)
      : null;

if (node === null) {
  console.error(
    `Baton needs Node 24 or newer; this is ${process.version}. Install Node 24, or run \`npm ci\` in the clone, which brings one.`,
  );
  process.exit(15);
}
const child = spawn(node, [fileURLToPath(entry), ...process.argv.slice(2)], { stdio: "inherit" });
// A terminal sends SIGINT to both; the others reach only this process.
process.on("SIGINT", () => {});
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (status, signal) => process.exit(status ?? (signal === "SIGINT" ? 130 : 143)));
