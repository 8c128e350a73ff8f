import { describe, expect, test } from "vitest";
import { readFileCommands } from "../../src/local/runner/file-commands.ts";
import { jobPermissions } from "../../src/local/runner/job-permissions.ts";
import { createLogReader } from "../../src/local/runner/log-commands.ts";
import { createMasks } from "../../src/local/runner/masks.ts";
import { readWorkflow } from "../../src/local/runner/read-workflow.ts";

describe("what steps write", () => {
  test("outputs are lines and blocks with a delimiter", () => {
    expect(readFileCommands("a=1\nb<<E\nx=1\ny<<z\nE\nc=a=b<<c\n")).toEqual([
      ["a", "1"],
      ["b", "x=1\ny<<z"],
      ["c", "a=b<<c"],
    ]);
    expect(() => readFileCommands("b<<E\nx")).toThrow("Matching delimiter not found 'E'");
    expect(() => readFileCommands("nothing")).toThrow("Invalid format 'nothing'");
  });

  test("masked values never show, not even by line, and commands stop where they are told to", () => {
    const reader = createLogReader(createMasks(["first-secret"]));
    const lines = [
      "a first-secret b",
      "::add-mask::second%0Athird",
      "second and third",
      "::error file=x.ts,line=1::bad first-secret",
      "::stop-commands::tok",
      "::error::not a command",
      "::tok::",
      "::warning::again",
      "::debug::quiet",
    ].map((line) => reader.line(line));
    expect(lines).toEqual([
      "a *** b",
      null,
      "*** and ***",
      "Error: bad ***",
      null,
      "::error::not a command",
      null,
      "Warning: again",
      null,
    ]);
    expect(reader.annotations).toEqual([
      { level: "failure", message: "bad ***" },
      { level: "warning", message: "again" },
    ]);
  });
});

describe("a job's token", () => {
  const workflow = readWorkflow(
    "permissions: {}\njobs: {a: {permissions: {contents: write, pull-requests: write, issues: none}, steps: []}, b: {steps: []}}",
  );
  const permissions = (job: number, untrusted: boolean) => jobPermissions({ workflow, untrusted }, workflow.jobs[job]!);
  test("has the job's rights, else the workflow's, and only reads for a fork", () => {
    expect(permissions(0, false)).toEqual({ metadata: "read", contents: "write", pull_requests: "write" });
    expect(permissions(0, true)).toEqual({ metadata: "read", contents: "read", pull_requests: "read" });
    expect(permissions(1, false)).toEqual({ metadata: "read" });
  });
});

describe("a workflow file that cannot be carried out is refused in words", () => {
  test.each([
    ["a: [", /Invalid workflow file/],
    ["on: push", /no jobs are defined/],
    ["jobs: {a: {needs: b, steps: []}}", /job 'a' depends on unknown job 'b'/],
    ["jobs: {a: {needs: b, steps: []}, b: {needs: a, steps: []}}", /wait for each other/],
    ["jobs: {a: {steps: [{name: x}]}}", /needs either uses or run/],
    ["jobs: {a: {strategy: {matrix: {}}, steps: []}}", /does not carry out jobs.a.strategy/],
  ])("%s", (text, words) => {
    expect(() => readWorkflow(text)).toThrow(words);
  });
});
