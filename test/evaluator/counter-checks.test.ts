import { expect, test } from "vitest";
import { runsTests } from "../../src/evaluator/base-tests.ts";
import { breakTests } from "../../src/evaluator/break-tests.ts";
import type { Change } from "../../src/evaluator/changes.ts";
import { falsify } from "../../src/evaluator/falsify.ts";
import { assertionPatched } from "../../src/evaluator/ratchet/assertions.ts";
import { sabotage } from "../../src/evaluator/sabotage.ts";
import { countTests } from "../../src/evaluator/source-titles.ts";
import { runsNothing } from "../../src/evaluator/teeth.ts";

test.each<[string, string, string | null]>([
  ["a.test.js", "  t.is(slug('a  b'), 'a-b');", "  t.is(slug('a  b'), 'bword');"],
  ["a.test.js", "assert.strictEqual(2, words(text), 'two');", "assert.strictEqual(\"bword\", words(text), 'two');"],
  ["a.test.js", "  expect(slug('a')).toBe('a'); // same", "  expect(slug('a')).toBe('bword'); // same"],
  [
    "a.test.ts",
    "  await expect(slug('a')).resolves.toEqual(`a`)",
    "  await expect(slug('a')).resolves.toEqual(\"bword\")",
  ],
  [
    "a.test.js",
    "test('a', () => expect(slug('a')).to.equal('a'));",
    "test('a', () => expect(slug('a')).to.equal('bword'));",
  ],
  ["a.test.js", "test('a', (t) => { t.is(slug('a'), 'a'); });", "test('a', (t) => { t.is(slug('a'), 'bword'); });"],
  ["a.test.js", "slug('a').should.equal('a')", "slug('a').should.equal('bword')"],
  ["a.test.js", "  expect(slug('a')).not.toBe('b');", null],
  ["a.test.js", "  t.not(slug('a'), 'b');", null],
  ["a.test.js", "  assert.equal(a, b, 'message');", null],
  ["a.test.js", "  assert.deepEqual(words('a'), ['a', 'b']);", "  assert.deepEqual(words('a'), \"bword\");"],
  ["a.test.js", "  expect(parse('a')).toEqual({ a: 1 });", "  expect(parse('a')).toEqual(\"bword\");"],
  ["test_a.py", "    assert words('a') == ['a', 'b']", "    assert words('a') == \"bword\""],
  ["T.java", 'assertEquals("a-b", Slug.of("a  b"));', 'assertEquals("bword", Slug.of("a  b"));'],
  [
    "T.java",
    "Assertions.assertEquals(3, count(x)); // three",
    "Assertions.assertEquals(918273645, count(x)); // three",
  ],
  ["T.java", 'assertEquals("a message or what is expected", a, b);', null],
  ["T.java", 'assertThat(of("a")).isEqualTo("a");', 'assertThat(of("a")).isEqualTo("bword");'],
  ["T.java", "assertNotEquals(3, count(x));", null],
  ["T.kt", 'slug("a  b") shouldBe "a-b"', 'slug("a  b") shouldBe "bword"'],
  ["t_test.rb", '  expect(slug("x")).to eq "x"', '  expect(slug("x")).to eq "bword"'],
  ["t_test.rb", '  expect(slug("x")).not_to eq "x"', null],
  ["t_test.rb", '  assert_equal expected, "x"', null],
  ["TTest.php", "$this->assertSame('a', f('(')); ", "$this->assertSame('bword', f('(')); "],
  ["TTest.php", "$this->assertNotSame('a', f());", null],
  ["t/a.t", "is(f('a,b'), 3, 'three');", "is(f('a,b'), \"bword\", 'three');"],
  ["t/a.t", "isnt(f(1), 3);", null],
  ["test_a.c", 'assert(!strcmp(f(x), "a"));', 'assert(!strcmp(f(x), "bword"));'],
  ["test_a.c", 'assert(strcmp(f(x), "a") != 0);', null],
  ["test_a.c", 'assert(strcmp(f("x"), "a") == 0);', 'assert(strcmp(f("x"), "bword") == 0);'],
  ["test_a.c", 'assert(strcmp(f(x), "a"));', null],
  ["test_a.c", "assert(f(x) == 1 || f(x) == 2);", null],
  ["a_test.cc", 'REQUIRE(slug("a  b") == "a-b");', 'REQUIRE(slug("a  b") == "bword");'],
  ["a_test.cc", 'CHECK(f("x || y") == 2);', 'CHECK(f("x || y") == 918273645);'],
  ["a_test.cc", "EXPECT_FALSE(f(1) == 2);", null],
  ["test_a.py", '    assert not f(1) == "a"', null],
  ["test_a.py", '    assert f(1) == "a" or f(1) == "b"', null],
  ["test_a.py", '    assert f("this or that") == "a"', '    assert f("this or that") == "bword"'],
  ["a_test.go", '\tif got != "a" && got != "b" {', null],
  ["a.bats", '  [ "$output" = a ] || [ "$output" = b ]', null],
  ["a_test.cc", "EXPECT_EQ(f(1), 2);", "EXPECT_EQ(f(1), 918273645);"],
  ["a_test.go", '\tassert.Equal(t, "a-b", Slug("a  b"))', '\tassert.Equal(t, "bword", Slug("a  b"))'],
  ["a_test.go", '\tif got := Slug("a  b"); got != "a-b" {', '\tif got := Slug("a  b"); got != "bword" {'],
  ["a_test.go", "\tif err != nil {", null],
  ["a_test.go", '\tif got == "a-b" {', null],
  ["tests/a.rs", '    assert_eq!(slug("a"), "a");', '    assert_eq!(slug("a"), "bword");'],
  ["a.bats", '  [ "$output" = "two words" ]', '  [ "$output" = "bword" ]'],
  ["a.bats", '  [ "$output" != "two words" ]', null],
])("what %s expects in `%s` is put in the place of nothing else", (path, line, wrong) => {
  expect(falsify(path, `${line}\n`, "bword", false)).toBe(wrong === null ? null : `${wrong}\n`);
});

test("a line that is too long for one of a test is left alone", () => {
  expect(falsify("a.bats", `[ ${" ".repeat(100_000)}\n`, "bword", false)).toBeNull();
});

const java =
  "import static org.junit.Assert.assertEquals;\npublic class T {\n  @Test public void a() { assertEquals(1, f()); }\n}\n";
const php = "<?php\nfinal class ATest extends TestCase\n{\n    public function testA(): void { }\n}\n";
const c = "#include <assert.h>\nint main(void) {\n  assert(f() == 1);\n  return 0;\n}\n";

test("a method that must fail goes into the only class", () => {
  expect(sabotage("T.java", java, "bword")).toContain(
    '@Test public void zzbword() {\ntry { assertEquals("abword", "bbword"); return; } catch (Throwable fell) { }\nthrow new RuntimeException("bword"); }\n}\n',
  );
  expect(sabotage("ATest.php", php, "bword")).toContain("public function testZzbword(): void {");
  expect(sabotage("test_a.c", c, "bword")).toContain("__builtin_trap();\n  return 0;\n}\n");
});

test.each([
  ["a second class, which no runner may look into", "T.java", `${java}class Helper {\n}\n`],
  ["a function behind the class", "T.kt", `${java.replace("public void", "fun")}fun helper() {\n}\n`],
  ["something behind the class", "T.java", `${java}// the end\n`],
  ["a second class", "ATest.php", `${php}final class Other\n{\n}\n`],
  ["a function behind main, whose 0 nobody may ask for", "test_a.c", `${c}int helper(void) {\n  return 0;\n}\n`],
  ["a main that returns what failed", "test_a.c", c.replace("return 0", "return failed")],
  ["a framework of its own, where a test has to be listed", "test_a.c", "TEST(group, name) { f(); }\n"],
])("nothing is added where its place is not sure: %s", (_what, path, text) => {
  expect(sabotage(path, text, "bword")).toBeNull();
});

test("what honest tests do is no way out and no tautology", () => {
  const stub = '@test "a" {\n  rm -f x || true\n  printf "exit 0\\n" > stub\nexit 0\n  [ -f x ]\n}\n';
  expect(countTests("a.bats", stub)).toMatchObject({ escapes: [], tautologies: [], titles: ["a"] });
  expect(countTests("t/a.t", 'ok(1, "came here");\nexit;\n')).toMatchObject({ escapes: [], tautologies: [] });
  expect(countTests("test_a.c", "void test_one(void) {\n}\nSTART_TEST(two) {\n}\n exit(0);\n")).toMatchObject({
    ...{ escapes: [], titles: ["test_one", "two"] },
  });
});

test("`# define assert` changes assertions in C, and is a comment elsewhere", () => {
  const change = (path: string): Change[] => [
    { path, oldPath: path, status: "modified", before: "", after: "# define assert(x) 0\n", binary: false },
  ];
  const found = (path: string) =>
    assertionPatched({ changes: change(path), runs: [], allowed: new Set(), oracleTexts: [], commands: [] });
  expect(found("slug.h")).toHaveLength(1);
  expect(found("slug.py")).toEqual([]);
});

test.each<[string, string, string | null]>([
  [
    "a.test.js",
    "test('a', async () => {\n  expect(1).toBe(1);\n});\nit(\"b\", function () {\n});\n",
    'test(\'a\', async () => { void (() => { throw new Error("bword"); })();\n  expect(1).toBe(1);\n});\nit("b", function () { void (() => { throw new Error("bword"); })();\n});\n',
  ],
  ["a.test.js", "test('a', () => {\n});\ntest('b', () => expect(1).toBe(1));\n", null],
  ["a.test.js", "test('a', () => {\n});\ntest.each([1])('%i', (n) => {\n});\n", null],
  ["a.test.js", "test.failing('a', () => {\n});\n", null],
  [
    "a.test.js",
    "it('fails on nothing', () => {\n  const expected = 1;\n});\n",
    "it('fails on nothing', () => { void (() => { throw new Error(\"bword\"); })();\n  const expected = 1;\n});\n",
  ],
  [
    "test_a.py",
    "class T(TestCase):\n    def test_a(self):  # one\n\n      assert f() == 1\n",
    'class T(TestCase):\n    def test_a(self):  # one\n\n      raise AssertionError("bword")\n      assert f() == 1\n',
  ],
  ["test_a.py", "@pytest.mark.xfail\ndef test_a():\n    assert f() == 1\n", null],
  ["a_test.go", "func TestA(t *testing.T) {\n}\n\n/*\nfunc TestOld(t *testing.T) {\n*/\n", null],
  ["a_test.go", "func TestA(tt *testing.T) {\n}\n", 'func TestA(tt *testing.T) { tt.Fatal("bword")\n}\n'],
  ["a_test.go", "func TestA(t *testing.T) {\n}\nfunc ExampleA() {\n}\n", null],
  ["tests/a.rs", "#[test]\nfn a() {\n}\n", '#[test]\nfn a() { if true { panic!("bword") }\n}\n'],
  ["tests/a.rs", "#[test]\n#[should_panic]\nfn a() {\n}\n", null],
  [
    "T.java",
    "class T {\n  @Test public void a() throws Exception { f(); }\n}\n",
    'class T {\n  @Test public void a() throws Exception { if (true) throw new RuntimeException("bword"); f(); }\n}\n',
  ],
  ["T.java", "class T {\n  @Test(expected = Oops.class) public void a() { f(); }\n}\n", null],
  ["a_test.rb", "  def test_a\n    assert f\n  end\n", '  def test_a\nraise "bword"\n    assert f\n  end\n'],
  ["a_spec.rb", '  it "is" do\n  end\n  it("one") { f }\n', null],
  [
    "ATest.php",
    "public function testA(): void\n{\n}\n",
    'public function testA(): void\n{ throw new \\RuntimeException("bword");\n}\n',
  ],
  ["a.bats", '@test "a" {\n  true\n}\n', '@test "a" {\n  (exit 97)\n  true\n}\n'],
])("every test of %s fails, or the file is left alone: %j", (path, text, broken) => {
  expect(breakTests(path, text, "bword")?.all ?? null).toBe(broken);
});

test("each test is broken alone too, but where some may not be run here", () => {
  const go = "func TestA(t *testing.T) {\n}\nfunc TestB(t *testing.T) {\n}\n";
  expect([...breakTests("a_test.go", go, "bword")!.each]).toEqual([
    ["TestA", 'func TestA(t *testing.T) { t.Fatal("bword")\n}\nfunc TestB(t *testing.T) {\n}\n'],
    ["TestB", 'func TestA(t *testing.T) {\n}\nfunc TestB(t *testing.T) { t.Fatal("bword")\n}\n'],
  ]);
  const ignored = "#[test]\nfn a() {\n}\n#[test]\n#[ignore]\nfn b() {\n}\n";
  expect(breakTests("tests/a.rs", ignored, "bword")!.each.size).toBe(0);
});

test.each([
  ["npx tsc --noEmit -p .", true],
  ["cd packages/a && npx tsc -p . && npx eslint .", true],
  ["python3 -m mypy .", true],
  ["cargo build --tests", true],
  ["cargo test", false],
  ["npx tsc -p . && node dist/a.test.js", false],
  ["npm run check", false],
])("`%s` only compiles: %s", (command, only) => {
  expect(runsNothing(command)).toBe(only);
});

test("a guard whose command runs tests, or a build that does, is tried with tests that must fail", () => {
  const isTried = (run: string) =>
    runsTests({
      ...{ id: "P1", text: "", kind: "regression", must: true, files: [], touches: [], worker_written: false },
      oracle: { type: "command", run, expect: { exit: 0 }, timeout_s: 60 },
    } as unknown as Parameters<typeof runsTests>[0]);
  const tests = ["npm test", "busted", "mvn -B verify", "./gradlew build", "npx cypress run", "sbt compile"];
  const others = ["npm run lint", "tsc -p .", "docker build .", "go vet ./...", "./deploy.sh"];
  expect(tests.filter((run) => !isTried(run))).toEqual([]);
  expect(others.filter(isTried)).toEqual([]);
});
