import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { readWalls } from "../../src/sandbox/walls.ts";

const execute = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const dirs: string[] = [];

afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

interface Summary {
  ok: boolean;
  verdict: string | null;
  stop_reasons: (string | null)[];
  counts: { branches: number; pull_requests: number; status_comments: number };
  pull_request: { draft: boolean } | null;
  night: { draft: boolean } | null;
  costs: { total_usd_micro: number; night_usd_micro: number; bill_usd_micro: number };
  tree: { sha: string; verified: string; tests_green: boolean };
  commands: { command: string; kind: string }[];
  checks: { name: string; ok: boolean; found: string }[];
}

/** Plays `baton demo --json` as a person's shell would; the exit code and the object that it printed. */
async function play(...words: string[]): Promise<{ exit: number; summary: Summary; told: string }> {
  const out = mkdtempSync(join(tmpdir(), "baton-demo-test-"));
  dirs.push(out);
  const argv = [join(root, "src/cli/main.ts"), "demo", "--json", "--out", out, ...words];
  try {
    const { stdout, stderr } = await execute(process.execPath, argv, { maxBuffer: 1 << 26 });
    return { exit: 0, summary: JSON.parse(stdout) as Summary, told: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    if (!stdout) throw error;
    return { exit: code, summary: JSON.parse(stdout) as Summary, told: stderr };
  }
}

const wrong = ({ checks }: Summary): unknown[] => checks.filter(({ ok }) => !ok);

describe.skipIf(readWalls() === null)("the demo (needs bubblewrap)", () => {
  it("goes from a label over a refusal, a budget's end and /continue to a verified pull request, and through the night", async () => {
    const { exit, summary, told } = await play();
    expect(wrong(summary), told).toEqual([]);
    expect(exit).toBe(0);
    expect(summary).toMatchObject({
      ok: true,
      verdict: "pass",
      stop_reasons: ["max_budget", "done"],
      counts: { branches: 1, pull_requests: 1, status_comments: 1 },
      pull_request: { draft: false },
      night: { draft: false },
    });
    expect(summary.tree.sha).toBe(summary.tree.verified);
    expect(summary.commands.filter(({ kind }) => kind === "oracle").length).toBeGreaterThan(4);
    expect(told).toMatch(
      /verdict: fail, not verified: C2, C3[\s\S]*run ended: max_budget[\s\S]*\/continue[\s\S]*verdict: pass/,
    );
  }, 400_000);

  // The early refusal's counterpart, half a minute more: with BATON_FULL=1.
  if (process.env.BATON_FULL)
    it("never says verified when the oracle that would have refused is taken away", async () => {
      const { exit, summary, told } = await play("--break", "evaluator");
      expect(wrong(summary), told).toEqual([]);
      expect({ exit, verdict: summary.verdict, draft: summary.pull_request?.draft }).toEqual({
        exit: 0,
        verdict: "unverified",
        draft: true,
      });
    }, 400_000);
});

it("an unknown break is refused with those that are allowed", async () => {
  const argv = [join(root, "src/cli/main.ts"), "demo", "--break", "clock"];
  await expect(execute(process.execPath, argv)).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining("evaluator, state, budget, runner"),
  });
});
