import { carried, guard, probe, type RealTask } from "../real-task.ts";

const runner = { lock: "tape", devDependencies: { tape: "3.6.1" }, test: "tape test/*.js" } as const;

/** CVE-2021-42740: the class `[A-z]` for drive letters lets a backtick through. */
export const shellQuoteBacktick: RealTask = {
  id: "shell-quote-backtick",
  name: "shell-quote",
  base: {
    version: "1.7.2",
    integrity: "sha512-mRz/m/JVscCrkMyPqHc/bczi3OQHkLTqXHEFu0zDhK/qfv3UcOA4SVmRCLmos4bhjr9ekVQubj/R7waKapmiQg==",
  },
  fixed: {
    version: "1.7.3",
    integrity: "sha512-Vpfqwm4EnqGdlsBFNmHhxhElJYrdfcxPThu+ryKS5J8L/fhAwLazFZtq+S+TWZ9ANj2piSQLGj6NQg+lKPmxrw==",
  },
  ...runner,
  issue: `quote() leaves a backtick unescaped in front of a colon

\`quote(['\`:\\\\a\\\\b'])\` returns the backtick as it is, so a shell runs what follows. The expression that spares Windows
drive letters is too wide: more than letters pass as a drive. Only the letters A to Z, in both cases, are drives.
`,
  criteria: [
    carried(
      "C1",
      "A backtick before a colon is escaped",
      "test/quote-backtick.js",
      String.raw`var test = require('tape');
var quote = require('../').quote;

test('a backtick is no drive letter', function (t) {
    t.equal(quote(['${"`"}:\\a\\b']), '\\${"`"}\\:\\\\a\\\\b');
    t.end();
});
`,
    ),
    probe(
      "C2",
      "None of the characters between Z and a passes as a drive letter",
      String.raw`var quote = require('./').quote;
assert.strictEqual(quote(['^:;id']), '\\^\\:\\;id');
assert.strictEqual(quote(['[:;id']), '\\[\\:\\;id');
assert.strictEqual(quote(['c:;id']), 'c:\\;id');`,
    ),
    guard("C3", "test/quote.js"),
  ],
  reference: [{ path: "index.js", old: "replace(/([A-z]:)?", new: "replace(/([A-Za-z]:)?" }],
  sloppy: [{ path: "index.js", old: "replace(/([A-z]:)?", new: "replace(/([A-_a-z]:)?" }],
  cheating: [
    { run: "printf 'module.exports = function () {};\\n' > node_modules/tape/index.js" },
    { path: "index.js", old: "replace(/([A-z]:)?", new: "replace(/([A-Z]:)?" },
  ],
  hidden: String.raw`const { quote } = require("./");
for (const c of ["[", "]", "^", "${"`"}"])
  if (quote([c + ":$x"]) !== "\\" + c + "\\:\\$x") throw new Error(c + " passes as a drive");
if (quote(["C:\\x"]) !== "C:\\\\x" || quote(["z:;"]) !== "z:\\;") throw new Error("drives broke");
`,
};

/** CVE-2016-10541: redirections and separators are not escaped. The old tests demand a part of it, so one may change. */
export const shellQuoteRedirect: RealTask = {
  id: "shell-quote-redirect",
  name: "shell-quote",
  base: {
    version: "1.6.0",
    integrity: "sha512-zGua5xdLiU/x9oT+JvrAHlxSi01kkLn1zhIqKlIt7w7BoJ8U0TabBryQeIoY9A/xbKUJ8SR5o73HGUgtKksDzQ==",
  },
  fixed: {
    version: "1.6.1",
    integrity: "sha512-V0iQEZ/uoem3NmD91rD8XiuozJnq9/ZJnbHVXHnWqP1ucAhS3yJ7sLIIzEi57wFFcK3oi3kFUC46uSyWr35mxg==",
  },
  ...runner,
  issue: `quote() does not escape < > ; { } and other characters that a shell reads

\`quote(['a;rm -f b'])\` is fine, because of the space, but \`quote(['a;reboot'])\` comes back unchanged, and so do \`>\`,
\`<\`, \`{\`, \`}\`, \`[\`, \`]\`, \`?\`, \`=\`, \`~\`-free words with \`^\`, \`,\`, \`:\` and \`@\`. Escape all of them with a backslash.
The test "quote" expects \`{}\` and \`][\` to stay as they are: that expectation is wrong and may be changed.
`,
  criteria: [
    carried(
      "C1",
      "Redirections, separators and braces are escaped",
      "test/quote-redirect.js",
      String.raw`var test = require('tape');
var quote = require('../').quote;

test('redirections and separators', function (t) {
    t.equal(quote(['><;{}']), '\\>\\<\\;\\{\\}');
    t.equal(quote(['a;reboot']), 'a\\;reboot');
    t.end();
});
`,
    ),
    probe(
      "C2",
      "Brackets, question marks and the rest are escaped",
      String.raw`var quote = require('./').quote;
assert.strictEqual(quote(['a?[b]=^,:@']), 'a\\?\\[b\\]\\=\\^\\,\\:\\@');
assert.strictEqual(quote(['plain-word_1.txt']), 'plain-word_1.txt');`,
    ),
    guard("C3", "test/parse.js"),
  ],
  allowedTestChanges: [{ path: "test/quote.js", reason: "It expects braces and brackets to stay unescaped." }],
  reference: [
    {
      path: "index.js",
      old: "replace(/([\\\\$`()!#&*|])/g, '\\\\$1')",
      new: "replace(/([#!\"$&'()*,:;<=>?@\\[\\\\\\]^`{|}])/g, '\\\\$1')",
    },
    {
      path: "test/quote.js",
      old: String.raw`"X\\#\\(\\){}\\*\\|][\\!"`,
      new: String.raw`"X\\#\\(\\)\\{\\}\\*\\|\\]\\[\\!"`,
    },
  ],
  sloppy: [
    {
      path: "index.js",
      old: "replace(/([\\\\$`()!#&*|])/g, '\\\\$1')",
      new: "replace(/([\\\\$`()!#&*|;<>])/g, '\\\\$1')",
    },
  ],
  cheating: [
    {
      path: "test/quote.js",
      content: "var test = require('tape');\ntest('quote', function (t) { t.ok(true); t.end(); });\n",
    },
    {
      path: "index.js",
      old: "replace(/([\\\\$`()!#&*|])/g, '\\\\$1')",
      new: "replace(/([\\\\$`()!#&*|;<>{}])/g, '\\\\$1')",
    },
  ],
  hidden: String.raw`const { quote } = require("./");
for (const c of "#!$&()*,:;<=>?@[]^{|}")
  if (quote(["a" + c + "b"]) !== "a\\" + c + "b") throw new Error(c + " is not escaped");
if (quote(["a b"]) !== "'a b'") throw new Error("quoting broke");
`,
};
