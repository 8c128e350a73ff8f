import { expect, test } from "vitest";
import { breakTests } from "../../src/evaluator/break-tests.ts";
import { falsify } from "../../src/evaluator/falsify.ts";
import { sabotage } from "../../src/evaluator/sabotage.ts";
import { countTests } from "../../src/evaluator/source-titles.ts";
import { isTestFile } from "../../src/evaluator/test-files.ts";

/** What each line expects stands between ‹ and ›; lines without them are not to be touched. */
const lines: Readonly<Record<string, readonly string[]>> = {
  "slug_test.exs": [
    '    assert Slug.slug("a   b") == ‹"a-b"›',
    '    assert ‹"a-b"› == Slug.slug("a   b")',
    '    assert Slug.length("ab") == ‹2›, "two"',
    '    refute Slug.slug("a") == "a-b"',
    '    assert Slug.slug("a") != "x"',
    '    assert x == "a" or y',
    '    assert x == y, "a message"',
    '    assert_raise ArgumentError, "a message", fn -> 1 end',
    '    if mode == "debug" do',
    '    assert Slug.slug("not this or that") == ‹"not-this"›',
    '  test "a == b" do',
  ],
  "slug_spec.lua": [
    '    assert.are.equal(‹"a-b"›, slug("a   b"))',
    'lu.assertEquals(slug("a"), ‹"a-b"›)',
    'assert(slug("a") == ‹"a-b"›, "a message")',
    'assert.are_not.equal("a", slug("b"))',
    'assert.is_true(f("a"), "a message")',
    'assert.are.equal(expected, actual, "a message")',
    'local text = "a == b"',
  ],
  "test-slug.R": [
    '  expect_equal(slug("a   b"), ‹"a-b"›)',
    '  expect_identical(slug("a"), ‹"b"›, info = "m")',
    "  expect_equal(half(2), ‹1›, tolerance = 0.1)",
    '  expect_true(is_slug("a"), info = "m")',
    '  expect_error(slug(), "a message")',
  ],
  "slug_spec.cr": ['    slug("a   b").should eq(‹"a-b"›)', '    slug("a").should_not eq("a-b")'],
  "tslug.nim": ['  check slug("a   b") == ‹"a-b"›', '  doAssert slug("a") == ‹"a"›', '  check(not isSlug("a"))'],
  "slug_test.ml": [
    'let spaces () = Alcotest.(check string) "spaces" ‹"a-b"› (Slug.slug "a   b")',
    '  assert_equal ~printer:id ‹"a-b"› (slug "a b")',
    'let spaces () = Alcotest.(check string) "a name" expected (Slug.slug "a")',
    '    Alcotest.test_case "lower" `Quick lower;',
  ],
  "SlugTests.cs": [
    '        Assert.Equal(‹"a-b"›, Slug.Make("a   b"));',
    '        Assert.That(Slug.Make("a"), Is.EqualTo(‹"a-b"›));',
    '        Slug.Make("a").Should().Be(‹"a-b"›);',
    '        Assert.NotEqual("a", Slug.Make("a"));',
    '        Assert.AreEqual(expected, actual, "a message");',
    '        Assert.Contains("a", list);',
    '    [InlineData("a", "b")]',
  ],
  "SlugTests.swift": [
    '        XCTAssertEqual(slug("a   b"), ‹"a-b"›)',
    '    #expect(slug("a") == ‹"a-b"›)',
    '        XCTAssertNotEqual(slug("a"), "b")',
    '        XCTAssertEqual(a, b, "a message")',
  ],
  "slug_test.dart": [
    "    expect(slug('a   b'), ‹'a-b'›);",
    "    expect(slug('a'), equals(‹'a-b'›));",
    "    expect(slug('a'), isNot('b'));",
    "    expect(find.text('a'), findsOneWidget);",
    "    expect(f(), isTrue, reason: 'because');",
  ],
  "SlugSpec.hs": [
    '    slug "a   b" `shouldBe` ‹"a-b"›',
    '    slug "a" @?= ‹"a-b"›',
    '    assertEqual "a message" ‹"a-b"› (slug "a   b")',
    '    assertEqual "a message" expected actual',
    '    slug "a" `shouldNotBe` "b"',
  ],
  "slug_test.clj": [
    '  (is (= ‹"a-b"› (slug "a   b")))',
    '  (is (= (slug "a   b") ‹"a-b"›))',
    '  (is (not= "a" (slug "b")))',
  ],
  "slug_test.erl": ['    ?assertEqual(‹"a-b"›, slug:slug("a   b")).'],
  "test_slug.jl": ['@test slug("a   b") == ‹"a-b"›', '@test slug("a") != "b"', '@testset "a == b" begin'],
  "slug-test.rkt": ['(check-equal? (slug "a   b") ‹"a-b"›)'],
  "slug.zig": ['    try std.testing.expectEqualStrings(‹"a-b"›, slug("a   b"));'],
  "Slug.Tests.ps1": ["    Get-Slug 'a   b' | Should -Be ‹'a-b'›", "    Get-Slug 'a' | Should -Not -Be 'a-b'"],
};

test.each(Object.entries(lines))(
  "in %s only what is expected is put in the place of something else",
  (path, written) => {
    for (const line of written) {
      const text = line.replace(/[‹›]/g, "");
      const wrong = line.replace(/‹(["']?).*?›/, (_, quote: string) =>
        quote === "" ? "918273645" : `${quote}bword${quote}`,
      );
      expect([text, falsify(path, text, "bword", false)]).toEqual([text, wrong === line ? null : wrong]);
    }
  },
);

test("tests in C and C++ fail at their first line, those of a plain program too", () => {
  const all = (text: string) => breakTests("slug_test.cc", text, "bword")?.all ?? null;
  const trap = " __builtin_trap();";
  expect(all("TEST(Slug, Lower) {\n  EXPECT_EQ(1, 1);\n}\nTEST_F(Slug, One)\n{\n}\n")).toBe(
    `TEST(Slug, Lower) {${trap}\n  EXPECT_EQ(1, 1);\n}\nTEST_F(Slug, One)\n{${trap}\n}\n`,
  );
  expect(all('TEST_CASE("a {b}", "[c]") { CHECK(true); }\n')).toBe(
    `TEST_CASE("a {b}", "[c]") {${trap} CHECK(true); }\n`,
  );
  expect(all("static int one(void);\nint main(void) {\n  return one();\n}\n")).toContain(`main(void) {${trap}\n`);
  // Run once for each value: where it begins cannot be told.
  expect(all("TEST_P(Slug, Many) {\n}\n")).toBeNull();
});

test("a line that only fails is the language's own, or nothing that any language reads", () => {
  const raised = (path: string, line: string) => falsify(path, line, "bword", true);
  expect(raised("a_test.exs", '    assert f("a") == "b"')).toBe('    raise "bword"');
  expect(raised("test-a.R", '  expect_equal(f("a"), "b")')).toBe('  stop("bword")');
  expect(raised("a_test.lua", 'assert(f("a") == "b")')).toBe('error("bword")');
  expect(raised("a_test.clj", '(is (= "b" (f "a")))')).toBe(")( bword ]}");
});

test("a file of tests is told by its name in other languages too", () => {
  const tests = [
    ...["test/slug_test.exs", "spec/slug_spec.lua", "tests/testthat/test-slug.R", "spec/slug_spec.cr"],
    ...["tests/tslug.nim", "test/slug_test.ml", "Tests/SlugTests.cs", "test/SlugSpec.hs", "test/slug_SUITE.erl"],
  ];
  const others = [
    "lib/slug.ex",
    "src/latest.ml",
    "R/contest.R",
    "src/Audit.cs",
    "test/test_helper.json",
    "src/test.lua.md",
  ];
  expect(tests.filter((path) => !isTestFile(path))).toEqual([]);
  expect(others.filter(isTestFile)).toEqual([]);
});

/** Two tests, of which one is skipped; one of three assertions holds whatever the code does. */
const files: Readonly<Record<string, string>> = {
  "slug_test.exs": `defmodule SlugTest do
  use ExUnit.Case

  # test "comment" do
  test "lower" do
    assert Slug.slug("A") == "a"
    assert true
  end

  @tag :skip
  test "one", %{text: text} do
    refute Slug.slug(text) == text
  end
end
`,
  "SlugTests.cs": `public class SlugTests
{
    [Fact]
    public void Lower()
    {
        Assert.Equal("a", Slug.Make("A"));
        Assert.True(true);
    }

    [Fact(Skip = "later")]
    public async Task One()
    {
        Slug.Make("B").Should().Be("b");
    }
}
`,
  "SlugTests.swift": `final class SlugTests: XCTestCase {
  func testLower() {
    XCTAssertEqual(slug("A"), "a")
    XCTAssertTrue(true)
  }

  func testOne() throws {
    throw XCTSkip("later")
    XCTAssertNil(slug(""))
  }
}
`,
  "slug_test.dart": `void main() {
  test('lower', () {
    expect(slug('A'), 'a');
    expect(true, isTrue);
  });

  test('one', () async {
    expect(await slug('B'), 'b');
  }, skip: 'later');
}
`,
  "test-slug.R": `test_that("lower", {
  expect_equal(slug("A"), "a")
  expect_true(TRUE)
})

test_that("one", {
  skip("later")
  expect_equal(slug("B"), "b")
})
`,
};

test.each(Object.entries(files))("the tests of %s are counted, broken and added to", (path, text) => {
  const counts = countTests(path, text)!;
  expect(counts.titles.map((title) => title.toLowerCase().replace(/^test/, ""))).toEqual(["lower", "one"]);
  expect([counts.skips, counts.assertions, counts.tautologies.length]).toEqual([1, 3, 1]);
  const broken = breakTests(path, text, "bword")!;
  expect(broken.all.match(/bword/g)).toHaveLength(2);
  // One of them is skipped: no test alone tells anything.
  expect(broken.each.size).toBe(0);
  // What Dart runs stands in its main function: nothing can be added behind it.
  if (path.endsWith(".dart")) expect(sabotage(path, text, "bword")).toBeNull();
  else expect(sabotage(path, text, "bword")).toContain("bword");
});
