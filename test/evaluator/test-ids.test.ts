import { describe, expect, test } from "vitest";
import { countRun } from "../../src/evaluator/count-run.ts";
import { countTests } from "../../src/evaluator/source-titles.ts";
import { readTestIds } from "../../src/evaluator/test-ids.ts";

const read = (output: string) => {
  const report = readTestIds(output);
  return report && [report.countedBy, Object.fromEntries(report.tests)];
};

describe("test ids", () => {
  test("of node:test's TAP, with suites left out", () => {
    const output =
      "TAP version 13\n# Subtest: suite\n    # Subtest: x\n    ok 1 - x\n      ---\n      duration_ms: 1\n      ...\n    # Subtest: y\n    not ok 2 - y\n    # Subtest: z\n    ok 3 - z # SKIP\n    # Subtest: w\n    ok 4 - w # TODO later\n    1..4\nnot ok 1 - suite\n1..1\n# tests 4\n";
    expect(read(output)).toEqual([
      "tap",
      { "suite > x": "pass", "suite > y": "fail", "suite > z": "skip", "suite > w": "todo" },
    ]);
  });
  test("of tape, whose comments name the test", () => {
    expect(
      read(
        "TAP version 13\n# adds\nok 1 should be equal\nok 2 should be equal\n# subtracts\nnot ok 3 should be equal\n\n1..3\n# tests 3\n# pass 2\n",
      ),
    ).toEqual([
      "tap",
      { "adds > should be equal": "pass", "adds > should be equal #2": "pass", "subtracts > should be equal": "fail" },
    ]);
  });
  test("of node:test's reporter for people", () => {
    expect(
      read(
        "▶ suite\n  ✔ x (1.2ms)\n  ✖ y (6ms)\n  ﹣ z (0.4ms) # SKIP\n✖ suite (20ms)\n✔ plain (1ms)\nℹ tests 4\n\n✖ failing tests:\n\n✖ y (6ms)\n",
      ),
    ).toEqual(["spec", { "suite > x": "pass", "suite > y": "fail", "suite > z": "skip", plain: "pass" }]);
  });
  test("of vitest and jest for people, in colour", () => {
    expect(
      read(
        "\u001b[32m ✓\u001b[39m test/a.test.ts > adds \u001b[33m12ms\u001b[39m\n × test/a.test.ts > subtracts\n ↓ test/a.test.ts > later\n",
      ),
    ).toEqual([
      "spec",
      { "test/a.test.ts > adds": "pass", "test/a.test.ts > subtracts": "fail", "test/a.test.ts > later": "skip" },
    ]);
    expect(read("PASS test/a.test.js\n  adding\n    ✓ adds (3 ms)\n    ○ skipped later\n")).toEqual([
      "spec",
      { "test/a.test.js > adds": "pass", "test/a.test.js > skipped later": "skip" },
    ]);
  });
  test("of vitest by file, with the tests that it names", () => {
    const report = readTestIds(
      " ❯ test/a.test.js (4 tests | 1 failed | 1 skipped) 482ms\n   ❯ adding (3)\n     ✓ adds 23ms\n     × subs 61ms\n     ↓ later\n   ✓ slow  402ms\n ✓ |web| test/b.test.js (3 tests | 1 skipped) 9ms\n",
    )!;
    expect([...report.files!]).toEqual([
      ["test/a.test.js", 3],
      ["test/b.test.js", 2],
    ]);
    expect(Object.fromEntries(report.tests)).toEqual({
      "test/a.test.js > adding > adds": "pass",
      "test/a.test.js > adding > subs": "fail",
      "test/a.test.js > adding > later": "skip",
      "test/a.test.js > slow": "pass",
    });
  });
  test("of mocha's and ava's failures", () => {
    expect(read("  adding\n    ✔ adds\n    1) subtracts\n\n  1 passing (5ms)\n  1 failing\n\n  1) adding\n")).toEqual([
      "spec",
      { adds: "pass", subtracts: "fail" },
    ]);
    expect(read("  ✔ a › adds\n  ✘ [fail]: a › subtracts\n")).toEqual([
      "spec",
      { "a › adds": "pass", "a › subtracts": "fail" },
    ]);
  });
  test("of JUnit", () => {
    expect(
      read(
        '<?xml version="1.0"?><testsuites><testsuite name="a"><testcase classname="A" name="x &amp; y" time="1"/><testcase classname="A" name="z"><failure>no</failure></testcase><testcase name="s" file="b.py"><skipped/></testcase></testsuite></testsuites>',
      ),
    ).toEqual(["junit", { "A > x & y": "pass", "A > z": "fail", "b.py > s": "skip" }]);
  });
  test("of vitest's, jest's and mocha's JSON with noise around it", () => {
    const jest = {
      testResults: [
        {
          name: "a.test.js",
          status: "failed",
          assertionResults: [
            { fullName: "adds", status: "passed" },
            { fullName: "t", status: "todo" },
          ],
        },
        { name: "b.test.js", status: "failed", assertionResults: [] },
      ],
    };
    expect(read(`> vitest\n${JSON.stringify(jest)}\ndone\n`)).toEqual([
      "json",
      { "a.test.js > adds": "pass", "a.test.js > t": "todo", "b.test.js": "fail" },
    ]);
    const mocha = {
      stats: { tests: 2 },
      passes: [{ fullTitle: "adds", file: "a.js" }],
      failures: [{ fullTitle: "no" }],
      pending: [],
    };
    expect(read(JSON.stringify(mocha, null, 2))).toEqual(["json", { "a.js > adds": "pass", no: "fail" }]);
  });
  test("of pytest, unittest, go and cargo", () => {
    expect(read("tests/t.py::test_a PASSED [ 50%]\ntests/t.py::test_b[1 - x] FAILED [100%]\n")).toEqual([
      "pytest",
      { "tests/t.py::test_a": "pass", "tests/t.py::test_b[1 - x]": "fail" },
    ]);
    expect(read("PASSED tests/t.py::test_a\nFAILED tests/t.py::test_b - assert 1 == 2\n")).toEqual([
      "pytest",
      { "tests/t.py::test_a": "pass", "tests/t.py::test_b": "fail" },
    ]);
    expect(read("test_a (t.T.test_a) ... ok\ntest_b (t.T.test_b) ... skipped 'x'\n")).toEqual([
      "pytest",
      { "test_a (t.T.test_a)": "pass", "test_b (t.T.test_b)": "skip" },
    ]);
    expect(read("=== RUN   TestA\n--- PASS: TestA (0.00s)\n    --- SKIP: TestA/sub (0.00s)\n")).toEqual([
      "go",
      { TestA: "pass", "TestA/sub": "skip" },
    ]);
    expect(
      read('{"Action":"run","Package":"p","Test":"TestA"}\n{"Action":"fail","Package":"p","Test":"TestA"}\n'),
    ).toEqual(["go", { "p > TestA": "fail" }]);
    expect(read("running 2 tests\ntest tests::a ... ok\ntest tests::b ... ignored\n")).toEqual([
      "cargo",
      { "tests::a": "pass", "tests::b": "skip" },
    ]);
  });
  test("of ExUnit those that failed, and with its trace all", () => {
    const failure = "\n  1) test b c (S.STest)\n     test/s_test.exs:6\n     Assertion with == failed\n\n";
    const end = "Finished in 0.02 seconds (0.00s async, 0.02s sync)\n3 tests, 1 failure, 1 skipped\n";
    const report = readTestIds(`*${failure}.\n${end}`)!;
    expect([Object.fromEntries(report.tests), report.partial]).toEqual([{ "S.STest > test b c": "fail" }, true]);
    const trace = `
S.STest [test/s_test.exs]
  * test c [L#10]  * test c (skipped) [L#10]
  * test b c [L#6]  * test b c (6.4ms) [L#6]
${failure}  * test a [L#3]  * test a (0.00ms) [L#3]

${end}`;
    const traced = readTestIds(trace)!;
    expect(Object.fromEntries(traced.tests)).toEqual({
      "S.STest > test c": "skip",
      "S.STest > test b c": "fail",
      "S.STest > test a": "pass",
    });
    expect(traced.partial).toBeUndefined();
  });
  test("of testthat the files that ran, however long they took and whatever they hold, and those that failed", () => {
    const lines = (name: string) =>
      `✔ | F W S  OK | Context\n\n⠏ |         0 | ${name}   \n✔ |         2 | ${name}\n✖ | 1   1   1 | more [0.7s]\n`;
    const report = readTestIds(
      `${lines("slug [0.1s]")}Failure ('test-more.R:3'): one\n── Error (test-more.R:9:3): two ───\n`,
    )!;
    expect([...report.files!.keys()]).toEqual(["slug", "more"]);
    expect(report.files).toEqual(readTestIds(lines("slug").replace("2 |", "9 |"))!.files);
    expect(Object.fromEntries(report.tests)).toEqual({ "test-more.R > one": "fail", "test-more.R > two": "fail" });
  });
  test("are none when an output names none", () => {
    expect(read("all good\nok then\n1 passing\n")).toBeNull();
    expect(read("")).toBeNull();
  });
});

test.each([
  [" Tests  1 failed | 5 passed | 2 skipped (8)\n", 6],
  ["Tests:       1 failed, 2 skipped, 5 passed, 8 total\n", 6],
  ["=== 1 failed, 5 passed, 2 skipped, 1 xfailed in 0.21s ===\n", 7],
  ["Ran 5 tests in 0.001s\n\nOK (skipped=2)\n", 3],
  ["Ran 5 tests in 0.001s\n\nOK\n", 5],
  ["  5 passing (12ms)\n  2 pending\n  1 failing\n", 6],
  ["ok | 5 passed | 1 failed | 2 ignored (12ms)\n", 6],
  ["5 examples, 0 failures, 1 pending\n", 4],
  ["Tests: 5, Assertions: 9, Failures: 1, Skipped: 1.\n", 4],
  ["5 passed in 0.1s\n3 passed in 0.2s\n", 8],
  ["3 tests, 1 failure, 1 skipped\n", 2],
  ["2 doctests, 1 property, 5 tests, 0 failures, 1 excluded\n", 7],
  ["1 success / 1 failure / 0 errors / 1 pending : 0.00148 seconds\n", 2],
  ["Ran 5 tests in 0.001 seconds, 5 successes, 0 failures\n", 5],
  ["[==========] Running 3 tests from 2 test suites.\n[==========] 3 tests from 2 test suites ran. (0 ms total)\n", 3],
  ["All tests passed (4 assertions in 3 test cases)\n", 3],
  ["test cases: 3 | 2 passed | 1 failed\nassertions: 3 | 2 passed | 1 failed\n", 3],
  ["Test Successful in 0.001s. 2 tests run.\n", 2],
  ["1 failure! in 0.001s. 2 tests run.\n", 2],
  ["Passed!  - Failed:     0, Passed:     5, Skipped:     1, Total:     6, Duration: 9 ms - t.dll (net9.0)\n", 5],
  ["all fine\n", null],
])("the closing lines %j say how many ran", (output, count) => expect(countRun(output)).toBe(count));

describe("titles by source", () => {
  test.each([
    [
      "a.test.ts",
      "it('a', f); test.each([1])(\"b %i\", f); it.skip(`c`, f); /* it('no') */ // it('no')\nxit('d', f);",
      ["a", "b %i", "c", "d"],
      2,
    ],
    [
      "test_a.py",
      'def test_a():\n    """def test_no():"""\n    pass\n\nclass T:\n    @pytest.mark.skip\n    def test_b(self):\n        pass  # def test_c():\n',
      ["test_a", "test_b"],
      1,
    ],
    [
      "a_test.go",
      'func TestA(t *testing.T) {\n\tt.Run("sub", f)\n\tt.Skip()\n}\n// func TestB(t *testing.T) {}\n',
      ["TestA", "sub"],
      1,
    ],
    ["tests/a.rs", "#[test]\n#[ignore]\nfn a() {}\n#[tokio::test]\nasync fn b() {}\n", ["a", "b"], 1],
    ["src/test/java/ATest.java", "@Test\nvoid a() {}\n@Test @Disabled\npublic void b() {}\n", ["a", "b"], 1],
    ["a_spec.rb", "it 'a' do\nend\nxit 'b' do\nend\n", ["a"], 1],
  ])("are read from %s", (path, text, titles, skips) => {
    expect(countTests(path, text)).toMatchObject({ titles, skips });
  });
  test("a quote in a regular expression does not swallow the rest", () => {
    expect(countTests("a.test.js", "const r = /[\"'`/]/;\nit('a', f);\nconst s = x / y; it('b', f);")!.titles).toEqual([
      "a",
      "b",
    ]);
  });
});
