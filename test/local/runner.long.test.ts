import { readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { WorkflowRun } from "../../src/local/github/actions.ts";
import type { EmbeddedGitHub } from "../../src/local/github/start-github.ts";
import { startGitHub } from "../../src/local/github/start-github.ts";
import { strayProcesses } from "../../src/local/runner/processes.ts";
import type { Runner, RunnerOptions } from "../../src/local/runner/start-runner.ts";
import { startRunner } from "../../src/local/runner/start-runner.ts";

const actionDir = join(import.meta.dirname, "../fixtures/tiny-action");
const secret = "canary-5f2c9b";
const trigger =
  "on: { workflow_dispatch: { inputs: { mode: { type: string, default: gate }, flag: { type: boolean, default: false } } } }";

const threeJobs = (
  run: string,
  close = "always() && needs.gate.outputs.go == 'true' && needs.run.result != 'success'",
) => `
name: three
run-name: "Three \${{ inputs.mode }} \${{ inputs.flag && 'yes' || 'no' }}"
${trigger}
permissions: {}
jobs:
  gate:
    runs-on: ubuntu-latest
    permissions: { contents: read, issues: write }
    outputs:
      session: \${{ steps.gate.outputs.session }}
      go: \${{ steps.gate.outputs.go }}
      leak: \${{ steps.gate.outputs.leak }}
    steps:
      - id: gate
        uses: acme/baton@v1
        with: { mode: gate, secret: "\${{ secrets.SECRET }}" }
  run:
    needs: gate
    if: needs.gate.outputs.go == 'true'
    runs-on: ubuntu-latest
    permissions: { contents: write, pull-requests: write }
${run}
  close:
    needs: [gate, run]
    if: ${close}
    runs-on: ubuntu-latest
    steps:
      - run: echo "closed after \${{ needs.run.result }} leak=\${{ needs.gate.outputs.leak }}."
`;

let github: EmbeddedGitHub;
let workDir: string;
let runner: Runner;

beforeAll(async () => {
  github = await startGitHub();
});
afterAll(() => github.close());
afterEach(async () => {
  await runner.close();
  expect(await readdir(workDir).catch(() => "gone")).toBe("gone");
});

let count = 0;
async function world(workflow: string, options: Partial<RunnerOptions> = {}): Promise<string> {
  workDir = await mkdtemp(join(tmpdir(), "runner-"));
  count += 1;
  const fullName = `acme/app-${count}`;
  await github.addRepo({
    fullName,
    files: { "README.md": "hello\n", ".github/workflows/w.yml": workflow },
    roles: { mona: "admin" },
    secrets: { SECRET: secret },
  });
  runner = await startRunner({
    github,
    workDir,
    actionDir,
    ladder: { interruptMs: 300, terminateMs: 300 },
    ...options,
  });
  return fullName;
}

async function dispatch(fullName: string, inputs: Record<string, string> = {}): Promise<WorkflowRun> {
  const answer = await github.as("mona").request("POST", `/repos/${fullName}/actions/workflows/w.yml/dispatches`, {
    ref: "main",
    inputs,
    return_run_details: true,
  });
  const run = github.actions.run(answer.body.workflow_run_id);
  if (!run) throw new Error("the dispatch made no run");
  return run;
}

const results = (run: WorkflowRun) =>
  Object.fromEntries(run.jobs.map((job) => [job.key, job.conclusion ?? job.status]));
const logOf = (run: WorkflowRun, key: string) => run.jobs.find((job) => job.key === key)?.log ?? "";

/** The id that every process of the job `run` carries. */
function trackingIdOf(run: WorkflowRun): string {
  const id = /hanging (github_\S+)/.exec(logOf(run, "run"))?.[1];
  if (!id) throw new Error("the job did not say its tracking id");
  return id;
}

async function until(what: () => boolean): Promise<void> {
  for (let tries = 0; !what(); tries++) {
    if (tries > 1_000) throw new Error("waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe("a run of three jobs", () => {
  test("is carried out in order, with outputs, masks, tokens and post steps, and close is skipped", async () => {
    const repo = await world(
      threeJobs(
        '    steps:\n      - run: |\n          echo \'session ${{ needs.gate.outputs.session }}\'\n          echo "A=b" >> $GITHUB_ENV\n      - run: echo "$A in $(pwd)"\n        working-directory: .\n',
      ),
    );
    const run = await dispatch(repo, { mode: "gate", flag: "true" });
    expect(run.display_title).toBe("Three gate yes");
    await runner.idle();
    expect(results(run)).toEqual({ gate: "success", run: "success", close: "skipped" });
    expect(run.conclusion).toBe("success");
    const gate = run.jobs.find((job) => job.key === "gate");
    expect(gate?.log).toContain("secret is ***");
    expect(gate?.log).toContain("api says 200");
    expect(gate?.log).toContain("post of gate");
    expect(gate?.summary).toBe("# gate was here\n");
    expect(gate?.annotations).toContainEqual({
      level: "warning",
      message: "Skip output 'leak' since it may contain secret.",
    });
    expect(logOf(run, "run")).toMatch(/session none\nb in \S+\/_work\/app-\d+\/app-\d+/);
    expect(await readdir(join(workDir, "jobs"))).toEqual([]);
    expect(await readFile(join(workDir, "logs", `${run.id}-1`, "gate", "1_Run_acme_baton_v1.txt"), "utf8")).toContain(
      "secret is ***",
    );
  });

  test("that fails in run is closed, and says so", async () => {
    const repo = await world(
      threeJobs(
        "    steps:\n      - uses: ./\n        with: { mode: fail }\n      - run: echo never\n      - if: always()\n        run: echo always\n",
      ),
    );
    const run = await dispatch(repo);
    await runner.idle();
    expect(results(run)).toEqual({ gate: "success", run: "failure", close: "success" });
    expect(run.conclusion).toBe("failure");
    const job = run.jobs.find((one) => one.key === "run");
    expect(job?.steps.map((step) => step.conclusion)).toEqual(["failure", "skipped", "success", "success"]);
    expect(job?.annotations).toContainEqual({ level: "failure", message: "it went wrong" });
    expect(logOf(run, "close")).toContain("closed after failure leak=.");
  });

  test("that is cancelled gets SIGINT, SIGTERM and the end, always() steps still run, and no child survives", async () => {
    const repo = await world(
      threeJobs(
        "    steps:\n      - uses: ./\n        with: { mode: hang }\n      - if: always()\n        run: cat $RUNNER_TEMP/signals.txt\n",
      ),
    );
    const run = await dispatch(repo);
    await until(() => logOf(run, "run").includes("hanging"));
    await github.as("mona").request("POST", `/repos/${repo}/actions/runs/${run.id}/cancel`);
    await runner.idle();
    expect(results(run)).toEqual({ gate: "success", run: "cancelled", close: "success" });
    expect(run.conclusion).toBe("cancelled");
    expect(logOf(run, "run")).toMatch(/got SIGINT[\s\S]*got SIGTERM[\s\S]*SIGINT\nSIGTERM/);
    expect(await strayProcesses(trackingIdOf(run))).toEqual([]);
  });

  test("whose machine vanishes runs no post step, is a failure, and is closed on a new one", async () => {
    const repo = await world(threeJobs("    steps:\n      - uses: ./\n        with: { mode: hang }\n"));
    runner.killNext({ job: "run", log: /^hanging/ });
    const run = await dispatch(repo);
    await runner.idle();
    expect(results(run)).toEqual({ gate: "success", run: "failure", close: "success" });
    expect(logOf(run, "run")).not.toContain("post of");
    expect(run.jobs.find((job) => job.key === "run")?.annotations[0]?.message).toContain("lost communication");
    expect(await strayProcesses(trackingIdOf(run))).toEqual([]);
  });

  test("that takes longer than its minutes is cancelled", async () => {
    const repo = await world(
      threeJobs(
        "    timeout-minutes: 2\n    env: { OBEY: SIGINT }\n    steps:\n      - uses: ./\n        with: { mode: hang }\n",
      ),
      { minuteMs: 1_000 },
    );
    const run = await dispatch(repo);
    await runner.idle();
    expect(results(run)).toEqual({ gate: "success", run: "cancelled", close: "success" });
    expect(
      run.jobs
        .find((job) => job.key === "run")
        ?.annotations.map((note) => note.message)
        .join(),
    ).toContain("exceeded the maximum execution time of 2m");
  });
});

describe("a run that hangs", () => {
  const hanging = (more: string) => `
${trigger}
${more}
jobs:
  run:
    runs-on: ubuntu-latest
    env: { TICK: "\${{ vars.TICK }}" }
    steps:
      - uses: ./
        with: { mode: hang }
      - if: always()
        run: echo cleaned up
`;
  const hang = async (more = "") => {
    const repo = await world(hanging(more));
    const tick = join(workDir, "tick");
    github.repo(repo).variables.TICK = tick;
    const run = await dispatch(repo);
    await until(() => logOf(run, "run").includes("hanging"));
    return { repo, run, ticks: async () => (await readFile(tick, "utf8").catch(() => "")).length };
  };

  test("stands still while it is paused and goes on after", async () => {
    const { run, ticks } = await hang();
    await runner.pauseRun(run.id);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const before = await ticks();
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await ticks()).toBe(before);
    await runner.resumeRun(run.id);
    await until(() => readFileSync(join(workDir, "tick")).length > before);
    expect(await runner.killRun(run.id)).toBe(true);
    await runner.idle();
    expect(results(run)).toEqual({ run: "failure" });
    expect(await runner.killRun(run.id)).toBe(false);
  });

  test("ends by force without another step", async () => {
    const { repo, run } = await hang();
    await github.as("mona").request("POST", `/repos/${repo}/actions/runs/${run.id}/force-cancel`);
    await runner.idle();
    expect(results(run)).toEqual({ run: "cancelled" });
    expect(logOf(run, "run")).not.toContain("cleaned up");
    expect(await strayProcesses(trackingIdOf(run))).toEqual([]);
  });

  test("holds the workflow's group: the next waits as pending and can be cancelled there", async () => {
    const { repo, run } = await hang("concurrency: { group: whole }");
    const second = await dispatch(repo);
    expect(second.status).toBe("pending");
    await github.as("mona").request("POST", `/repos/${repo}/actions/runs/${second.id}/cancel`);
    await until(() => second.status === "completed");
    expect([second.conclusion, second.jobs.length]).toEqual(["cancelled", 0]);
    await runner.killRun(run.id);
    await runner.idle();
  });

  test("dies with the runner, which leaves nothing", async () => {
    const { run } = await hang();
    await runner.close();
    expect(await strayProcesses(trackingIdOf(run))).toEqual([]);
    expect(run.conclusion).toBe("cancelled");
  });
});

describe("concurrency", () => {
  const grouped = (more: string) => `
${trigger}
jobs:
  run:
    runs-on: ubuntu-latest
    concurrency: { group: "one", ${more} }
    steps:
      - run: echo hanging; while [ ! -e ${"${{ vars.FLAG }}"} ]; do sleep 0.1; done
`;
  test("the third run replaces the second, which never ran, and runs after the first", async () => {
    const repo = await world(grouped("cancel-in-progress: false"));
    const flag = join(workDir, "flag");
    github.repo(repo).variables.FLAG = flag;
    const first = await dispatch(repo);
    await until(() => first.jobs[0]?.status === "in_progress");
    const second = await dispatch(repo);
    await until(() => second.jobs[0]?.status === "pending");
    const third = await dispatch(repo);
    await until(() => second.status === "completed");
    expect([second.conclusion, second.jobs[0]?.started_at && second.jobs[0].steps.length]).toEqual(["cancelled", 0]);
    await writeFile(flag, "");
    await runner.idle();
    expect([first.conclusion, third.conclusion]).toEqual(["success", "success"]);
  });

  test("with queue: max nobody is lost, with cancel-in-progress the running one is cancelled", async () => {
    const repo = await world(grouped("queue: max"));
    github.repo(repo).variables.FLAG = "/";
    const runs = [await dispatch(repo), await dispatch(repo), await dispatch(repo), await dispatch(repo)];
    await runner.idle();
    expect(runs.map((run) => run.conclusion)).toEqual(["success", "success", "success", "success"]);
    await runner.close();
    await rm(workDir, { recursive: true, force: true });

    const other = await world(grouped("cancel-in-progress: true"));
    github.repo(other).variables.FLAG = join(workDir, "flag");
    const first = await dispatch(other);
    await until(() => first.jobs[0]?.status === "in_progress");
    github.repo(other).variables.FLAG = "/";
    const second = await dispatch(other);
    await runner.idle();
    expect([first.conclusion, second.conclusion]).toEqual(["cancelled", "success"]);
  });
});

describe("steps", () => {
  test("checkout is a real clone without the token, upload-artifact keeps files, the environment is the runner's own", async () => {
    process.env.LEAK_FROM_HOST = "yes";
    const repo = await world(`
${trigger}
jobs:
  only:
    runs-on: ubuntu-latest
    permissions: { contents: read }
    steps:
      - uses: actions/checkout@v6
        with: { persist-credentials: false }
      - run: |
          git log --format=%s
          cat README.md
          ! grep -ri "basic\\|token" .git/config
      - uses: ./
        with: { mode: env }
      - uses: actions/upload-artifact@v5
        with: { name: "env-\${{ github.run_id }}", path: env.json }
      - uses: nobody/nothing@v1
        continue-on-error: true
`);
    const run = await dispatch(repo);
    await runner.idle();
    delete process.env.LEAK_FROM_HOST;
    expect(logOf(run, "only")).toContain("Initial commit\nhello");
    expect(logOf(run, "only")).toContain("Unable to resolve action `nobody/nothing@v1`");
    expect(run.conclusion).toBe("success");
    const seen = JSON.parse(
      await readFile(join(runner.artifactsDir, String(run.id), `env-${run.id}`, "env.json"), "utf8"),
    );
    expect(seen.leaked).toBeNull();
    expect(seen.names).toEqual(
      expect.arrayContaining([
        "GITHUB_EVENT_PATH",
        "GITHUB_API_URL",
        "GITHUB_SHA",
        "GITHUB_RUN_ATTEMPT",
        "RUNNER_TEMP",
        "ACTIONS_RUNTIME_TOKEN",
        "INPUT_MODE",
        "INPUT_GITHUB_TOKEN",
        "GITHUB_STATE",
      ]),
    );
  });

  test("a fleet that is held takes nothing; what is cancelled while it is queued never starts", async () => {
    const repo = await world(`${trigger}\njobs: { a: { runs-on: x, steps: [{ run: "true" }] } }\n`);
    runner.hold();
    const [first, second] = [await dispatch(repo), await dispatch(repo)];
    await runner.idle();
    expect([first.status, second.status]).toEqual(["queued", "queued"]);
    await github.as("mona").request("POST", `/repos/${repo}/actions/runs/${first.id}/cancel`);
    runner.release();
    await runner.idle();
    expect([first.conclusion, first.jobs.length, second.conclusion]).toEqual(["cancelled", 0, "success"]);
  });

  test("a workflow that nobody could carry out is a startup failure with its reason", async () => {
    const repo = await world(`${trigger}\njobs: { a: { needs: b, steps: [] } }\n`);
    const run = await dispatch(repo);
    await runner.idle();
    expect(run.conclusion).toBe("startup_failure");
    expect(run.jobs[0]?.annotations[0]?.message).toContain("job 'a' depends on unknown job 'b'");
  });

  test("a label starts the issues workflow with the real payload and a clock its schedule", async () => {
    const repo = await world(
      "on:\n  issues: { types: [labeled] }\n  schedule: [{ cron: '23 2 * * *' }]\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: echo \"${{ github.event_name }} ${{ github.event.issue.number }} ${{ github.event.label.name }} ${{ github.actor }} ${{ github.event.schedule }}\"\n",
    );
    const number = await github.as("mona").openIssue(repo, { title: "t" });
    await github.as("mona").label(repo, number, "bug");
    await github.settled();
    await github.actions.fireSchedule(repo);
    await github.settled();
    await runner.idle();
    const logs = github.actions.runs.filter((run) => run.repository === repo).map((run) => run.jobs[0]?.log);
    expect(logs).toEqual([`issues ${number} bug mona `, expect.stringMatching(/^schedule {3}\S+ 23 2 \* \* \*$/)]);
  });
});
