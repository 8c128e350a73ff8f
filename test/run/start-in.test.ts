import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ContractDraft } from "../../src/domain/contract.ts";
import { normaliseFolder, startDraftIn, startIn } from "../../src/run/start-in.ts";

const root = mkdtempSync(join(tmpdir(), "baton-start-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("the folder in which commands start", () => {
  it.each([
    [".", ""],
    ["./", ""],
    ["a", "a"],
    ["./a/b/", "a/b"],
    ["a//b/./c", "a/b/c"],
  ])("%s is %j", (given, folder) => {
    expect(normaliseFolder(given)).toBe(folder);
  });

  it.each(["a", "a b", "it's", "$(touch x)", "a;b", "-a", "ä/ö", "`x`", "a\\b"])(
    "is entered whatever its name: %s",
    (folder) => {
      const command = startIn(folder, "pwd || true").replace("/workspace", root);
      mkdirSync(join(root, folder), { recursive: true });
      expect(execFileSync("bash", ["-c", command], { encoding: "utf8", cwd: root }).trim()).toBe(join(root, folder));
    },
  );

  it("ends a command whose folder is gone, and does not run it elsewhere", () => {
    const command = startIn("gone", "echo ran || echo ran").replace("/workspace", root);
    expect(() => execFileSync("bash", ["-c", command], { stdio: "pipe" })).toThrow();
  });

  it("is part of every oracle that runs something, and of no path", () => {
    const oracles = [
      { type: "command", run: "make" },
      { type: "test", run: "node t.js", path: "a/t.js" },
      { type: "http", start: "node s.js", url: "http://localhost:80/", expect: {} },
      { type: "file", path: "a/x" },
    ];
    const draft = ContractDraft.parse({
      criteria: oracles.map((oracle, at) => ({ id: `C${at + 1}`, text: "abc", oracle })),
    });
    expect(startDraftIn("a", draft).criteria.map(({ oracle }) => oracle)).toMatchObject([
      { run: "cd /workspace/a || exit; make" },
      { run: "cd /workspace/a || exit; node t.js", path: "a/t.js" },
      { start: "cd /workspace/a || exit; node s.js" },
      { path: "a/x" },
    ]);
    expect(startDraftIn("", draft)).toBe(draft);
  });
});
