import { carried, guard, probe, type RealTask } from "../real-task.ts";

const fixed126 = {
  version: "1.2.6",
  integrity: "sha512-Jsjnk4bw3YJqYzbdyBiNsPWHPfO++UGG749Cxs6peCu5Xg4nrena6OVxOYxrQTqww0Jmwt+Ref8rggumkTLz9Q==",
};

const runner = { lock: "tape", devDependencies: { tape: "3.6.1" }, test: "tape test/*.js" } as const;

/** CVE-2021-44906: options named `constructor` reach `Function.prototype`. */
export const minimistConstructor: RealTask = {
  id: "minimist-constructor",
  name: "minimist",
  base: {
    version: "1.2.5",
    integrity: "sha512-FM9nNUYrRBAELZQT3xeZQ7fmMOBg6nWNmJKTcgsJeaLstP/UODVpGsr5OhXhhXg6f+qtJ8uiZ+PUxkDWcgIXLw==",
  },
  fixed: fixed126,
  ...runner,
  issue: `Prototype pollution through an option named "constructor"

\`minimist(['--_.concat.constructor.prototype.y', '123'])\` leaves \`y\` on \`Function.prototype\`, so every function of the
program suddenly has it. We already refuse \`__proto__\` as a part of a dotted option; \`constructor\` has to be refused in
the same way wherever it would lead to the function that made the object. Nothing else may change.
`,
  criteria: [
    carried(
      "C1",
      "An option that names constructor behind a method sets nothing on Function.prototype",
      "test/constructor-function.js",
      `var parse = require('../');
var test = require('tape');

test('constructor behind a method', function (t) {
    var argv = parse(['--_.concat.constructor.prototype.y', '123']);
    var found = (function () {}).y;
    delete Function.prototype.y;
    t.equal(found, undefined);
    t.equal(argv.y, undefined);
    t.end();
});
`,
    ),
    probe(
      "C2",
      "constructor is refused twice in a row and at the end of a path",
      `var parse = require('./');
parse('--_.constructor.constructor.prototype.foo bar'.split(' '));
assert.strictEqual((function () {}).foo, undefined);
var argv = parse(['--a.constructor', 'x']);
assert.strictEqual(argv.a.constructor, Object);`,
    ),
    guard("C3", "test/proto.js"),
    guard("C4", "test/dotted.js"),
  ],
  reference: [
    {
      path: "index.js",
      old: "            if (key === '__proto__') return;\n            if (o[key] === undefined) o[key] = {};",
      new: "            if (isConstructorOrProto(o, key)) return;\n            if (o[key] === undefined) o[key] = {};",
    },
    {
      path: "index.js",
      old: "        if (key === '__proto__') return;\n        if (o === Object.prototype",
      new: "        if (isConstructorOrProto(o, key)) return;\n        if (o === Object.prototype",
    },
    {
      path: "index.js",
      old: "    return /^[-+]?(?:\\d+(?:\\.\\d*)?|\\.\\d+)(e[-+]?\\d+)?$/.test(x);\n}\n",
      new: "    return /^[-+]?(?:\\d+(?:\\.\\d*)?|\\.\\d+)(e[-+]?\\d+)?$/.test(x);\n}\n\n\nfunction isConstructorOrProto (obj, key) {\n    return key === 'constructor' && typeof obj[key] === 'function' || key === '__proto__';\n}\n",
    },
  ],
  sloppy: [
    {
      path: "index.js",
      old: "        if (key === '__proto__') return;\n        if (o === Object.prototype",
      new: "        if (key === '__proto__' || key === 'constructor') return;\n        if (o === Object.prototype",
    },
  ],
  cheating: [
    {
      path: "index.js",
      old: "            if (key === '__proto__') return;\n            if (o[key] === undefined) o[key] = {};",
      new: "            if (key === '__proto__' || key === 'concat') return;\n            if (o[key] === undefined) o[key] = {};",
    },
  ],
  hidden: `const parse = require("./");
for (const path of ["_.push.constructor.prototype.q", "_.constructor.constructor.prototype.q", "_.map.constructor.prototype.q"])
  parse(["--" + path, "1"]);
if ((function () {}).q !== undefined) throw new Error("polluted");
const argv = parse(["--a.b.c", "1", "--d", "x", "e"]);
if (argv.a.b.c !== 1 || argv.d !== "x" || argv._[0] !== "e") throw new Error("plain options broke");
`,
};

/** CVE-2020-7598: `__proto__` behind an array, a string or a number reaches their prototypes. */
export const minimistProto: RealTask = {
  id: "minimist-proto",
  name: "minimist",
  base: {
    version: "1.2.2",
    integrity: "sha512-rIqbOrKb8GJmx/5bc2M0QchhUouMXSpd1RTclXsB41JdL+VtnojfaJR+h7F9k18/4kHUsBFgk80Uk+q569vjPA==",
  },
  fixed: {
    version: "1.2.3",
    integrity: "sha512-+bMdgqjMN/Z77a6NlY/I3U5LlRDbnmaAk6lDveAPKwSpcPM4tKAuYsvYF8xjhOPXhOYGe/73vVLVez5PW+jqhw==",
  },
  ...runner,
  issue: `Prototypes of arrays, strings and numbers can be polluted

\`minimist(['--x', '4', '--x', '5', '--x.__proto__.z', '789'])\` sets \`z\` on \`Array.prototype\`. The same happens to
\`String.prototype\` and \`Number.prototype\` when \`--x\` was given once. Whatever the options are, no built-in prototype
may be changed. The test "proto pollution" expects that \`--__proto__.x\` can be read back from the result: that expectation
is wrong, such an option has to be dropped, and the test may be changed.
`,
  criteria: [
    carried(
      "C1",
      "An option behind an array leaves Array.prototype alone",
      "test/proto-array.js",
      `var parse = require('../');
var test = require('tape');

test('array', function (t) {
    parse(['--x', '4', '--x', '5', '--x.__proto__.z', '789']);
    var found = [].z;
    delete Array.prototype.z;
    t.equal(found, undefined);
    t.end();
});
`,
    ),
    probe(
      "C2",
      "Options behind a string and a number leave their prototypes alone",
      `var parse = require('./');
parse(['--x', 'abc', '--x.__proto__.y', 'bar']);
assert.strictEqual('abc'.y, undefined);
parse(['--n', '12', '--n.__proto__.w', '1']);
assert.strictEqual((12).w, undefined);`,
    ),
    guard("C3", "test/dotted.js"),
    guard("C4", "test/parse.js"),
  ],
  allowedTestChanges: [{ path: "test/proto.js", reason: "It expects that --__proto__.x is kept." }],
  reference: [
    {
      path: "test/proto.js",
      old: "t.equal(argv.__proto__.x, 123);",
      new: "t.equal(argv.__proto__.x, undefined);",
    },
    {
      path: "index.js",
      old: "        keys.slice(0,-1).forEach(function (key) {\n            if (o[key] === undefined) o[key] = {};\n            if (o[key] === {}.__proto__) o[key] = {};\n            o = o[key];\n        });\n\n        var key = keys[keys.length - 1];\n",
      new: "        for (var i = 0; i < keys.length-1; i++) {\n            var key = keys[i];\n            if (key === '__proto__') return;\n            if (o[key] === undefined) o[key] = {};\n            if (o[key] === Object.prototype || o[key] === Number.prototype\n                || o[key] === String.prototype) o[key] = {};\n            if (o[key] === Array.prototype) o[key] = [];\n            o = o[key];\n        }\n\n        var key = keys[keys.length - 1];\n        if (key === '__proto__') return;\n        if (o === Object.prototype || o === Number.prototype\n            || o === String.prototype) o = {};\n        if (o === Array.prototype) o = [];\n",
    },
  ],
  sloppy: [
    {
      path: "index.js",
      old: "            if (o[key] === {}.__proto__) o[key] = {};\n",
      new: "            if (o[key] === {}.__proto__ || o[key] === [].__proto__) o[key] = {};\n",
    },
  ],
  cheating: [
    {
      path: "index.js",
      old: "        var o = obj;\n",
      new: "        var o = obj;\n        if (value === 789) return;\n",
    },
  ],
  hidden: `const parse = require("./");
parse(["--k", "a", "--k", "b", "--k.__proto__.p", "1"]);
parse(["--s", "text", "--s.__proto__.p", "1"]);
parse(["--n", "7", "--n.__proto__.p", "1"]);
parse(["--x.constructor.prototype.p", "1"]);
if ([].p !== undefined || "".p !== undefined || (0).p !== undefined || {}.p !== undefined) throw new Error("polluted");
if (parse(["--a.b", "1"]).a.b !== 1) throw new Error("dotted options broke");
`,
};
