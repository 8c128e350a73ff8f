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
const endsItself: Partial<Record<TestLanguage["name"], RegExp>> = {
  ruby: /^\s*(?:exit|abort)\b/m,
  php: /^\s*(?:exit|die)\b/m,
  perl: /^\s*exit\b|\bBAIL_OUT\b/m,
};

/**
 * The file of tests with one more that must fail; null where the language is not among these, or where to put it cannot be
 * told. `code` is the text without comments, `word` a random one.
 */
export function sabotageMore(name: TestLanguage["name"], text: string, code: string, word: string): string | null {
  if (endsItself[name]?.test(code)) return null;
  switch (name) {
    case "ruby":
      return sabotageRuby(text, code, word);
    case "php":
      return sabotagePhp(text, code, word);
    case "jvm":
      return sabotageJvm(text, code, word);
    case "perl":
      return /\bTest::(?:More|Simple|Most)\b|\bTest2::V\d\b/.test(code)
        ? before(text, /^__(?:END|DATA)__$/m, `ok(0, "${word}");\n`)
        : null;
    case "c":
      return sabotageC(text, code, word);
    case "shell":
      return /^@test\b/m.test(code) ? `${text.trimEnd()}\n\n@test "${word}" {\n  (exit 97)\n}\n` : null;
    default:
      return null;
  }
}

function sabotageRuby(text: string, code: string, word: string): string | null {
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

function sabotagePhp(text: string, code: string, word: string): string | null {
  if (!/\bextends\s+\\?[\w\\]*TestCase\b/.test(code))
    return /^\s*(?:it|test)\(/m.test(code)
      ? `${text.trimEnd()}\ntest("${word}", function () { throw new \\RuntimeException("${word}"); });\n`
      : null;
  const ways = usedWays(phpAsserts, code, word).map((way) => `function () { ${way}; }`);
  return intoLastClass(text, [
    `public function testZz${word}(): void {`,
    `foreach ([${ways.join(", ")}] as $way) { try { $way(); } catch (\\Throwable $fell) { continue; } return; }`,
    `throw new \\RuntimeException("${word}"); }`,
  ]);
}

function sabotageJvm(text: string, code: string, word: string): string | null {
  if (!/@Test\b/.test(code)) return null;
  const prefix = /\b(Assert(?:ions)?)\.assert\w+\(/.exec(code)?.[1];
  const tries = usedWays(jvmAsserts, code, word).map((way) => `${prefix ? `${prefix}.` : ""}${way}`);
  const isKotlin = /^\s*(?:\w+\s+)*fun\s/m.test(code);
  return intoLastClass(
    text,
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

/** Frameworks get one more test; a program that returns 0 at its end falls before that. */
function sabotageC(text: string, code: string, word: string): string | null {
  if (/^\s*TEST(?:_F|_P)?\s*\(/m.test(code)) return `${text}\nTEST(Zz${word}, Zz) { FAIL(); }\n`;
  if (/^\s*TEST_CASE\s*\(/m.test(code)) return `${text}\nTEST_CASE("${word}") { FAIL("${word}"); }\n`;
  if (!/\bmain\s*\(/.test(code)) return null;
  const ends = [...text.matchAll(/^[ \t]*return\s+(?:0|EXIT_SUCCESS)\s*;/gm)];
  const last = ends.at(-1);
  return last ? `${text.slice(0, last.index)}__builtin_trap();\n${text.slice(last.index)}` : null;
}

/** Behind the last member of the last class; null where the text ends otherwise. */
function intoLastClass(text: string, lines: readonly string[]): string | null {
  const at = text.lastIndexOf("}");
  return at < 0 || !/^\}\s*(?:\?>\s*)?$/.test(text.slice(at)) ? null : `${text.slice(0, at)}${lines.join("\n")}\n}\n`;
}

function before(text: string, mark: RegExp, added: string): string {
  const at = mark.exec(text)?.index ?? text.length;
  return `${text.slice(0, at)}\n${added}${text.slice(at)}`;
}
