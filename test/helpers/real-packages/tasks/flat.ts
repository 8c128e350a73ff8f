import { carried, probe, type RealTask } from "../real-task.ts";

/** CVE-2020-36632: unflatten writes through `__proto__`. */
export const flatProto: RealTask = {
  id: "flat-proto",
  name: "flat",
  base: {
    version: "5.0.0",
    integrity: "sha512-6KSMM+cHHzXC/hpldXApL2S8Uz+QZv+tq5o/L0KQYleoG+GcwrnIJhTWC7tCOiKQp8D/fIvryINU1OZCCwevjA==",
  },
  fixed: {
    version: "5.0.1",
    integrity: "sha512-DUYDWLlMhV9qvhjbgmhDQ3ZycXmoOKzrj4KN0+5BEat5SqTlXcXzxNgwiSN1UQHA5Z0BsgYYPelhQHVhpfqaVA==",
  },
  lock: "mocha",
  devDependencies: { mocha: "3.5.3" },
  test: "mocha -u tdd --reporter tap",
  issue: `unflatten() pollutes Object.prototype

\`unflatten({ '__proto__.polluted': true })\` sets \`polluted\` on every object of the program. Keys that have \`__proto__\` as
one of their parts, wherever it stands, have to be left out.
`,
  criteria: [
    carried(
      "C1",
      "A key that starts with __proto__ changes no prototype",
      "test/prototype.js",
      `/* globals suite test */
const assert = require('assert')
const unflatten = require('../').unflatten

suite('Prototype', function () {
  test('stays as it is', function () {
    unflatten({ '__proto__.polluted': true })
    const found = {}.polluted
    delete Object.prototype.polluted
    assert.strictEqual(found, undefined)
  })
})
`,
      "node node_modules/mocha/bin/_mocha -u tdd -R tap test/prototype.js",
    ),
    probe(
      "C2",
      "A key with __proto__ in its middle changes no prototype",
      `var unflatten = require('./').unflatten;
unflatten({ 'prefix.__proto__.deep': true });
unflatten({ 'prefix.0.__proto__.deep': true });
assert.strictEqual({}.deep, undefined);
assert.deepStrictEqual(unflatten({ 'a.b': 1 }), { a: { b: 1 } });`,
    ),
  ],
  reference: [
    {
      path: "index.js",
      old: "    while (key2 !== undefined) {\n",
      new: "    while (key2 !== undefined) {\n      if (key1 === '__proto__') {\n        return\n      }\n\n",
    },
  ],
  sloppy: [
    {
      path: "index.js",
      old: "    let recipient = result\n",
      new: "    let recipient = result\n    if (key1 === '__proto__') return\n",
    },
  ],
  cheating: [
    {
      path: "index.js",
      old: "    let recipient = result\n",
      new: "    let recipient = result\n    if (key === '__proto__.polluted') return\n",
    },
    { path: "test/prototype.js", content: "" },
  ],
  hidden: `const { unflatten, flatten } = require("./");
unflatten({ "__proto__.x": 1, "a.__proto__.x": 1, "a.b.__proto__.x": 1 });
if ({}.x !== undefined) throw new Error("polluted");
if (flatten({ a: { b: 1 } })["a.b"] !== 1 || unflatten({ "c.0": 1 }).c[0] !== 1) throw new Error("flatten broke");
`,
};
