import { usedWays, type Ways } from "./asserting-ways.ts";
import type { TestLanguage } from "./test-language.ts";

const rubyAsserts: Ways = {
  assert_equal: "assert_equal A, B",
  assert: "assert false",
  refute: "refute true",
  assert_nil: "assert_nil A",
  assert_includes: "assert_includes [A], B",
};
const rubyExpects: Ways = { eq: "expect(A).to eq(B)", be: "expect(A).to be(B)", include: "expect([A]).to include(B)" };
const phpAsserts: Ways = {
  assertSame: "$this->assertSame(A, B)",
  assertEquals: "$this->assertEquals(A, B)",
  assertTrue: "$this->assertTrue(false)",
  assertCount: "$this->assertCount(999, [A])",
};
const jvmAsserts: Ways = {
  assertEquals: "assertEquals(A, B)",
  assertTrue: "assertTrue(false)",
  assertNull: "assertNull(A)",
};

/** Ends its own process, as far as it can be told: what is added behind may never run. */
const endsItself: Partial<Record<Language, RegExp>> = {
  ruby: /^\s*(?:exit|abort)\b/m,
  php: /^\s*(?:exit|die)\b/m,
  perl: /^\s*exit\b|\bBAIL_OUT\b/m,
};

type Language = TestLanguage["name"];
/** Adds a test that must fail to a file of tests; null where no place for it is sure. `code` is the text without comments. */
type Adder = (text: string, code: string, word: string) => string | null;

/** How a test that must fail is added, in the languages whose runners find one by themselves. */
export const failingTests: Partial<Record<Language, Adder>> = {
  ruby: unless("ruby", addRuby),
  php: unless("php", addPhp),
  jvm: addJvm,
  perl: unless("perl", addPerl),
  c: addC,
  shell: behind(/^@test\b/m, (word) => `@test "${word}" {\n  (exit 97)\n}`),
  elixir: behind(
    /^[ \t]*use ExUnit\.Case\b/m,
    (word) => `defmodule Zz${word} do\n  use ExUnit.Case\n\n  test "${word}" do\n    raise "${word}"\n  end\nend`,
  ),
  csharp: behind(/\[(?:Fact|Test|TestMethod)\b/, addCsharp),
  swift: behind(
    /\bXCTestCase\b/,
    (word) => `final class Zz${word}: XCTestCase {\n  func testZz() { XCTFail("${word}") }\n}`,
  ),
  r: behind(/^test_that\(/m, (word) => `test_that("${word}", {\n  stop("${word}")\n})`),
};

/** At the end of a file in which tests of this kind stand. */
function behind(kind: RegExp, added: (word: string, code: string) => string): Adder {
  return (text, code, word) => (kind.test(code) ? `${text.trimEnd()}\n\n${added(word, code)}\n` : null);
}

function addCsharp(word: string, code: string): string {
  const attribute = /\[(Fact|Test|TestMethod)\b/.exec(code)![1]!;
  const isListed = attribute === "TestMethod" ? "[TestClass] " : "";
  return `${isListed}public class Zz${word} { [${attribute}] public void Zz() { throw new System.Exception("${word}"); } }`;
}

function unless(name: Language, add: Adder): Adder {
  return (text, code, word) => (endsItself[name]?.test(code) ? null : add(text, code, word));
}

function addPerl(text: string, code: string, word: string): string | null {
  return /\bTest::(?:More|Simple|Most)\b|\bTest2::V\d\b/.test(code)
    ? before(text, /^__(?:END|DATA)__$/m, `ok(0, "${word}");\n`)
    : null;
}

function addRuby(text: string, code: string, word: string): string | null {
  const parent = /<\s*((?:::)?(?:Minitest::Test|Test::Unit::TestCase|ActiveSupport::TestCase|MiniTest::Test))\b/.exec(
    code,
  );
  const isSpec = /^\s*(?:RSpec\.)?describe\b/m.test(code);
  const ways = parent ? usedWays(rubyAsserts, code, word) : usedWays(rubyExpects, code, word);
  const body = [
    `ways = [${ways.map((way) => `-> { ${way} }`).join(", ")}]`,
    `raise "${word}" if ways.all? { |way| begin; way.call; false; rescue Exception; true; end }`,
  ];
  const put = (head: string, tail: string): string =>
    before(text, /^__END__$/m, `${[head, ...body.map((line) => `    ${line}`), tail].join("\n")}\n`);
  if (parent) return put(`class Zz${word} < ${parent[1]}\n  def test_zz`, "  end\nend");
  if (!isSpec) return null;
  return put(
    `${/\bRSpec\b|\.to\b/.test(code) ? "RSpec." : ""}describe("${word}") do\n  it("${word}") do`,
    "  end\nend",
  );
}

function addPhp(text: string, code: string, word: string): string | null {
  if (!/\bextends\s+\\?[\w\\]*TestCase\b/.test(code))
    return /^\s*(?:it|test)\(/m.test(code)
      ? `${text.trimEnd()}\ntest("${word}", function () { throw new \\RuntimeException("${word}"); });\n`
      : null;
  const ways = usedWays(phpAsserts, code, word).map((way) => `function () { ${way}; }`);
  return intoOnlyClass(text, code, [
    `public function testZz${word}(): void {`,
    `foreach ([${ways.join(", ")}] as $way) { try { $way(); } catch (\\Throwable $fell) { continue; } return; }`,
    `throw new \\RuntimeException("${word}"); }`,
  ]);
}

function addJvm(text: string, code: string, word: string): string | null {
  if (!/@Test\b/.test(code)) return null;
  const prefix = /\b(Assert(?:ions)?)\.assert\w+\(/.exec(code)?.[1];
  const tries = usedWays(jvmAsserts, code, word).map((way) => `${prefix ? `${prefix}.` : ""}${way}`);
  const isKotlin = /^\s*(?:\w+\s+)*fun\s/m.test(code);
  return intoOnlyClass(
    text,
    code,
    isKotlin
      ? [
          `@Test fun zz${word}() {`,
          ...tries.map((way) => `try { ${way}; return } catch (fell: Throwable) { }`),
          `throw RuntimeException("${word}") }`,
        ]
      : [
          `@Test public void zz${word}() {`,
          ...tries.map((way) => `try { ${way}; return; } catch (Throwable fell) { }`),
          `throw new RuntimeException("${word}"); }`,
        ],
  );
}

/** GoogleTest finds one more by itself; a program whose last function is `main` falls where it would have returned 0. */
function addC(text: string, code: string, word: string): string | null {
  if (/#\s*include\s*[<"]gtest\//.test(code)) return `${text}\nTEST(Zz${word}, Zz) { FAIL(); }\n`;
  const main = /^[^\n]*\bmain\s*\([^;]*?\{/m.exec(code);
  if (!main || closingLines(code.slice(main.index)) !== 1) return null;
  const end = /^[ \t]*return\s+(?:0|EXIT_SUCCESS)\s*;\s*\}\s*$/m.exec(text);
  return end && end.index + end[0].length === text.length
    ? `${text.slice(0, end.index)}__builtin_trap();\n${text.slice(end.index)}`
    : null;
}

/** Behind the last member of the only class; null where the file holds more, since nobody may run what stands in another. */
function intoOnlyClass(text: string, code: string, lines: readonly string[]): string | null {
  const classes = code.match(/^(?:[a-z]+[ \t]+)*(?:class|trait|interface|object|record|enum)\b/gm)?.length ?? 0;
  const at = text.lastIndexOf("}");
  if (classes !== 1 || closingLines(code) !== 1 || !/^\}\s*(?:\?>\s*)?$/.test(text.slice(at))) return null;
  return `${text.slice(0, at)}${lines.join("\n")}\n}\n`;
}

/** Lines that begin with a closing bracket: what stands at the top of the file ends with one each. */
const closingLines = (code: string): number => code.match(/^\}/gm)?.length ?? 0;

function before(text: string, mark: RegExp, added: string): string {
  const at = mark.exec(text)?.index ?? text.length;
  return `${text.slice(0, at)}\n${added}${text.slice(at)}`;
}
