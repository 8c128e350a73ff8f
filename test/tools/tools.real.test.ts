import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Tool, ToolOutcome } from "../../src/domain/tool.ts";
import { evaluatorTools, initializerTools, workerTools } from "../../src/tools/role-tools.ts";
import { type Box, openBox, skipWalls } from "../sandbox/support.ts";

describe.skipIf(skipWalls)("the tools of a role", () => {
  let box: Box;
  let tools: Tool[];
  let calls = 0;
  const use = async (name: string, input: unknown): Promise<ToolOutcome> => {
    const tool = tools.find((candidate) => candidate.name === name)!;
    calls += 1;
    return tool.run(tool.schema.parse(input), {
      signal: new AbortController().signal,
      callName: `0001-${calls}`,
      remainingMs: 120_000,
    });
  };
  beforeAll(async () => {
    box = await openBox();
    tools = workerTools({
      sandbox: box.sandbox,
      protectedBy: (path) => (path.startsWith(".github/") ? ".github/**" : null),
    });
  });
  afterAll(async () => {
    await box[Symbol.asyncDispose]();
  });

  test("each role has its tools, sorted by name", () => {
    const names = (list: Tool[]): string[] => list.map(({ name }) => name);
    expect(names(tools)).toEqual(["bash", "blocked", "edit", "finish", "glob", "grep", "handoff", "read", "write"]);
    expect(names(initializerTools({ sandbox: box.sandbox }))).toEqual([
      "bash",
      "contract",
      "edit",
      "glob",
      "grep",
      "read",
      "write",
    ]);
    expect(names(evaluatorTools({ sandbox: box.sandbox }))).toEqual(["bash", "glob", "grep", "read", "verdict"]);
  });

  test("names, descriptions and schemas of the worker's tools are at most 1,300 tokens", () => {
    const text = JSON.stringify(
      tools.map(({ name, description, schema }) => {
        // the model needs no name of the schema's dialect
        const { $schema: _dialect, ...input_schema } = z.toJSONSchema(schema, { io: "input" });
        return { name, description, input_schema };
      }),
    );
    expect(Buffer.byteLength(text) / 3.5).toBeLessThanOrEqual(1_300);
  });

  test("a non-zero exit comes first and is no error of the tool", async () => {
    const outcome = await use("bash", { command: "echo out; exit 3" });
    expect(outcome).toMatchObject({ isError: false, exit: 3, timedOut: false });
    expect(outcome.content).toMatch(/^exit: 3, \d+\.\d s\nout$/);
    expect(outcome.output).toBeUndefined();
  });

  test("long output is cut to 4 kB with head, tail and where the rest is, which read and grep can open", async () => {
    const outcome = await use("bash", { command: 'for i in $(seq 1 40000); do echo "line number $i"; done; exit 1' });
    expect(outcome.content.length).toBeLessThan(4_400);
    expect(outcome.content).toMatch(/^exit: 1, /);
    expect(outcome.content).toContain("line number 1\n");
    expect(outcome.content).toContain("line number 40000");
    expect(outcome.content).toMatch(/\[truncated: \d+ of 40,000 lines shown\. Full: \/outputs\/0001-\d+\.log/);
    const { path, name, bytes } = outcome.output!;
    expect(readFileSync(join(box.outputsDir, name)).length).toBe(bytes);
    expect((await use("read", { path, start: 20_000, lines: 1 })).content).toContain("line number 20000");
    expect((await use("grep", { pattern: "number 31415$", path })).content).toContain("31415:line number 31415");
  });

  test("a timeout says so first", async () => {
    const outcome = await use("bash", { command: "echo started; sleep 60", timeout_s: 2 });
    expect(outcome).toMatchObject({ isError: true, timedOut: true, exit: null });
    expect(outcome.content).toMatch(
      /^exit: none, \d+\.\d s, timed_out: true; everything it started was killed\nstarted$/,
    );
  });

  test("a directory can be given, and one that is missing is told", async () => {
    mkdirSync(join(box.workDir, "sub"));
    expect((await use("bash", { command: "pwd", cwd: "sub" })).content).toContain("/workspace/sub");
    expect(await use("bash", { command: "pwd", cwd: "missing" })).toMatchObject({
      exit: 127,
      content: expect.stringContaining("missing: No such file or directory"),
    });
  });

  test("a protected path is refused with the rule that protects it", async () => {
    const outcome = await use("write", { path: ".github/workflows/ci.yml", content: "x" });
    expect(outcome).toMatchObject({ isError: true, content: expect.stringContaining("rule .github/**") });
    writeFileSync(join(box.workDir, "a.txt"), "a\n");
    await box.sandbox.adopt();
    expect(await use("edit", { path: "a.txt", old: "a", new: "b" })).toMatchObject({ isError: false });
  });

  test("finish, blocked and handoff are signals", async () => {
    expect((await use("finish", { summary: "s" })).signal).toEqual({ kind: "finish", summary: "s" });
    expect((await use("finish", { summary: "s", criteria: ["C1"] })).signal).toEqual({
      kind: "finish",
      summary: "s",
      criteria: ["C1"],
    });
    expect((await use("blocked", { questions: ["q"] })).signal).toEqual({ kind: "blocked", questions: ["q"] });
  });
});
