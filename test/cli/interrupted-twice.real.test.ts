import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { startScriptedModel } from "../../src/local/model/start-scripted-model.ts";
import { findProgram } from "../../src/sandbox/host.ts";
import { finish, foldAccents, proposeContract, slugFiles, slugScript } from "../helpers/slug-story.ts";
import { createRepository } from "./repository.ts";

const cli = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

// Needs bubblewrap: the model's commands run nowhere else.
test.skipIf(findProgram("bwrap") === null)(
  "a second Ctrl-C amid the set-up ends the run at once and leaves no folder behind",
  { timeout: 120_000 },
  async () => {
    await using model = await startScriptedModel({ script: slugScript([foldAccents, finish()], proposeContract) });
    const repo = createRepository(slugFiles("setup: [sleep 60]\noracles: []\n"));
    const temporary = mkdtempSync(join(tmpdir(), "interrupted-"));
    try {
      chmodSync(temporary, 0o755);
      const env = { PATH: process.env.PATH, TMPDIR: temporary };
      const key = { ANTHROPIC_API_KEY: model.apiKey, ANTHROPIC_BASE_URL: model.url };
      const child = spawn(process.execPath, [cli, "run", "--task", "Fold accents", "--output", "stream-json"], {
        cwd: repo,
        env: { ...env, ...key },
        stdio: ["ignore", "pipe", "ignore"],
      });
      const ended = once(child, "exit");
      const isAmid = (): boolean => readdirSync(temporary).some((name) => name.startsWith("baton-setup-"));
      while (!isAmid()) await new Promise((resolve) => setTimeout(resolve, 20));
      for (let at = 0; at < 2; at += 1) {
        child.kill("SIGINT");
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      expect((await ended)[0]).toBe(130);
      expect(readdirSync(temporary)).toEqual([]);
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  },
);
