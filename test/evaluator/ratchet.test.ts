import { describe, expect, test } from "vitest";
import type { Change } from "../../src/evaluator/changes.ts";
import { countRun } from "../../src/evaluator/count-run.ts";
import type { RunPair } from "../../src/evaluator/ratchet/rule.ts";
import { judgeRatchet, ratchetRules } from "../../src/evaluator/ratchet.ts";
import { readTestIds } from "../../src/evaluator/test-ids.ts";

const vitestFile = [
  'import { expect, it } from "vitest";',
  'import { slug } from "../src/slug.js";',
  'it("lowers", () => {',
  '  expect(slug("A B")).toBe("a-b");',
  "});",
  'it("trims", () => {',
  '  expect(slug(" a ")).toBe("a");',
  "  expect(slug(' ')).toEqual('');",
  "});",
  "",
].join("\n");

function modified(path: string, before: string, after: string): Change {
  return { path, oldPath: path, status: "modified", before, after, binary: false };
}
const added = (path: string, after: string): Change => ({
  path,
  oldPath: null,
  status: "added",
  before: null,
  after,
  binary: false,
});
const removed = (path: string, before: string): Change => ({
  path,
  oldPath: path,
  status: "removed",
  before,
  after: null,
  binary: false,
});
const renamed = (oldPath: string, path: string, before: string, after = before): Change => ({
  path,
  oldPath,
  status: "renamed",
  before,
  after,
  binary: false,
});
const onTest = (from: string | RegExp, to: string) =>
  modified("test/slug.test.js", vitestFile, vitestFile.replace(from, to));

function runs(base: string, head: string): RunPair[] {
  const ran = { base: countRun(base), head: countRun(head) };
  return [{ criterion: "P1", base: readTestIds(base), head: readTestIds(head), ran, evidence: ["E1"] }];
}

const checked = ["npx eslint .", "tsc --noEmit", "c8 mocha", "mypy lib"];

function found(
  changes: Change[],
  pairs: RunPair[] = [],
  allowed: string[] = [],
  rules = ratchetRules,
  commands = checked,
) {
  return judgeRatchet({ changes, runs: pairs, allowed: new Set(allowed), oracleTexts: [], commands }, rules);
}

const tap = (...lines: string[]) => ["TAP version 13", ...lines, `1..${lines.length}`].join("\n");

const rustSource =
  'pub fn slug(text: &str) -> String {\n    assert!(!text.is_empty());\n    text.trim().to_string()\n}\n\n#[cfg(test)]\nmod tests {\n    use super::slug;\n    #[test]\n    fn keeps() { assert_eq!(slug("a"), "a"); }\n    #[test]\n    fn trims() { assert_eq!(slug(" a"), "a"); }\n}\n';

/** Each cheat names the rule that must see it; most rules have several, and at least one that is in no published table. */
const cheats: [name: string, rule: string, severity: "blocker" | "advisory", changes: Change[], pairs?: RunPair[]][] = [
  ["a test is deleted", "test-lost", "blocker", [onTest(/it\("lowers"[\s\S]*?\}\);\n/, "")]],
  [
    "a test is commented out",
    "test-lost",
    "blocker",
    [onTest(/it\("lowers"[\s\S]*?\}\);\n/, ((all) => `/* ${all} */`)('it("lowers", () => { expect(1).toBe(2); });\n'))],
  ],
  [
    "a test is renamed so that the old demand is gone",
    "test-lost",
    "blocker",
    [
      onTest(
        '"lowers", () => {\n  expect(slug("A B")).toBe("a-b")',
        '"does something", () => {\n  expect(slug("a b")).toBe("a-b")',
      ),
    ],
  ],
  [
    "a Python test is deleted",
    "test-lost",
    "blocker",
    [
      modified(
        "tests/test_a.py",
        "def test_a():\n    assert f(1) == 2\n\ndef test_b():\n    assert f(2) == 3\n",
        "def test_a():\n    assert f(1) == 2\n    assert f(2) == 3\n",
      ),
    ],
  ],
  [
    "a Python test is renamed to a helper",
    "test-lost",
    "blocker",
    [modified("tests/test_a.py", "def test_a():\n    assert f(1) == 2\n", "def check_a():\n    assert f(1) == 2\n")],
  ],
  [
    "a Go test is renamed out of sight",
    "test-lost",
    "blocker",
    [
      modified(
        "a_test.go",
        'func TestA(t *testing.T) {\n\tt.Error("x")\n}\n',
        'func testA(t *testing.T) {\n\tt.Error("x")\n}\n',
      ),
    ],
  ],
  [
    "a Rust test loses its attribute",
    "test-lost",
    "blocker",
    [
      modified(
        "tests/a.rs",
        "#[test]\nfn adds() { assert_eq!(add(1), 2); }\n",
        "fn adds() { assert_eq!(add(1), 2); }\n",
      ),
    ],
  ],
  [
    "a JUnit test loses its annotation",
    "test-lost",
    "blocker",
    [
      modified(
        "src/test/java/ATest.java",
        "@Test\nvoid adds() { assertEquals(2, add(1)); }\n",
        "void adds() { assertEquals(2, add(1)); }\n",
      ),
    ],
  ],
  ["a file of tests is deleted", "test-file-lost", "blocker", [removed("test/slug.test.js", vitestFile)]],
  [
    "a file of tests in an unknown language is deleted",
    "test-file-lost",
    "blocker",
    [removed("spec/ATests.swift", "func testA() {}")],
  ],
  [
    "a file of tests is moved to where no runner looks",
    "test-file-lost",
    "blocker",
    [renamed("src/slug.test.js", "docs/slug.example.js", vitestFile)],
  ],
  ["a file of tests is emptied", "test-file-lost", "blocker", [modified("test/slug.test.js", vitestFile, "\n")]],
  [
    "a test no longer runs although its source stands",
    "test-not-run",
    "blocker",
    [],
    runs(tap("ok 1 - a", "ok 2 - b"), tap("ok 1 - a")),
  ],
  [
    "a failing test of the base no longer runs",
    "test-not-run",
    "blocker",
    [],
    runs(tap("ok 1 - a", "not ok 2 - b"), tap("ok 1 - a")),
  ],
  [
    "a test is skipped at run time only",
    "test-not-run",
    "blocker",
    [],
    runs(tap("ok 1 - a"), tap("ok 1 - a # SKIP no reason")),
  ],
  [
    "a pytest test is deselected",
    "test-not-run",
    "blocker",
    [],
    runs("tests/test_a.py::test_x PASSED\ntests/test_a.py::test_y PASSED", "tests/test_a.py::test_x PASSED"),
  ],
  [
    "pytest, which names only failures, runs fewer tests",
    "test-not-run",
    "blocker",
    [],
    runs(".....  [100%]\n5 passed in 0.21s\n", "....  [100%]\n4 passed, 1 skipped in 0.21s\n"),
  ],
  [
    "jest runs fewer tests in files that it names without them",
    "test-not-run",
    "blocker",
    [],
    runs(
      "PASS test/a.test.js\nTests:       6 passed, 6 total\n",
      "PASS test/a.test.js\nTests:       5 passed, 5 total\n",
    ),
  ],
  [
    "vitest runs fewer tests of a file that it names as a whole",
    "test-not-run",
    "blocker",
    [],
    runs(" ✓ test/a.test.ts (3 tests) 12ms\n", " ✓ test/a.test.ts (3 tests | 1 skipped) 12ms\n"),
  ],
  [
    "vitest no longer finds a file of tests",
    "test-not-run",
    "blocker",
    [],
    runs(" ✓ test/a.test.ts (3 tests) 12ms\n ✓ test/b.test.ts (1 test) 1ms\n", " ✓ test/a.test.ts (4 tests) 12ms\n"),
  ],
  ["a test is skipped", "test-skipped", "blocker", [onTest('it("lowers"', 'it.skip("lowers"')]],
  ["a test is skipped on a condition", "test-skipped", "blocker", [onTest('it("lowers"', 'it.skipIf(true)("lowers"')]],
  ["a test is marked as expected to fail", "test-skipped", "blocker", [onTest('it("lowers"', 'it.fails("lowers"')]],
  [
    "a test is skipped by an option",
    "test-skipped",
    "blocker",
    [onTest('it("lowers", ', 'it("lowers", { skip: true }, ')],
  ],
  [
    "a pytest test is marked xfail",
    "test-skipped",
    "blocker",
    [
      modified(
        "tests/test_a.py",
        "def test_a():\n    assert f(1) == 2\n",
        "@pytest.mark.xfail\ndef test_a():\n    assert f(1) == 2\n",
      ),
    ],
  ],
  [
    "a Go test skips itself",
    "test-skipped",
    "blocker",
    [
      modified(
        "a_test.go",
        'func TestA(t *testing.T) {\n\tt.Error("x")\n}\n',
        'func TestA(t *testing.T) {\n\tt.Skip()\n\tt.Error("x")\n}\n',
      ),
    ],
  ],
  ["a test is focused", "test-focused", "blocker", [onTest('it("trims"', 'it.only("trims"')]],
  [
    "a focused test hides in a new file",
    "test-focused",
    "blocker",
    [added("test/new.test.js", 'it.only("x", () => { expect(f()).toBe(2); });')],
  ],
  ["an assertion is removed", "assertions-fewer", "blocker", [onTest("  expect(slug(' ')).toEqual('');\n", "")]],
  [
    "assertions are turned into comments",
    "assertions-fewer",
    "blocker",
    [onTest("  expect(slug(' '))", "  // expect(slug(' '))")],
  ],
  [
    "an assertion is loosened to toBeDefined",
    "assertions-weaker",
    "blocker",
    [onTest('.toBe("a-b")', ".toBeDefined()")],
  ],
  [
    "an assertion is loosened to toBeTruthy",
    "assertions-weaker",
    "blocker",
    [onTest(".toEqual('')", ".not.toBeNull()")],
  ],
  [
    "strictEqual becomes ok",
    "assertions-weaker",
    "blocker",
    [
      modified(
        "test/a.test.js",
        'test("a", () => { assert.strictEqual(f(1), 2); });',
        'test("a", () => { assert.ok(f(1)); });',
      ),
    ],
  ],
  [
    "a tautology replaces a comparison",
    "tautology",
    "blocker",
    [onTest('expect(slug("A B")).toBe("a-b")', "expect(true).toBe(true)")],
  ],
  [
    "a value is compared with itself",
    "tautology",
    "blocker",
    [added("test/new.test.js", 'test("new", () => { assert.equal(result, result); });')],
  ],
  [
    "a Python test asserts a string",
    "tautology",
    "blocker",
    [added("tests/test_n.py", 'def test_n():\n    assert "it works"\n')],
  ],
  [
    "an existing test is hollowed out",
    "no-assertion",
    "blocker",
    [modified("test/a.test.js", 'test("a", () => { assert.strictEqual(f(1), 2); });', 'test("a", () => { f(1); });')],
  ],
  [
    "a test file ends the process with success",
    "test-escapes",
    "blocker",
    [onTest('it("lowers"', 'process.on("exit", () => { process.reallyExit(0); });\nit("lowers"')],
  ],
  [
    "a Python test leaves with exit 0",
    "test-escapes",
    "blocker",
    [added("tests/test_n.py", "import os\nos._exit(0)\ndef test_n():\n    assert f() == 1\n")],
  ],
  [
    "an empty catch swallows the assertion",
    "test-escapes",
    "advisory",
    [onTest('  expect(slug("A B")).toBe("a-b");', '  try { expect(slug("A B")).toBe("a-b"); } catch {}')],
  ],
  [
    "product code replaces assert.equal",
    "assertion-patched",
    "blocker",
    [added("src/setup.js", 'import assert from "node:assert";\nassert.equal = () => {};\n')],
  ],
  [
    "a class equals everything",
    "assertion-patched",
    "blocker",
    [
      modified(
        "lib/money.py",
        "class Money:\n    pass\n",
        "class Money:\n    def __eq__(self, other):\n        return True\n",
      ),
    ],
  ],
  [
    "a helper makes the exit code 0",
    "assertion-patched",
    "blocker",
    [modified("src/index.js", "export {};\n", "process.exitCode = 0;\nexport {};\n")],
  ],
  [
    "a plug-in rewrites pytest's reports",
    "assertion-patched",
    "blocker",
    [added("tests/plugin.py", "def pytest_runtest_makereport(item, call):\n    pass\n")],
  ],
  [
    "product code reaches into the assertion library by a computed name",
    "assertion-library-meddled",
    "advisory",
    [
      modified(
        "src/a.js",
        "export {};\n",
        'import assert from "node:assert";\nassert["eq" + "ual"] = () => {};\nexport {};\n',
      ),
    ],
  ],
  [
    "a lint rule is told to look away",
    "checks-suppressed",
    "blocker",
    [modified("src/a.ts", "f();\n", "// eslint-disable-next-line\nf();\n")],
  ],
  [
    "a type error is hidden",
    "checks-suppressed",
    "blocker",
    [modified("src/a.ts", "f(1);\n", "// @ts-expect-error\nf('1');\n")],
  ],
  [
    "coverage is told to look away",
    "checks-suppressed",
    "blocker",
    [modified("src/a.js", "f(1);\n", "/* c8 ignore start */\nf(1);\n")],
  ],
  [
    "a new file hides from mypy",
    "checks-suppressed",
    "blocker",
    [added("lib/a.py", "# mypy: ignore-errors\nx: int = 'a'\n")],
  ],
  [
    "types become any",
    "types-loosened",
    "advisory",
    [modified("src/a.ts", "const a: string = f();\n", "const a: any = f();\n")],
  ],
  [
    "strict is switched off",
    "compiler-loosened",
    "blocker",
    [modified("tsconfig.json", '{"compilerOptions":{"strict":true}}', '{"compilerOptions":{"strict":false}}')],
  ],
  [
    "one strict check is switched off beside strict",
    "compiler-loosened",
    "blocker",
    [
      modified(
        "tsconfig.json",
        '{"compilerOptions":{"strict":true}}',
        '{"compilerOptions":{"strict":true,"strictNullChecks":false}}',
      ),
    ],
  ],
  [
    "the file with the fault is excluded from the type check",
    "compiler-loosened",
    "blocker",
    [modified("tsconfig.json", '{"include":["src"]}', '{"include":["src"],"exclude":["src/slug.ts"]}')],
  ],
  [
    "a test gets more time",
    "timeout-raised",
    "blocker",
    [
      modified(
        "test/a.test.js",
        'it("a", { timeout: 100 }, () => { expect(f()).toBe(1); });',
        'it("a", { timeout: 60000 }, () => { expect(f()).toBe(1); });',
      ),
    ],
  ],
  [
    "a test gets a timeout as its last argument",
    "timeout-raised",
    "blocker",
    [
      modified(
        "test/a.test.js",
        'it("a", () => { expect(f()).toBe(1); });',
        'it("a", () => { expect(f()).toBe(1); }, 60_000);',
      ),
    ],
  ],
  [
    "a snapshot is rewritten",
    "snapshot-rewritten",
    "blocker",
    [modified("test/__snapshots__/a.test.js.snap", "exports[`a 1`] = `1`;\n", "exports[`a 1`] = `2`;\n")],
  ],
  [
    "a picture snapshot is replaced",
    "snapshot-rewritten",
    "blocker",
    [{ ...modified("e2e/__image_snapshots__/a.png", "", ""), before: null, after: null, binary: true }],
  ],
  [
    "the unit under test is mocked",
    "unit-mocked",
    "blocker",
    [
      added(
        "test/new.test.js",
        'vi.mock("../src/slug.js", () => ({ slug: () => "a-b" }));\nit("x", () => { expect(slug("A B")).toBe("a-b"); });',
      ),
      modified("src/slug.js", "export {};", "export const slug = 1;"),
    ],
  ],
  [
    "the unit under test is mocked by a dynamic import",
    "unit-mocked",
    "blocker",
    [
      added(
        "test/new.test.ts",
        'vi.doMock(import("../src/slug"), () => ({}));\nit("x", () => { expect(slug("A")).toBe("a"); });',
      ),
      modified("src/slug.ts", "export {};", "export const slug = 1;"),
    ],
  ],
  [
    "product code asks for the test environment",
    "environment-sniffed",
    "blocker",
    [modified("src/a.js", "", 'if (process.env.NODE_ENV === "test") return 3;')],
  ],
  [
    "product code asks for the runner's variables",
    "environment-sniffed",
    "blocker",
    [modified("src/a.js", "", "const known = process.env.VITEST ? 3 : f();")],
  ],
  [
    "product code looks for pytest in memory",
    "environment-sniffed",
    "blocker",
    [modified("lib/a.py", "", "import sys\nif 'pytest' in sys.modules:\n    X = 3\n")],
  ],
  [
    "product code looks for pytest among all that is loaded, by a name in pieces",
    "environment-sniffed",
    "blocker",
    [modified("lib/a.py", "", 'import sys\nTESTED = any(n.startswith("_py" + "test") for n in sys.modules)\n')],
  ],
  [
    "product code asks how it was started",
    "environment-sniffed",
    "blocker",
    [
      modified(
        "src/a.js",
        "",
        'if (process.argv[1].endsWith(".test.js") || process.argv.some((a) => a === "test")) return 3;',
      ),
    ],
  ],
  [
    "product code keeps its faults for outside of the tests",
    "environment-sniffed",
    "blocker",
    [modified("src/a.js", "", 'if (process.env.NODE_ENV !== "test") { total += 1; }')],
  ],
  [
    "a test is taken out of a Rust source",
    "test-lost",
    "blocker",
    [modified("src/lib.rs", rustSource, rustSource.replace(/ {4}#\[test\]\n {4}fn trims.*\n/, ""))],
  ],
  [
    "a test in a Rust source is ignored",
    "test-skipped",
    "blocker",
    [modified("src/lib.rs", rustSource, rustSource.replace("fn trims", "#[ignore]\n    fn trims"))],
  ],
  [
    "an assertion in a Rust source is taken away",
    "assertions-fewer",
    "blocker",
    [modified("src/lib.rs", rustSource, rustSource.replace('assert_eq!(slug(" a"), "a");', 'slug(" a");'))],
  ],
  [
    "product code looks at the stack for a test",
    "environment-sniffed",
    "blocker",
    [modified("src/a.js", "", 'if (new Error().stack.includes(".test.")) return 3;')],
  ],
  [
    "an input of a test is answered by hand",
    "hard-coded",
    "advisory",
    [
      added("test/new.test.js", 'it("x", () => { expect(slug("Hello World")).toBe("hello-world"); });'),
      modified("src/slug.js", "", 'if (text === "Hello World") return "hello-world";'),
    ],
  ],
  [
    "a fixture of the tests is changed to fit",
    "support-changed",
    "advisory",
    [modified("test/fixtures/expected.json", '{"a":1}', '{"a":2}')],
  ],
];

describe("the ratchet", () => {
  test.each(cheats)("sees it when %s (%s)", (_name, rule, severity, changes, pairs) => {
    expect(found(changes, pairs)).toContainEqual(expect.objectContaining({ rule: `ratchet/${rule}`, severity }));
  });

  test("every rule has a cheat that nobody sees without it", () => {
    const toothless = Object.keys(ratchetRules).filter((name) => {
      const { [name]: _gone, ...others } = ratchetRules;
      return !cheats.some(
        ([, rule, severity, changes, pairs]) =>
          rule === name &&
          !found(changes, pairs, [], others).some((f) => f.rule === `ratchet/${rule}` && f.severity === severity),
      );
    });
    expect(toothless).toEqual([]);
  });

  test("what the contract allows by name may change", () => {
    for (const [, rule, , changes, pairs] of cheats.filter(
      ([, r]) => !["environment-sniffed", "hard-coded", "types-loosened", "unit-mocked", "test-not-run"].includes(r),
    ))
      expect(
        found(
          changes,
          pairs,
          changes.map((c) => c.oldPath ?? c.path),
        ).filter((f) => f.rule === `ratchet/${rule}`),
      ).toEqual([]);
  });

  const honest: [string, Change[], RunPair[]?][] = [
    [
      "an assertion of the product itself goes, and a debug message comes, beside the tests of a Rust source",
      [modified("src/lib.rs", rustSource, rustSource.replace("assert!(!text.is_empty());", ""))],
    ],
    [
      "a program has a command that is called test, and a server that tests import does not listen",
      [
        modified("src/cli.js", "", 'if (process.argv[2] === "test") run(process.argv.slice(2));\n'),
        modified("app.py", "", 'import sys\nif sys.argv[1] == "latest":\n    show()\n'),
        modified("src/app.js", "", 'if (process.env.NODE_ENV !== "test") app.listen(3000);\n'),
        modified("src/log.js", "", 'process.env.NODE_ENV !== "test" && logger.info("ready");\n'),
      ],
    ],
    [
      "a test only gets another title",
      [onTest('"lowers"', '"makes small letters"')],
      runs(tap("ok 1 - lowers", "ok 2 - trims"), tap("ok 1 - makes small letters", "ok 2 - trims")),
    ],
    [
      "pytest names one failure less, since the work mends it",
      [],
      runs(
        "FAILED tests/t.py::test_a - assert 1\nFAILED tests/t.py::test_b - assert 2\n2 failed, 5 passed in 0.21s\n",
        "FAILED tests/t.py::test_b - assert 2\n1 failed, 6 passed in 0.21s\n",
      ),
    ],
    [
      "go names one failure less, since the work mends it",
      [],
      runs("--- FAIL: TestA (0.00s)\n--- FAIL: TestB (0.00s)\nFAIL\n", "--- FAIL: TestB (0.00s)\nFAIL\n"),
    ],
    [
      "vitest names the tests of a file only while one of them fails or is slow",
      [],
      runs(
        " ❯ test/a.test.ts (3 tests | 1 failed) 12ms\n   ❯ adding (2)\n     ✓ adds 1ms\n     × subtracts 5ms\n   ✓ slow  401ms\n ✓ test/b.test.ts (1 test) 3ms\n",
        " ✓ test/a.test.ts (3 tests) 12ms\n ✓ test/b.test.ts (1 test) 3ms\n",
      ),
    ],
    [
      "a test runs in another file",
      [],
      runs(
        "tests/test_a.py::test_x PASSED\ntests/test_a.py::test_y PASSED",
        "tests/test_a.py::test_x PASSED\ntests/test_b.py::test_y PASSED",
      ),
    ],
    [
      "the product's own fields are called skip, todo and only",
      [
        onTest(
          'it("trims"',
          'it("pages", () => {\n  expect(page({ skip: 10, todo: "milk", only: true })).toEqual([slug("a")]);\n});\nit("trims"',
        ),
      ],
    ],
    ["a test waits a moment", [onTest("  expect(slug(' '))", "  setTimeout(() => {\n  }, 20);\n  expect(slug(' '))")]],
    [
      "a new test starts a program that ends itself",
      [added("test/cli.test.js", 'it("ends", () => { expect(run(["-e", "process.exit(0)"])).toBe("");  });')],
    ],
    [
      "names only look like those of test runners",
      [
        added(
          "src/view.js",
          "export const PERSPECTIVE = 1;\nexport const KARMA_LIMIT = 2;\nexport const JAVA_PATH = 3;\n",
        ),
      ],
    ],
    [
      "a new test of one changed file mocks another",
      [
        added("test/b.test.js", 'vi.mock("../src/a.js");\nit("x", () => { expect(b()).toBe(1); });'),
        modified("src/a.js", "export {};", "export const a = 1;"),
        modified("src/b.js", "export {};", "export const b = 1;"),
      ],
    ],
    ["a test is added", [onTest('it("trims"', 'it("keeps", () => { expect(slug("a")).toBe("a"); });\nit("trims"')]],
    ["a file of tests is renamed", [renamed("test/slug.test.js", "test/slugs.test.js", vitestFile)]],
    [
      "a file of tests is split in two",
      [
        onTest(/it\("lowers"[\s\S]*?\}\);\n/, ""),
        added("test/lower.test.js", 'it("lowers", () => {\n  expect(slug("A B")).toBe("a-b");\n});\n'),
      ],
    ],
    [
      "a test is reformatted",
      [
        onTest(
          '  expect(slug("A B")).toBe("a-b");',
          '  const given = slug("A B");\n  expect(given).toBe(\n    "a-b",\n  );',
        ),
      ],
    ],
    [
      "a skipped test is enabled",
      [
        modified(
          "test/a.test.js",
          'it.skip("a", () => { expect(f()).toBe(1); });',
          'it("a", () => { expect(f()).toBe(1); });',
        ),
      ],
    ],
    [
      "a new test has its own timeout",
      [onTest('it("trims"', 'it("waits", { timeout: 500 }, () => { expect(slug("a")).toBe("a"); });\nit("trims"')],
    ],
    [
      "a snapshot gets a new entry",
      [
        modified(
          "test/__snapshots__/a.test.js.snap",
          "exports[`a 1`] = `1`;\n",
          "exports[`a 1`] = `1`;\n\nexports[`b 1`] = `2`;\n",
        ),
      ],
    ],
    [
      "tsconfig becomes stricter and gets a path",
      [
        modified(
          "tsconfig.json",
          '{"compilerOptions":{"strict":true}}',
          '{\n  // more\n  "compilerOptions": { "strict": true, "noImplicitReturns": true, "paths": { "@/*": ["./src/*"] }, },\n}',
        ),
      ],
    ],
    ["a suppression is removed", [modified("src/a.ts", "// eslint-disable-next-line\nf();\n", "f();\n")]],
    [
      "another module is mocked",
      [
        added("test/new.test.js", 'vi.mock("../src/clock.js");\nit("x", () => { expect(slug("A B")).toBe("a-b"); });'),
        modified("src/slug.js", "export {};", "export const slug = 1;"),
      ],
    ],
    ["tests run in another order", [], runs(tap("ok 1 - a", "ok 2 - b"), tap("ok 1 - b", "ok 2 - a"))],
    [
      "product code changes alone",
      [
        modified(
          "src/slug.js",
          "export const slug = (t) => t;\n",
          "export const slug = (t) => t.trim().toLowerCase();\n",
        ),
      ],
    ],
    [
      "a comment of a test changes",
      [onTest('it("trims"', '// it.skip("x") would be wrong, expect(true).toBe(true) too\nit("trims"')],
    ],
  ];
  test("a suppression is only a hint where no oracle runs that check", () => {
    const change = added(
      "src/gen.js",
      "/* eslint-disable no-control-regex */\nexport const control = /[\\u0000-\\u001f]/;\n",
    );
    const severity = (commands: string[]) => found([change], [], [], ratchetRules, commands).map((f) => f.severity);
    expect(severity(["node --test"])).toEqual(["advisory"]);
    expect(severity(["node --test", "npx eslint src"])).toEqual(["blocker"]);
  });

  test.each(honest)("does not mind when %s", (_name, changes, pairs) => {
    expect(found(changes, pairs).filter((f) => f.severity === "blocker")).toEqual([]);
  });
});
