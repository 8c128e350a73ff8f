import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { falsify } from "../../src/evaluator/falsify.ts";
import { hideTest } from "../../src/evaluator/hide-test.ts";
import { sabotage } from "../../src/evaluator/sabotage.ts";

const runnerFile =
  'import assert from "node:assert/strict";\nimport { test } from "node:test";\ntest("a", () => {\n  assert.equal(1, 1);\n});\n';

function exitOf(name: string, text: string, program = process.execPath, args: string[] = []): number | null {
  const dir = mkdtempSync(join(tmpdir(), "sabotage-"));
  try {
    writeFileSync(join(dir, name), text);
    return spawnSync(program, [...args, name], { cwd: dir }).status;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const noPython = (() => {
  try {
    return execFileSync("python3", ["-c", "import unittest"]).length > 0;
  } catch {
    return true;
  }
})();

describe("a test that must fail", () => {
  test.each([
    ["a.test.mjs", runnerFile],
    ["a.test.cjs", 'const { it } = require("node:test");\nit("a", () => {});\n'],
    ["check.mjs", 'import assert from "node:assert";\nassert.ok(true);\n'],
    ["late.mjs", 'import { it } from "node:test";\nawait it("a", async () => {});\n'],
  ])("makes %s fail, which passes without it", (name, text) => {
    expect(exitOf(name, text)).toBe(0);
    expect(exitOf(name, sabotage(name, text, "bword")!)).toBe(1);
  });

  test.each([
    ["replaces an assertion", 'import strict from "node:assert/strict";\nstrict["eq" + "ual"] = () => {};\n'],
    ["ends the process early", 'setTimeout(() => process["reallyEx" + "it"](0));\n'],
    ["mends the exit code", 'process.once("ex" + "it", () => { process["exit" + "Code"] = 0; });\n'],
  ])("passes where the code under test %s", (_name, cheat) => {
    const slow = runnerFile.replace("() => {", "async () => {\n  await new Promise((go) => setTimeout(go, 50));");
    expect(exitOf("a.test.mjs", cheat + sabotage("a.test.mjs", slow, "bword")!)).toBe(0);
  });

  test.skipIf(noPython)("makes a Python file fail, also one that starts its tests itself", () => {
    const text =
      'import unittest\nclass A(unittest.TestCase):\n    def test_a(self):\n        self.assertEqual(1, 1)\n\nif __name__ == "__main__":\n    unittest.main()\n';
    expect(exitOf("test_a.py", text, "python3")).toBe(0);
    expect(exitOf("test_a.py", sabotage("test_a.py", text, "bword")!, "python3")).toBe(1);
    expect(exitOf("check.py", sabotage("check.py", "assert 1 == 1\n", "bword")!, "python3")).toBe(1);
    const byHand = "def test_a():\n    assert 1 == 1\n\n";
    for (const end of [
      "test_a()\n",
      "if __name__ == '__main__':\n    test_a()\n",
      "[f() for n, f in list(globals().items()) if n[:4] == 'test']\n",
    ]) {
      expect(exitOf("test_a.py", byHand + end, "python3")).toBe(0);
      expect(exitOf("test_a.py", sabotage("test_a.py", byHand + end, "bword")!, "python3")).toBe(1);
    }
  });

  test.skipIf(noPython)("that expects what cannot be fails, but for code that is equal to everything", () => {
    const check = 'def test_it():\n    assert count("a  b") == 2  # words\n    assert count("") == 0\n\ntest_it()\n';
    const honest = "def count(text):\n    return len(text.split())\n";
    const equal =
      'Any = type("Any", (int,), {"__" + "eq" + "__": lambda one, other: True})\ndef count(text):\n    return Any()\n';
    const wrong = falsify("t.py", check, "bword", false)!;
    expect(exitOf("t.py", honest + wrong, "python3")).toBe(1);
    expect(exitOf("t.py", equal + wrong, "python3")).toBe(0);
    expect(exitOf("t.py", equal + falsify("t.py", check, "bword", true)!, "python3")).toBe(1);
    expect(falsify("t.py", "self.assertEqual(count('a'), 1)\n", "bword", false)).toBe(
      "self.assertEqual(count('a'), \"bword\")\n",
    );
    expect(falsify("t.py", "assert count('a')\n", "bword", false)).toBeNull();
    expect(falsify("a.test.js", runnerFile, "bword", false)).toBeNull();
  });

  test("stands before what a suite that is started by hand runs", () => {
    const text = 'import { test } from "uvu";\ntest("a", () => {});\ntest.run();\n';
    expect(sabotage("a.js", text, "bword")).toContain("test.run();\n\n;(() => {");
  });

  test("is written for Rust too, beside tests in the sources", () => {
    const source = "pub fn a() {}\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn a() {}\n}\n";
    expect(sabotage("src/lib.rs", source, "bword")).toContain("#[cfg(test)]\nmod zz_bword {");
    expect(sabotage("src/lib.rs", "pub fn a() {}\n", "bword")).toBeNull();
  });

  test("is written for Go, and for nothing that is not known or ends itself", () => {
    expect(sabotage("a_test.go", "func TestA(t *testing.T) {\n}\n", "bword")).toContain("func TestZzbword(");
    expect(sabotage("a_test.rb", "test 'a' do\nend\n", "bword")).toBeNull();
    expect(sabotage("a.test.js", 'test("a", () => {});\nprocess.exit(failed ? 1 : 0);\n', "bword")).toBeNull();
  });
});

describe("a test that empties itself", () => {
  test("is the same test with one statement before it, behind what must come first", () => {
    expect(hideTest("test/a.test.js", runnerFile, "bword", false)).toEqual(
      new Map([
        ["test/a.test.js", `import "./bword.js";\n${runnerFile}`],
        [
          "test/bword.js",
          'import { writeFileSync } from "node:fs";\ntry { writeFileSync("/workspace/test/a.test.js", ""); } catch {}\n',
        ],
      ]),
    );
    const python = hideTest("t.py", '"""Doc."""\nfrom __future__ import annotations\nimport a\n', "bword", false)!;
    expect(python.get("t.py")).toMatch(/annotations\ntry:\n {4}open\("\/workspace\/t\.py", "w"\)/);
    expect(hideTest("a.cjs", "#!/usr/bin/env node\nrun();\n", "bword", false)!.get("a.cjs")).toBe(
      '#!/usr/bin/env node\ntry { require("node:fs").writeFileSync("/workspace/a.cjs", ""); } catch {}\nrun();\n',
    );
    expect(hideTest("a_test.go", "", "bword", false)).toBeNull();
  });

  test("stays where it is when only the statement is to be tried", () => {
    expect(hideTest("a.cjs", "run();\n", "bword", true)!.get("a.cjs")).toContain('"/workspace/bword"');
  });
});
