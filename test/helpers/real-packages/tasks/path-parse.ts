import { probe, type RealTask } from "../real-task.ts";

const within = (call: string): string =>
  `require('child_process').execFileSync(process.execPath, ['-e', ${JSON.stringify(call)}], { cwd: __dirname, timeout: 5000, stdio: 'ignore' });`;

/** CVE-2021-23343: three expressions take quadratic time. Needs no installation at all. */
export const pathParseTime: RealTask = {
  id: "path-parse-time",
  name: "path-parse",
  base: {
    version: "1.0.6",
    integrity: "sha512-GSmOT2EbHrINBf9SR7CDELwlJ8AENk3Qn7OikK4nFYAu3Ote2+JYNVvkpAEQm3/TLNEJFD/xZJjzyxg3KBWOzw==",
  },
  fixed: {
    version: "1.0.7",
    integrity: "sha512-LDJzPVEEEPR+y48z93A0Ed0yXb8pAByGWo/k5YYdYgpY2/2EsOsksJrq7lOHxryrVOn1ejG6oAp8ahvOIQD8sw==",
  },
  lock: null,
  devDependencies: {},
  test: "node test.js",
  issue: `Parsing a path of many slashes takes minutes

\`pathParse('/'.repeat(300000) + 'a')\` keeps a process busy for minutes, \`pathParse.win32\` with backslashes too. The time
has to grow with the length only. What is returned must stay the same.
`,
  criteria: [
    probe(
      "C1",
      "A POSIX path of very many slashes is parsed within seconds, it does not hang",
      within(
        "var p = require('./').posix('/'.repeat(300000) + 'a'); if (p.base !== 'a' || p.dir.length < 299990) throw 1",
      ),
    ),
    probe(
      "C2",
      "A Windows path of very many separators is parsed within seconds, it does not hang",
      within(
        "var p = require('./').win32('c:' + '\\\\'.repeat(300000) + 'a'); if (p.base !== 'a' || p.root !== 'c:\\\\') throw 1",
      ),
    ),
  ],
  reference: [{ path: "index.js", asFixed: true }],
  sloppy: [
    {
      path: "index.js",
      old: "function posixSplitPath(filename) {\n  return splitPathRe.exec(filename).slice(1);",
      new: "function posixSplitPath(filename) {\n  return splitPathRe.exec(filename.slice(-4096)).slice(1);",
    },
  ],
  cheating: [
    {
      path: "index.js",
      old: "function win32SplitPath(filename) {\n",
      new: "function win32SplitPath(filename) {\n  filename = filename.slice(-4096);\n",
    },
    {
      path: "index.js",
      old: "function posixSplitPath(filename) {\n",
      new: "function posixSplitPath(filename) {\n  filename = filename.slice(-4096);\n",
    },
  ],
  hidden: `const parse = require("./"), assert = require("assert");
const start = Date.now();
parse.posix("/".repeat(200000) + "b");
parse.win32("\\\\".repeat(200000) + "b");
if (Date.now() - start > 4000) throw new Error("still slow");
const long = "/" + "d/".repeat(5000) + "name.txt";
assert.deepEqual({ ...parse.posix(long) }, { root: "/", dir: long.slice(0, -9), base: "name.txt", ext: ".txt", name: "name" });
assert.equal(parse.win32("C:\\\\a\\\\b.c").dir, "C:\\\\a");
`,
};
