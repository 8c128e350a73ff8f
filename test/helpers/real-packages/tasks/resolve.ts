import { carried, guard, probe, type RealTask } from "../real-task.ts";

const tests =
  "dotdot faulty_basedir filter filter_sync mock mock_sync module_dir nonstring precedence shadowed_core".split(" ");

const sandboxedHome = `var fs = require('fs');
var os = require('os');
var path = require('path');
var home = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'home-')));
process.env.HOME = home;
function put(folder, name) {
    var dir = path.join(home, folder, name);
    fs.mkdirSync(dir, { recursive: true });
    fs.writeFileSync(path.join(dir, 'index.js'), '');
    return path.join(dir, 'index.js');
}
`;

const paths = `    return [
        path.join(homedir, '.node_modules'),
        path.join(homedir, '.node_libraries')
    ];`;

function edits(file: "sync" | "async"): RealTask["reference"] {
  const first = "var path = require('path');\nvar caller";
  return [
    {
      path: `lib/${file}.js`,
      old: first,
      new: "var getHomedir = require('./homedir');\nvar path = require('path');\nvar caller",
    },
    {
      path: `lib/${file}.js`,
      old: `var defaultIsFile = function isFile(`,
      new: `var homedir = getHomedir();\nvar defaultPaths = function () {\n${paths}\n};\n\nvar defaultIsFile = function isFile(`,
    },
    {
      path: `lib/${file}.js`,
      old: "opts.paths = opts.paths || [];",
      new: "opts.paths = opts.paths || defaultPaths();",
    },
  ];
}

/** Shorter than the maintainers' file, whose `eslint-disable` comment the ratchet refuses from a worker. */
const homedir = {
  path: "lib/homedir.js",
  content: `'use strict';

var os = require('os');

module.exports = os.homedir || function homedir() {
    return process.env.HOME || process.env.USERPROFILE || null;
};
`,
};

/** Node's own resolution looks into two folders of HOME; resolve did not. 95 files and dependencies to install. */
export const resolveHomePaths: RealTask = {
  id: "resolve-home-paths",
  name: "resolve",
  base: {
    version: "1.21.0",
    integrity: "sha512-3wCbTpk5WJlyE4mSOtDLhqQmGFi0/TD9VPwmiolnk8U0wRgMEktqCXd3vy5buTO3tljvalNvKrjHEfrd2WpEKA==",
  },
  fixed: {
    version: "1.22.1",
    integrity: "sha512-nBpuuYuY5jFsli/JIs1oldw6fOQCBioohqWZg/2hiaOybXOft4lonv85uDOKXdf8rhyK159cxU5cDcK/NKk8zw==",
  },
  lock: "tape",
  devDependencies: { tape: "3.6.1" },
  test: `tape ${tests.map((name) => `test/${name}.js`).join(" ")}`,
  issue: `Modules in $HOME/.node_modules and $HOME/.node_libraries are not found

\`require.resolve('baz')\` finds \`$HOME/.node_modules/baz\` and \`$HOME/.node_libraries/baz\`; \`resolve('baz')\` and
\`resolve.sync('baz')\` say that the module cannot be found. Both should look there when no \`paths\` option is given, in
this order. With \`paths\` nothing changes.
`,
  criteria: [
    carried(
      "C1",
      "resolve.sync and resolve find a module in $HOME/.node_modules",
      "test/home.js",
      `${sandboxedHome}var file = put('.node_modules', 'baz-of-home');
var test = require('tape');
var resolve = require('../');

test('sync', function (t) {
    var found = null;
    try { found = resolve.sync('baz-of-home', { basedir: __dirname }); } catch (e) {}
    t.equal(found, file);
    t.end();
});

test('async', function (t) {
    t.plan(1);
    resolve('baz-of-home', { basedir: __dirname }, function (err, found) {
        t.equal(found, file);
    });
});
`,
    ),
    probe(
      "C2",
      // Baton takes a module that is not found for a broken oracle, unless the criterion names it.
      "lib-of-home in $HOME/.node_libraries is found, after both-of-home in .node_modules, and never when paths are given",
      `${sandboxedHome}var library = put('.node_libraries', 'lib-of-home');
var both = put('.node_modules', 'both-of-home');
put('.node_libraries', 'both-of-home');
var resolve = require('./');
assert.strictEqual(resolve.sync('lib-of-home', { basedir: home }), library);
assert.strictEqual(resolve.sync('both-of-home', { basedir: home }), both);
assert.throws(function () { resolve.sync('lib-of-home', { basedir: home, paths: [] }); });
resolve('lib-of-home', { basedir: home }, function (err, found) { assert.strictEqual(found, library); });`,
    ),
    guard("C3", "test/mock_sync.js"),
    guard("C4", "test/filter.js"),
  ],
  reference: [homedir, ...edits("sync"), ...edits("async")],
  sloppy: [homedir, ...edits("sync")],
  cheating: [
    { path: "test/home.js", content: "require('tape')('home', function (t) { t.ok(true); t.end(); });\n" },
    { path: "package.json", old: '"test": "tape ', new: '"test": "true ' },
    { path: "test/mock_sync.js", content: "require('tape').skip('mock', function (t) { t.end(); });\n" },
  ],
  hidden: `const fs = require("fs"), os = require("os"), path = require("path"), assert = require("assert");
const home = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "truth-")));
process.env.HOME = home;
for (const [folder, name] of [[".node_modules", "t-one"], [".node_libraries", "t-two"]]) {
  fs.mkdirSync(path.join(home, folder, name), { recursive: true });
  fs.writeFileSync(path.join(home, folder, name, "index.js"), "");
}
const resolve = require("./");
assert.ok(resolve.sync("t-one", { basedir: home }).endsWith("t-one/index.js"));
assert.ok(resolve.sync("t-two", { basedir: home }).endsWith("t-two/index.js"));
let asked = 0;
for (const name of ["t-one", "t-two"])
  resolve(name, { basedir: home }, (error, found) => {
    assert.ok(!error && found.endsWith(name + "/index.js"));
    asked += 1;
  });
process.on("exit", () => {
  fs.rmSync(home, { recursive: true });
  assert.equal(asked, 2);
});
`,
};
