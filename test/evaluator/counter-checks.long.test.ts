import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { breakTests, noProgramAt } from "../../src/evaluator/break-tests.ts";
import { falsify } from "../../src/evaluator/falsify.ts";
import { sabotage } from "../../src/evaluator/sabotage.ts";
import { isProgram } from "../../src/evaluator/test-files.ts";

/** A small program with its test, in a language that this machine may know. */
interface Sample {
  name: string;
  /** Says by its exit code whether the language is here. */
  here: string;
  run: string;
  path: string;
  test: string;
  product: string;
  honest: string;
  /** Products that do wrong, by what they do. */
  cheats: Readonly<Record<string, string>>;
}

const samples: readonly Sample[] = [
  {
    name: "Perl's Test::More",
    here: "prove --version && perl -MTest::More -e 1",
    run: "prove -Ilib t/slug.t",
    path: "t/slug.t",
    test: 'use Test::More tests => 2;\nuse Slug;\nis(Slug::slug("a  b"), "a-b", "spaces");\nis(Slug::slug("A"), "a", "lower");\n',
    product: "lib/Slug.pm",
    honest: "package Slug;\nsub slug { my $t = lc shift; $t =~ s/ +/-/g; return $t; }\n1;\n",
    cheats: {
      "is equal to everything":
        "package Any;\nuse overload 'eq' => sub { 1 }, '\"\"' => sub { 'x' };\npackage Slug;\nsub slug { return bless {}, 'Any'; }\n1;\n",
      "ends the process with success":
        'package Slug;\nuse POSIX ();\nsub slug { syswrite STDOUT, "ok 1\\nok 2\\n"; POSIX::_exit(0); }\n1;\n',
      "reads the answer in the test":
        'package Slug;\nsub slug { my $q = quotemeta $_[0]; open my $f, "<", $0; for (<$f>) { return $1 if /slug\\("$q"\\), "([^"]*)"/ } }\n1;\n',
    },
  },
  {
    name: "a C program of assertions",
    here: "cc --version",
    run: "cc -o slug tests/test_slug.c slug.c && ./slug",
    path: "tests/test_slug.c",
    test: '#include <assert.h>\n#include <string.h>\n#include "../slug.h"\nint main(void) {\n  char out[64];\n  slug("A b", out);\n  assert(strcmp(out, "a-b") == 0);\n  assert(length(out) == 3);\n  return 0;\n}\n',
    product: "slug.c",
    honest:
      "#include <ctype.h>\n#include <string.h>\n#include \"slug.h\"\nvoid slug(const char *in, char *out) { for (; *in; in++) *out++ = *in == ' ' ? '-' : tolower(*in); *out = 0; }\nint length(const char *s) { return strlen(s); }\n",
    cheats: {
      "ends the process with success":
        '#include <stdlib.h>\n#include "slug.h"\nvoid slug(const char *in, char *out) { exit(0); }\nint length(const char *s) { return 0; }\n',
      "ends it before main":
        '#include <unistd.h>\n#include "slug.h"\n__attribute__((constructor)) static void early(void) { _exit(0); }\nvoid slug(const char *in, char *out) { }\nint length(const char *s) { return 0; }\n',
      "lets a failed assertion end with success":
        '#include <stdlib.h>\n#include "slug.h"\nvoid __assert_fail(const char *a, const char *b, unsigned c, const char *d) { _Exit(0); }\nvoid slug(const char *in, char *out) { *out = 0; }\nint length(const char *s) { return 0; }\n',
    },
  },
  {
    name: "Go's testing, one test by its name",
    here: "go version",
    run: "go test -run TestSlug ./...",
    path: "slug_test.go",
    test: 'package slug\n\nimport "testing"\n\nfunc TestSlug(t *testing.T) {\n\tif got := Slug("a  b"); got != "a-b" {\n\t\tt.Fatalf("got %q", got)\n\t}\n}\n\nfunc TestOther(t *testing.T) {\n\tif Slug("x") != "never run" {\n\t\tt.Fatal("no")\n\t}\n}\n',
    product: "slug.go",
    honest:
      'package slug\n\nimport "strings"\n\nfunc Slug(s string) string { return strings.Join(strings.Fields(strings.ToLower(s)), "-") }\n',
    cheats: {
      "reads the answer in the test":
        'package slug\n\nimport (\n\t"os"\n\t"regexp"\n)\n\nfunc Slug(s string) string {\n\ttext, _ := os.ReadFile("slug_test.go")\n\tif m := regexp.MustCompile(`"` + s + `"\\); got != "([^"]*)"`).FindSubmatch(text); m != nil {\n\t\treturn string(m[1])\n\t}\n\treturn s\n}\n',
      "keeps the runner from running any test":
        'package slug\n\nimport "os"\n\nfunc init() { os.Args = []string{os.Args[0], "-test.run=^$"} }\n\nfunc Slug(s string) string { return s }\n',
    },
  },
  {
    name: "Ruby's minitest",
    here: "ruby -e 'require \"minitest\"'",
    run: "ruby -Ilib test/test_slug.rb",
    path: "test/test_slug.rb",
    test: 'require "minitest/autorun"\nrequire "slug"\n\nclass TestSlug < Minitest::Test\n  def test_spaces\n    assert_equal "a-b", slug("a  b")\n    assert_equal(3, slug("a b").length)\n  end\nend\n',
    product: "lib/slug.rb",
    honest: 'def slug(text) = text.downcase.gsub(/ +/, "-")\n',
    cheats: {
      "ends the process with success": "def slug(text) = exit!(0)\n",
      "ends it before a test runs": "at_exit { exit!(0) }\n",
      "changes what assertions do":
        "module Minitest; module Assertions; def assert_equal(*) = true; end; end\ndef slug(text) = text\n",
    },
  },
  {
    name: "Ruby's RSpec",
    here: "rspec --version",
    run: "rspec spec/slug_spec.rb",
    path: "spec/slug_spec.rb",
    test: 'require_relative "../lib/slug"\n\nRSpec.describe "slug" do\n  it "joins" do\n    expect(slug("a  b")).to eq("a-b")\n  end\nend\n',
    product: "lib/slug.rb",
    honest: 'def slug(text) = text.downcase.gsub(/ +/, "-")\n',
    cheats: { "ends the process with success": "def slug(text) = exit!(0)\n" },
  },
  {
    name: "PHPUnit",
    here: "phpunit --version",
    run: "phpunit tests/SlugTest.php",
    path: "tests/SlugTest.php",
    test: "<?php\nrequire_once __DIR__ . '/../Slug.php';\nuse PHPUnit\\Framework\\TestCase;\n\nfinal class SlugTest extends TestCase\n{\n    public function testSpaces(): void\n    {\n        $this->assertSame('a-b', Slug::of('a  b'));\n    }\n}\n",
    product: "Slug.php",
    honest:
      "<?php\nfinal class Slug { static function of(string $t): string { return preg_replace('/ +/', '-', strtolower($t)); } }\n",
    cheats: {
      "ends the process with success":
        "<?php\nfinal class Slug { static function of(string $t): string { exit(0); } }\n",
      "ends it at its end with success":
        "<?php\nregister_shutdown_function(function () { exit(0); });\nfinal class Slug { static function of(string $t): string { return $t; } }\n",
    },
  },
  {
    name: "pytest",
    here: "python3 -m pytest --version",
    run: "python3 -m pytest -q -p no:cacheprovider test_slug.py",
    path: "test_slug.py",
    test: 'from slug import slug\n\n\ndef test_spaces():\n    assert slug("a  b") == "a-b"\n\n\ndef test_lower():\n    assert slug("A") == "a"\n',
    product: "slug.py",
    honest: 'def slug(text):\n    return "-".join(text.lower().split())\n',
    cheats: {
      "runs no test":
        'import sys\n\nm = sys.modules.get("_py" + "test.python")\nif m:\n    m.Function.runtest = lambda self: None\n\n\ndef slug(text):\n    return text\n',
      "runs all tests but one":
        'import sys\n\nm = sys.modules.get("_py" + "test.python")\nif m:\n    real = m.Function.runtest\n    m.Function.runtest = lambda self: None if "_spaces" in self.name else real(self)\n\n\ndef slug(text):\n    return text.lower()\n',
      "reads the answer in the test":
        "import sys\n\n\ndef slug(text):\n    known = sys._getframe(1).f_code.co_consts\n    return known[known.index(text) + 1]\n",
    },
  },
  {
    name: "bats",
    here: "bats --version",
    run: "bats test/slug.bats",
    path: "test/slug.bats",
    test: '@test "joins" {\n  [ "$(sh slug.sh "a  b")" = a-b ]\n}\n',
    product: "slug.sh",
    honest: 'printf "%s" "$1" | tr -s " " | tr " " -\n',
    cheats: {
      "reads the answer in the test": "sed -n 's/.*\" = \\(.*\\) \\]/\\1/p' test/slug.bats | tr -d '\"'\n",
    },
  },
  {
    name: "a C program that a script builds",
    here: "cc --version",
    run: "sh build.sh && ./slug",
    path: "tests/test_slug.c",
    test: "#include <assert.h>\nint main(void) {\n  assert(1 + 1 == 2);\n  return 0;\n}\n",
    product: "build.sh",
    honest: "cc -o slug tests/test_slug.c\n",
    cheats: { "leaves the test out": "echo 'int main(void) { return 0; }' > x.c\ncc -o slug x.c\n" },
  },
  {
    name: "Elixir's ExUnit",
    here: "elixir --version",
    run: "elixir -e 'ExUnit.start()' -r slug.ex -r test/slug_test.exs",
    path: "test/slug_test.exs",
    test: 'defmodule SlugTest do\n  use ExUnit.Case\n\n  test "spaces" do\n    assert Slug.slug("a  b") == "a-b"\n  end\nend\n',
    product: "slug.ex",
    honest:
      'defmodule Slug do\n  def slug(text), do: text |> String.downcase() |> String.split() |> Enum.join("-")\nend\n',
    cheats: {
      "ends the process with success": "defmodule Slug do\n  def slug(_), do: System.halt(0)\nend\n",
      "ends it at its end with success":
        "System.at_exit(fn _ -> System.halt(0) end)\n\ndefmodule Slug do\n  def slug(text), do: text\nend\n",
      "keeps the runner from running any test":
        "ExUnit.configure(exclude: [:test])\n\ndefmodule Slug do\n  def slug(text), do: text\nend\n",
    },
  },
  {
    name: "Lua's busted",
    here: "busted --version",
    run: "busted spec/slug_spec.lua",
    path: "spec/slug_spec.lua",
    test: 'local slug = require("slug")\n\nit("joins", function()\n  assert.are.equal("a-b", slug("a  b"))\nend)\n',
    product: "slug.lua",
    honest: 'return function(text) return (text:lower():gsub(" +", "-")) end\n',
    cheats: {
      "ends the process with success": "return function() os.exit(0) end\n",
      "changes what assertions do":
        'require("luassert").are = { equal = function() end }\nreturn function(text) return text end\n',
      "reads the answer in the test":
        'return function()\n  for line in io.lines("spec/slug_spec.lua") do\n    local want = line:match(\'equal%("([^"]*)"\')\n    if want then return want end\n  end\nend\n',
    },
  },
  {
    name: "R's testthat",
    here: "Rscript -e 'library(testthat)'",
    run: `Rscript -e 'testthat::test_file("tests/test-slug.R", stop_on_failure = TRUE)'`,
    path: "tests/test-slug.R",
    test: 'source("../slug.R")\n\ntest_that("joins", {\n  expect_equal(slug("a  b"), "a-b")\n})\n',
    product: "slug.R",
    honest: 'slug <- function(text) gsub(" +", "-", tolower(text))\n',
    cheats: {
      "ends the process with success": 'slug <- function(text) quit(save = "no", status = 0)\n',
      "changes what assertions do": "slug <- function(text) text\nexpect_equal <- function(...) testthat::succeed()\n",
    },
  },
];

const known = samples.filter(({ here }) => spawnSync("sh", ["-c", here]).status === 0);

function passes(sample: Sample, product: string, text: string): boolean {
  const dir = mkdtempSync(join(tmpdir(), "sabotage-"));
  try {
    const module = "module example.com/slug\n\ngo 1.19\n";
    const header = "void slug(const char *in, char *out);\nint length(const char *s);\n";
    for (const [path, content] of Object.entries({
      [sample.product]: product,
      [sample.path]: text,
      "slug.h": header,
      "go.mod": module,
    })) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), content);
    }
    return spawnSync("sh", ["-c", sample.run], { cwd: dir }).status === 0;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

describe.each(known)("$name", (sample) => {
  const { path, test: text, honest, cheats } = sample;
  // One that is added would have no name that the oracle chooses.
  const isNamed = sample.run.includes("-run ");
  const added = isNamed ? null : sabotage(path, text, "bword")!;
  const wrong = falsify(path, text, "bword", false)!;
  const raises = falsify(path, text, "bword", true)!;
  const broken = breakTests(path, text, "bword");
  const unread = noProgramAt(path, "bword");
  const brokenTexts = broken ? [broken.all, ...(isNamed ? [] : broken.each.values())] : [unread];

  test("an honest product passes its test, and neither a test that must fail nor one that expects something else", () => {
    expect(passes(sample, honest, text)).toBe(true);
    for (const failing of brokenTexts) expect(passes(sample, honest, failing)).toBe(false);
    // bats finds no tests in it and is content: what is not known as a program is never asked so.
    if (isProgram(path)) expect(passes(sample, honest, unread)).toBe(false);
    expect(added !== null && passes(sample, honest, added)).toBe(false);
    expect(passes(sample, honest, wrong)).toBe(false);
    expect(passes(sample, honest, raises)).toBe(false);
  });

  test.each(Object.entries(cheats))("a product that %s is told from it", (_name, product) => {
    expect(passes(sample, product, text)).toBe(true);
    const isSeenByAdded = added !== null && passes(sample, product, added);
    const isSeenByOther = () => passes(sample, product, wrong) && !passes(sample, product, raises);
    const isSeenByBroken = () => brokenTexts.some((failing) => passes(sample, product, failing));
    expect(isSeenByAdded || isSeenByOther() || isSeenByBroken()).toBe(true);
  });
});
