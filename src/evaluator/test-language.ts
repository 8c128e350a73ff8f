/** What the ratchet reads out of one language's tests. All patterns are global and run on text without comments. */
export interface TestLanguage {
  name:
    | "js"
    | "python"
    | "go"
    | "rust"
    | "jvm"
    | "ruby"
    | "php"
    | "perl"
    | "c"
    | "shell"
    | "elixir"
    | "csharp"
    | "swift"
    | "dart"
    | "r";
  hash: boolean;
  /** Group 1 (or 2) is the title of a test. */
  title: RegExp;
  /** Markers that keep a test from running, or from counting. */
  skip: RegExp;
  /** Markers that keep all other tests from running. */
  focus: RegExp | null;
  assertion: RegExp;
  tautology: RegExp;
  /** Ends the process or the test with success before its assertions. */
  escape: RegExp;
  /** Group 1 names what is replaced by a mock. */
  mock: RegExp | null;
}

const js: TestLanguage = {
  name: "js",
  hash: false,
  title:
    /(?<![\w$.])(?:[fx]?(?:it|test|specify)|Deno\.test|t\.test)(?:\.(?:skip|only|todo|concurrent|sequential|fails|failing|serial|each(?:\([^)]*\)|`[^`]*`)?|(?:skipIf|runIf)\([^)]*\)))*\s*\(\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|`((?:[^`\\]|\\.)*)`)/g,
  skip: /(?<![\w$])(?:x(?:it|describe|test|context|specify)\s*\(|(?:it|test|describe|suite|context|specify|bench|t)\.(?:concurrent\.)?(?:skip|todo|fails|failing|fixme)\b|(?:it|test|describe|suite)\.(?:skipIf|runIf)\b|(?:it|test|describe|suite|context|specify)\s*\((?:[^()"'`]*,|\s*(?:"[^"\n]*"|'[^'\n]*'|`[^`]*`)\s*,)\s*\{[^{}]*?\b(?:skip|todo)\b\s*(?!:\s*(?:false|undefined)\b)[:,}]|this\.skip\s*\(|(?:ctx|context)\.skip\s*\()/g,
  focus:
    /(?<![\w$])(?:f(?:it|describe|context)\s*\(|(?:it|test|describe|suite|context|specify|t)\.(?:concurrent\.)?only\b|(?:it|test|describe|suite|context|specify)\s*\([^()"'`]*(?:"[^"\n]*"|'[^'\n]*'|`[^`]*`)\s*,\s*\{[^{}]*?\bonly\s*:\s*true)/g,
  assertion:
    /(?<![\w$.])(?:expect(?:\.soft|TypeOf)?\s*\(|assert(?:\.[\w.]+)?\s*\(|(?:t|assert|chai|tap|should)\.(?:is|not|deepEqual|true|false|truthy|falsy|throws|equal|equals|same|ok|notOk|match|rejects|resolves|like|snapshot|strictEqual|notEqual|fail|exactly|assert\.\w+)\s*\()|\.should\.\w/g,
  tautology:
    /expect\s*\(\s*(true|false|null|undefined|\d+|"[^"]*"|'[^']*')\s*\)\s*\.(?:resolves\.)?to(?:Be|Equal|StrictEqual)\s*\(\s*\1\s*\)|expect\s*\(\s*true\s*\)\s*\.(?:toBeTruthy|toBeDefined)|expect\s*\(\s*([\w$.]+)\s*\)\s*\.to(?:Be|Equal|StrictEqual|MatchObject)\s*\(\s*\2\s*\)|assert(?:\.ok|\.isTrue)?\s*\(\s*(?:true|1|!0|!false)\s*[,)]|assert\.(?:strictEqual|equal|deepEqual|deepStrictEqual|is)\s*\(\s*([\w$."'`]+)\s*,\s*\3\s*[,)]|\bt\.(?:pass|true\s*\(\s*true|is\s*\(\s*([\w$."']+)\s*,\s*\4\s*[,)])|expect\s*\([^()]*\)\s*\.(?:not\.)?toBeDefined\s*\(\s*\)\s*\|\|\s*true/g,
  escape:
    /process\.exit(?:Code\s*=\s*0|\s*\(\s*0?\s*\))|process\.reallyExit|process\.on\s*\(\s*["']exit["']|catch\s*(?:\([^)]*\))?\s*\{\s*\}/g,
  mock: /(?:(?:jest|vi|vitest)\.(?:mock|doMock|unstable_mockModule)|mock\.module|td\.replace|proxyquire)\s*\(\s*(?:import\s*\(\s*)?["'`]([^"'`]+)["'`]/g,
};

const python: TestLanguage = {
  name: "python",
  hash: true,
  title: /^[ \t]*(?:async[ \t]+)?def[ \t]+(test\w*)[ \t]*\(/gm,
  skip: /@(?:pytest\.mark\.(?:skip|skipif|xfail)|unittest\.(?:skip|skipIf|skipUnless|expectedFailure))\b|\bpytest\.(?:skip|xfail|importorskip)\s*\(|\bself\.skipTest\s*\(|raise\s+(?:unittest\.)?SkipTest/g,
  focus: null,
  assertion: /^[ \t]*assert\b|\bself\.(?:assert\w+|fail)\s*\(|\bpytest\.(?:raises|warns|approx)\b/gm,
  tautology:
    /\bassert\s+(?:True|1|not False|\(?["'][^"']+["']\)?)\s*(?:,.*)?$|\bassert\s+([\w.]+)\s*==\s*\1\s*$|assertTrue\(\s*True\s*[,)]|assertEqual\(\s*([\w."']+)\s*,\s*\2\s*\)|\bassert\b.*\bor\s+True\s*$/gm,
  escape:
    /\b(?:sys|os)\._?exit\s*\(\s*0?\s*\)|\bpytest\.exit\s*\(|except(?:\s+\w*(?:Exception|Error))?\s*:\s*\n?\s*pass\b/g,
  mock: /(?:mock\.)?patch(?:\.object)?\s*\(\s*["']?([\w.]+)["']?/g,
};

const go: TestLanguage = {
  name: "go",
  hash: false,
  title: /^func[ \t]+((?:Test|Example|Fuzz)\w*)\s*\(|\bt\.Run\(\s*"((?:[^"\\]|\\.)*)"/gm,
  skip: /\bt\.(?:Skip|Skipf|SkipNow)\s*\(|^\/\/go:build\s+ignore/gm,
  focus: null,
  assertion: /\bt\.(?:Error|Errorf|Fatal|Fatalf|Fail|FailNow)\s*\(|\b(?:assert|require)\.\w+\s*\(/g,
  tautology:
    /\b(?:assert|require)\.True\(\s*t,\s*true\b|\b(?:assert|require)\.Equal\(\s*t,\s*([\w."]+),\s*\1\s*[,)]|\bif\s+(?:false|1\s*!=\s*1)\s*\{/g,
  escape: /\bos\.Exit\(\s*0\s*\)|\brecover\(\s*\)/g,
  mock: null,
};

const rust: TestLanguage = {
  name: "rust",
  hash: false,
  title: /#\[(?:tokio::|async_std::)?test[^\]]*\](?:\s*#\[[^\]]*\])*\s*(?:pub\s+)?(?:async\s+)?fn\s+(\w+)/g,
  skip: /#\[ignore\b|#\[cfg\((?:any\(\)|not\(test\))\)\]/g,
  focus: null,
  assertion: /\b(?:debug_)?assert(?:_eq|_ne|_matches)?!\s*\(|\bpanic!\s*\(|#\[should_panic/g,
  tautology: /\bassert!\(\s*true\b|\bassert_eq!\(\s*([\w."]+)\s*,\s*\1\s*[,)]/g,
  escape: /\bprocess::exit\(\s*0\s*\)/g,
  mock: null,
};

const jvm: TestLanguage = {
  name: "jvm",
  hash: false,
  title:
    /@(?:Parameterized)?Test\b(?:\([^)]*\))?(?:\s*@\w+(?:\([^)]*\))?)*\s*(?:public\s+|private\s+|suspend\s+)*(?:void|fun)\s+(?:(\w+)|`([^`]+)`)/g,
  skip: /@(?:Disabled|Ignore)\b|\bassumeTrue\s*\(\s*false/g,
  focus: null,
  assertion: /\b(?:assert\w*|verify|fail)\s*\(|\.should\w*\b/g,
  tautology: /\bassertTrue\(\s*true\s*[,)]|\bassertEquals\(\s*([\w."]+)\s*,\s*\1\s*\)/g,
  escape: /\bSystem\.exit\(\s*0\s*\)|catch\s*\([^)]*\)\s*\{\s*\}/g,
  mock: /\bmock\(\s*(\w+)(?:\.class|::class)/g,
};

const ruby: TestLanguage = {
  name: "ruby",
  hash: true,
  title: /^[ \t]*(?:it|specify|test|scenario)[ \t(]+["']([^"'\n]+)["']|^[ \t]*def[ \t]+(test_\w+)/gm,
  skip: /^[ \t]*(?:x(?:it|describe|context|specify)|skip|pending)\b/gm,
  focus: /^[ \t]*f(?:it|describe|context)\b|,\s*(?::focus\b|focus:\s*true)/gm,
  assertion: /\bexpect\b|\bassert\w*\b|\brefute\w*\b|\.should\b/g,
  tautology: /expect\(\s*true\s*\)\.to\s+(?:be\s+true|eq\(?\s*true)|\bassert\s+true\b/g,
  escape: /\bexit!?\s*\(?\s*(?:0|true)\b/g,
  mock: null,
};

const php: TestLanguage = {
  name: "php",
  hash: true,
  title: /\bfunction\s+(test\w+)\s*\(|\b(?:it|test)\(\s*["']([^"']+)["']/g,
  skip: /\bmarkTest(?:Skipped|Incomplete)\s*\(|->(?:skip|todo)\s*\(/g,
  focus: /->only\s*\(/g,
  assertion: /(?:\$this->|self::|static::)(?:assert\w+|expect\w+)\s*\(|\bexpect\s*\(/g,
  tautology: /assertTrue\(\s*true\s*[,)]|assertSame\(\s*(["'\w$]+)\s*,\s*\1\s*\)/g,
  escape: /\bexit\s*\(\s*0?\s*\)/g,
  mock: null,
};

const perl: TestLanguage = {
  name: "perl",
  hash: true,
  title:
    /\b(?:ok|is|isnt|like|unlike|is_deeply|cmp_ok|isa_ok|can_ok|subtest|lives_ok|throws_ok|dies_ok)\b[^;\n]{0,300}?,[ \t]*(?:"([^"\n]+)"|'([^'\n]+)')[ \t]*\)?[ \t]*;/g,
  skip: /\bskip_all\b|^\s*(?:SKIP|TODO)\s*:|\$TODO\b|\btodo_skip\b/gm,
  focus: null,
  assertion:
    /(?<![\w$@%>:])(?:ok|is|isnt|like|unlike|is_deeply|cmp_ok|isa_ok|can_ok|lives_ok|throws_ok|dies_ok|pass|fail)[ \t]*\(/g,
  tautology: /(?<![\w$@%>:])is[ \t]*\(\s*([\w$"']+)\s*,\s*\1\s*[,)]/g,
  escape: /\b_exit\s*\(/g,
  mock: null,
};

const c: TestLanguage = {
  name: "c",
  hash: false,
  title:
    /\b(?:(?:TEST(?:_F|_P)?|START_TEST)\s*\(\s*(\w+(?:\s*,\s*\w+)?)|(?:TEST_CASE|SCENARIO)\s*\(\s*"([^"\n]+)")|^(?:static[ \t]+)?(?:void|int)[ \t]+(test_\w+)(?=[ \t]*\()/gm,
  skip: /\bGTEST_SKIP\b|\bDISABLED_|\[\.\]|\bTEST_IGNORE\b|^\s*#\s*if\s+0\b/gm,
  focus: null,
  assertion: /\b\w{0,40}(?:assert|ASSERT|CHECK|REQUIRE|EXPECT)\w{0,40}\s*\(/g,
  tautology: /\b(?:assert|ASSERT_TRUE|EXPECT_TRUE|CHECK|REQUIRE)\s*\(\s*(?:1|true)\s*\)/g,
  escape: /^\s*#\s*(?:undef|define)\s+(?:assert|NDEBUG)\b/gm,
  mock: null,
};

const shell: TestLanguage = {
  name: "shell",
  hash: true,
  title: /^@test\s+(?:"([^"\n]+)"|'([^'\n]+)')/gm,
  skip: /^[ \t]*skip\b/gm,
  focus: null,
  assertion: /^[ \t]*(?:!\s*)?(?:\[\[?[ \t]|test[ \t]|assert\w*\b|refute\w*\b|grep\b|diff\b|cmp\b)/gm,
  tautology: /^[ \t]*\[ (\S+) = \1 \][ \t]*$/gm,
  // Stubs that a test writes end so, and what is cleaned up may fail: here an early end is left to the counter-checks.
  escape: /(?!)/g,
  mock: null,
};

const elixir: TestLanguage = {
  name: "elixir",
  hash: true,
  title: /^[ \t]*(?:test|property)[ \t(]+"((?:[^"\\\n]|\\.)+)"/gm,
  skip: /@(?:module|describe)?tag[ \t(]+(?::skip\b|skip:\s*(?!false\b|nil\b))|\bExUnit\.configure\b[^\n]*\bexclude:/g,
  focus: /\bExUnit\.configure\b[^\n]*\bonly_test_ids:/g,
  assertion: /(?<![\w.:@])(?:assert|refute)\w*\b|(?<![\w.])flunk\b/g,
  tautology:
    /\bassert[ \t]*\(?[ \t]*(?:true|1|:ok)[ \t]*\)?[ \t]*$|\bassert[ \t]*\(?[ \t]*([\w."]+)[ \t]*==[ \t]*\1[ \t]*\)?[ \t]*$/gm,
  escape: /\bSystem\.(?:halt|stop)\b|:erlang\.halt\b|\brescue[ \t]*\n?[ \t]*_[ \t]*->[ \t]*(?::ok|nil)\b/g,
  mock: null,
};

const csharp: TestLanguage = {
  name: "csharp",
  hash: false,
  title:
    /\[(?:Fact|Theory|Test|TestCase|TestMethod|DataTestMethod)\b[^\]]*\](?:\s*\[[^\]]*\])*\s*(?:(?:public|private|internal|static|async|virtual|override)\s+)*[\w<>.]+\s+(\w+)\s*\(/g,
  skip: /\[(?:Fact|Theory)\s*\([^)\]]*\bSkip\s*=|\[(?:Ignore|Explicit)\b|\bAssert\.(?:Ignore|Inconclusive|Skip)\w*\s*\(/g,
  focus: null,
  assertion: /\bAssert\.\w+(?:<[^>]*>)?\s*\(|\.Should\w*\s*\(/g,
  tautology:
    /\bAssert\.(?:True|IsTrue)\s*\(\s*true\s*[,)]|\bAssert\.(?:Equal|AreEqual|Same)\s*\(\s*([\w."]+)\s*,\s*\1\s*[,)]|\bAssert\.Pass\s*\(/g,
  escape: /\bEnvironment\.Exit\s*\(\s*0\s*\)|catch\s*(?:\([^)]*\))?\s*\{\s*\}/g,
  mock: /\b(?:new\s+Mock|Substitute\.For|A\.Fake)<(\w+)>/g,
};

const swift: TestLanguage = {
  name: "swift",
  hash: false,
  title:
    /@Test\b(?:\([^)]*\))?\s*(?:(?:public|static|private)\s+)*func\s+(\w+)|^[ \t]*(?:override[ \t]+)?func[ \t]+(test\w*)[ \t]*\(/gm,
  skip: /\bXCTSkip(?:If\s*\(\s*true\b|Unless\s*\(\s*false\b|\s*\()|\.disabled\s*\(/g,
  focus: null,
  assertion: /\bXCT(?:Assert\w*|Fail|Unwrap)\s*\(|#(?:expect|require)\b|\bexpect\s*\(/g,
  tautology:
    /\bXCTAssert(?:True)?\(\s*true\s*[,)]|\bXCTAssertEqual\(\s*([\w."]+)\s*,\s*\1\s*[,)]|#expect\(\s*(?:true|Bool\(true\))\s*\)/g,
  escape: /\bexit\s*\(\s*(?:0|EXIT_SUCCESS)\s*\)|\bcatch\s*\{\s*\}/g,
  mock: null,
};

const dart: TestLanguage = {
  name: "dart",
  hash: false,
  title: /(?<![\w$.])(?:test|testWidgets)\s*\(\s*(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)")/g,
  skip: /\bskip\s*:\s*(?!false\b|null\b)|@Skip\b|\bmarkTestSkipped\s*\(/g,
  focus: /\bsolo\s*:\s*true|\bsolo_test\s*\(/g,
  assertion: /(?<![\w$.])(?:expect(?:Later|Async\d?)?|fail)\s*\(/g,
  tautology: /\bexpect\(\s*true\s*,\s*(?:true|isTrue)\s*\)|\bexpect\(\s*([\w.'"]+)\s*,\s*\1\s*\)/g,
  escape: /\bexit\s*\(\s*0\s*\)|\bcatch\s*\([^)]*\)\s*\{\s*\}/g,
  mock: null,
};

const r: TestLanguage = {
  name: "r",
  hash: true,
  title: /\b(?:test_that|it)\(\s*(?:"((?:[^"\\\n]|\\.)+)"|'((?:[^'\\\n]|\\.)+)')/g,
  skip: /\bskip\s*\(|\bskip_if\s*\(\s*TRUE\b/g,
  focus: null,
  assertion: /\bexpect_\w+\s*\(|\bstopifnot\s*\(/g,
  tautology: /\bexpect_true\(\s*TRUE\s*\)|\bexpect_(?:equal|identical)\(\s*([\w."]+)\s*,\s*\1\s*\)|\bsucceed\s*\(/g,
  escape: /\b(?:quit|q)\s*\(/g,
  mock: /\b(?:local|with)_mocked_bindings\(\s*(\w+)\s*=/g,
};

/** What stands behind a path's last dot, in lower case; empty for none. */
export function extensionOf(path: string): string {
  return /\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
}

/** The language of a path's tests, or null when the ratchet can only count the file. */
export function testLanguageOf(path: string): TestLanguage | null {
  const extension = extensionOf(path);
  if (/^[cm]?[jt]sx?$|^vue$|^svelte$/.test(extension)) return js;
  return byExtension[extension] ?? null;
}

const byExtension: Readonly<Record<string, TestLanguage>> = {
  ...{ py: python, go, rs: rust, java: jvm, kt: jvm, scala: jvm, rb: ruby, php },
  ...{ t: perl, pl: perl, pm: perl, c, cc: c, cpp: c, cxx: c, h: c, hh: c, hpp: c, bats: shell },
  ...{ ex: elixir, exs: elixir, cs: csharp, swift, dart, r },
};
