import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSandbox, type Sandbox, type SandboxSpec } from "../../src/sandbox/sandbox.ts";
import { listWalls, type Walls } from "../../src/sandbox/walls.ts";

/** The walls that are tried here: the best of this host, or those named by BATON_TEST_WALLS (`unshare`). */
export const testWalls: Walls | undefined = listWalls().find(
  ({ kind }) => kind === (process.env.BATON_TEST_WALLS ?? kind),
);

/** Why the tests that need walls are skipped here, or false. */
export const skipWalls: string | false = testWalls ? false : "no walls can be made on this host";

export interface Box extends AsyncDisposable {
  dir: string;
  workDir: string;
  homeDir: string;
  outputsDir: string;
  sandbox: Sandbox;
  /** Runs a command and gives its whole output. */
  sh(command: string, timeoutMs?: number): Promise<string>;
}

/** A sandbox over fresh directories that are removed with it. */
export async function openBox(spec: Partial<SandboxSpec> = {}): Promise<Box> {
  const dir = mkdtempSync(join(tmpdir(), "baton-test-"));
  const [workDir, homeDir, outputsDir] = ["work", "home", "outputs"].map((name) => {
    mkdirSync(join(dir, name));
    return join(dir, name);
  }) as [string, string, string];
  const sandbox = await createSandbox({ walls: testWalls!, workDir, homeDir, outputsDir, network: null, ...spec });
  return {
    dir,
    workDir,
    homeDir,
    outputsDir,
    sandbox,
    async sh(command, timeoutMs = 60_000) {
      const result = await sandbox.exec(command, { timeoutMs });
      return result.whole ?? result.head + result.tail;
    },
    async [Symbol.asyncDispose]() {
      await sandbox.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
