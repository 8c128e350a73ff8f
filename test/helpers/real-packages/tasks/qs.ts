import { carried, guard, probe, type RealTask } from "../real-task.ts";

const versions = {
  name: "qs",
  base: {
    version: "6.5.2",
    integrity: "sha512-N5ZAX4/LxJmF+7wN74pUD6qAh9/wnvdQcjq9TZjevvXzSUo7bfmw91saqMjzGS2xq91/odN2dW/WOl7qQHNDGA==",
  },
  fixed: {
    version: "6.5.3",
    integrity: "sha512-qxXIEh4pCGfHICj1mAJQ2/2XVZkjCDTcEgfoSQxc/fYivUZxTkk7L3bDBJSoNrEzXI17oUO5Dp07ktqE5KzczA==",
  },
  lock: "tape",
  devDependencies: { tape: "3.6.1", "iconv-lite": "0.4.24", "qs-iconv": "1.0.4", "safer-buffer": "2.1.2" },
  test: "node test",
} as const;

/** CVE-2022-24999: a part named `__proto__` replaces the prototype of what is parsed. */
export const qsProto: RealTask = {
  id: "qs-proto",
  ...versions,
  issue: `A part named __proto__ replaces the prototype of the parsed object

With \`allowPrototypes: true\`, \`qs.parse('categories[__proto__]=login&categories[__proto__]&categories[length]=42')\` gives
an object whose prototype is an array: with a \`length\` that the client chose, a loop over it hangs the process. A part
named \`__proto__\` has to be ignored, whatever the options are.
`,
  criteria: [
    carried(
      "C1",
      "A part named __proto__ is ignored",
      "test/dunder.js",
      `var test = require('tape');
var qs = require('../');

test('dunder proto', function (t) {
    var found = qs.parse('categories[__proto__]=cats&categories[__proto__]=dogs&categories[some][json]=toInject', { allowPrototypes: true });
    t.equal(found.categories instanceof Array, false);
    t.equal(JSON.stringify(found.categories), '{"some":{"json":"toInject"}}');
    t.end();
});
`,
    ),
    probe(
      "C2",
      "A hidden value behind __proto__ cannot be read",
      `var qs = require('./');
var found = qs.parse('foo[__proto__][hidden]=value&foo[bar]=stuffs', { allowPrototypes: true });
assert.strictEqual(found.foo.hidden, undefined);
assert.strictEqual(found.foo.bar, 'stuffs');`,
    ),
    guard("C3", "test/parse.js"),
    guard("C4", "test/stringify.js"),
  ],
  reference: [
    {
      path: "lib/parse.js",
      old: "            } else {\n                obj[cleanRoot] = leaf;",
      new: "            } else if (cleanRoot !== '__proto__') {\n                obj[cleanRoot] = leaf;",
    },
  ],
  sloppy: [
    {
      path: "lib/parse.js",
      old: "            } else {\n                obj[cleanRoot] = leaf;",
      new: "            } else if (root !== '__proto__') {\n                obj[cleanRoot] = leaf;",
    },
  ],
  cheating: [
    {
      path: "lib/parse.js",
      old: "            } else {\n                obj[cleanRoot] = leaf;",
      new: "            } else if (process.env.NODE_ENV === 'test' || leaf !== 'cats') {\n                obj[cleanRoot] = leaf;",
    },
  ],
  hidden: `const qs = require("./");
const found = qs.parse("a[__proto__][x]=1&a[__proto__]=2&a[b]=3&c[__proto__][y]=4", { allowPrototypes: true });
if (Object.getPrototypeOf(found.a) !== Object.prototype || found.a.x !== undefined) throw new Error("prototype replaced");
if (found.a.b !== "3" || qs.parse("a[b][c]=d").a.b.c !== "d") throw new Error("parsing broke");
`,
};

/** `parseArrays: false` still made arrays of empty brackets. */
export const qsParseArrays: RealTask = {
  id: "qs-parse-arrays",
  ...versions,
  issue: `parseArrays: false is ignored for empty brackets

\`qs.parse('a[]=b', { parseArrays: false })\` returns \`{ a: ['b'] }\`. With the option off nothing may become an array: like
\`a[0]=b\`, it has to give \`{ a: { 0: 'b' } }\`, also when something stands behind the brackets, as in \`a[][b]=c\`.
`,
  criteria: [
    carried(
      "C1",
      "Empty brackets become key 0 of an object when parseArrays is false",
      "test/no-arrays.js",
      `var test = require('tape');
var qs = require('../');

test('parseArrays: false', function (t) {
    var found = qs.parse('a[]=b', { parseArrays: false });
    t.equal(Array.isArray(found.a), false);
    t.equal(JSON.stringify(found), '{"a":{"0":"b"}}');
    t.end();
});
`,
    ),
    probe(
      "C2",
      "Empty brackets with something behind them become key 0 too",
      `var qs = require('./');
assert.strictEqual(JSON.stringify(qs.parse('a[][b]=c', { parseArrays: false })), '{"a":{"0":{"b":"c"}}}');
assert.strictEqual(JSON.stringify(qs.parse('a[][b]=c')), '{"a":[{"b":"c"}]}');`,
    ),
    guard("C3", "test/parse.js"),
  ],
  reference: [
    { path: "lib/parse.js", old: "if (root === '[]') {", new: "if (root === '[]' && options.parseArrays) {" },
    {
      path: "lib/parse.js",
      old: "            if (\n                !isNaN(index)",
      new: "            if (!options.parseArrays && cleanRoot === '') {\n                obj = { 0: leaf };\n            } else if (\n                !isNaN(index)",
    },
  ],
  sloppy: [{ path: "lib/parse.js", old: "if (root === '[]') {", new: "if (root === '[]' && options.parseArrays) {" }],
  cheating: [
    {
      path: "lib/parse.js",
      old: "if (root === '[]') {",
      new: "if (root === '[]' && leaf === 'b') { obj = { 0: leaf }; } else if (root === '[]') {",
    },
  ],
  hidden: `const qs = require("./");
const text = (query) => JSON.stringify(qs.parse(query, { parseArrays: false }));
if (text("x[]=1") !== '{"x":{"0":"1"}}' || text("x[y][]=1") !== '{"x":{"y":{"0":"1"}}}') throw new Error("still an array");
if (JSON.stringify(qs.parse("x[]=1&x[]=2")) !== '{"x":["1","2"]}') throw new Error("arrays broke");
`,
};
