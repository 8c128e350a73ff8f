import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeLocalWorld } from "../../src/cli/local-world.ts";
import type { Policy } from "../../src/domain/policy.ts";
import { factsFromTable } from "../../src/loop/models.ts";
import { readPolicy } from "../../src/policy/read-policy.ts";
import { requestOfTask } from "../../src/run/local-forge.ts";
import { runSession } from "../../src/run/run.ts";
import { readCheckpointMessage } from "../../src/session/checkpoint.ts";
import { createRepository, git } from "../cli/repository.ts";
import { skipWalls } from "../sandbox/support.ts";

const session = "task-0000000a";
const sessionRef = `refs/baton/${session}`;
const ledgerRef = `refs/baton-ledger/${new Date().toISOString().slice(0, 10)}`;

/** A run on a repository, whose model only counts what it is asked and refuses the key. */
async function play(policy: string, more: { root?: string; workingDirectory?: string } = {}) {
  const root = more.root ?? createRepository({ "a.txt": "a\n" });
  const dir = mkdtempSync(join(tmpdir(), "baton-claim-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  let asked = 0;
  let checkpoints = 0;
  const read: Policy = readPolicy(policy, ".github/baton.yml");
  const world = await makeLocalWorld({
    ...{ root, session, dir: join(dir, "run"), outDir: join(dir, "out"), policy: read, policySource: "a test" },
    ...{ models: read.models, request: requestOfTask("a task", "main"), inbox: [], secrets: [], env: process.env },
    ...{ started: new Date(), dryRun: false, allowDegradedWalls: true, signal: new AbortController().signal },
    limits: { turns: 10, usd_micro: 1_000_000, ms: 600_000 },
    model: {
      facts: async (model) => factsFromTable(model),
      ask: async () => {
        asked += 1;
        checkpoints = Number(git(root, "rev-list", "--count", sessionRef));
        const failure = {
          class: "auth" as const,
          error: "no such key",
          status: 401,
          retryable: false,
          retryAfterMs: null,
        };
        return { kind: "failed", ...failure, partialUsage: null, partialBytes: 0, billed: "no" };
      },
    },
    say: () => {},
    onEvent: () => {},
  });
  const result = await runSession({ ...world, workingDirectory: more.workingDirectory ?? "" });
  const claim = git(root, "rev-list", "--max-parents=0", sessionRef);
  const allowance = readCheckpointMessage(git(root, "log", "-1", "--format=%B", claim))!.allowanceUsdMicro;
  return { root, result, asked, checkpoints, allowance };
}

describe.skipIf(skipWalls)("the claim of a session", () => {
  it("carries the day's entry and the allowance of the first request, which is sent without another push", async () => {
    const { root, result, asked, checkpoints, allowance } = await play("setup: []\n");
    expect([result.stop, asked, checkpoints]).toEqual(["config_error", 1, 1]);
    expect(allowance).toBeGreaterThan(0);
    const entries = git(root, "show", `${ledgerRef}:ledger.jsonl`).split("\n");
    expect(entries.map((line) => JSON.parse(line))).toMatchObject([
      { kind: "reserved", usd_micro: 1_000_000 },
      { kind: "returned", usd_micro: 1_000_000 },
    ]);
  });

  it("leaves the allowance to a time after the set-up where there is one, so that a death in it costs nothing", async () => {
    const { asked, allowance } = await play('setup: ["true"]\n');
    expect([asked, allowance]).toEqual([1, 0]);
  });

  it("is made, and the mistake told, where the folder that commands start in is not there", async () => {
    const { result, asked } = await play("{}\n", { workingDirectory: "nowhere" });
    expect(result).toMatchObject({ stop: "config_error", text: expect.stringContaining("no folder of the base") });
    expect(asked).toBe(0);
  });

  it.each([
    [
      "the day has nothing left",
      { v: 1, kind: "reserved", id: "x", session: "x", run: "1/1", person: "p", usd_micro: 1_000_000 },
      "max_budget",
    ],
    ["the day's ledger holds what is not Baton's", {}, "api_error"],
  ])("is made, and the model not asked, where %s", async (_what, entry, stop) => {
    const root = createRepository({ "a.txt": "a\n" });
    const ledger = createRepository({ "ledger.jsonl": `${JSON.stringify(entry)}\n` });
    git(root, "fetch", "-q", ledger, `main:${ledgerRef}`);
    const { result, asked, allowance } = await play("setup: []\nlimits: { day: { usd: 1 } }\n", { root });
    expect([result.stop, asked, allowance]).toEqual([stop, 0, 0]);
  });
});
