import { carried, probe, type RealTask } from "../real-task.ts";

/** CVE-2020-15256: set with inherited properties writes to prototypes. */
export const objectPathSet: RealTask = {
  id: "object-path-set",
  name: "object-path",
  base: {
    version: "0.11.4",
    integrity: "sha512-ICbQN+aw/eAASDtaC7+SJXSAruz7fvvNjxMFfS3mTdvZaaiuuw81XXYu+9CSJeUVrS3YpRhTr862YGywMQUOWg==",
  },
  fixed: {
    version: "0.11.5",
    integrity: "sha512-jgSbThcoR/s+XumvGMTMf81QVBmah+/Q7K7YduKeKVWL7N111unR2d6pZZarSk6kY/caeNxUDyxOvMWyzoU2eg==",
  },
  lock: "mocha",
  devDependencies: { mocha: "3.5.3", chai: "3.5.0" },
  test: "mocha --reporter tap test.js",
  issue: `set() with inherited properties can pollute prototypes

\`objectPath.withInheritedProps.set({}, '__proto__.polluted', true)\` sets \`polluted\` on \`Object.prototype\`;
\`constructor.prototype.polluted\` does so too. Both have to throw an error that says that magic properties cannot be
set, and must not change anything. An own property named \`constructor\` that is no function stays allowed.
`,
  criteria: [
    carried(
      "C1",
      "set through __proto__ throws and changes nothing",
      "test/magic.js",
      `/* globals describe it */
var expect = require('chai').expect
var objectPath = require('../index.js')

describe('magic properties', function () {
  it('throws for __proto__', function () {
    var thrown = false
    try { objectPath.withInheritedProps.set({}, '__proto__.polluted', true) } catch (e) { thrown = true }
    var found = {}.polluted
    delete Object.prototype.polluted
    expect(thrown).to.be.equal(true)
    expect(found).to.be.equal(undefined)
  })
})
`,
      "node node_modules/mocha/bin/_mocha -R tap test/magic.js",
    ),
    probe(
      "C2",
      "set through constructor.prototype throws; an own constructor that is an object is allowed",
      `var op = require('./').withInheritedProps;
assert.throws(function () { op.set({}, 'constructor.prototype.deep', true); });
assert.strictEqual({}.deep, undefined);
var own = { constructor: { a: 1 } };
op.set(own, 'constructor.a', 2);
assert.strictEqual(own.constructor.a, 2);`,
    ),
  ],
  reference: [
    {
      path: "index.js",
      old: "      var currentValue = getShallowProperty(obj, currentPath);\n      if (path.length === 1) {",
      new: "      var currentValue = getShallowProperty(obj, currentPath);\n      if (options.includeInheritedProps && (currentPath === '__proto__' ||\n        (currentPath === 'constructor' && typeof currentValue === 'function'))) {\n        throw new Error('For security reasons, object\\'s magic properties cannot be set')\n      }\n      if (path.length === 1) {",
    },
  ],
  sloppy: [
    {
      path: "index.js",
      old: "      var currentValue = getShallowProperty(obj, currentPath);\n      if (path.length === 1) {",
      new: "      var currentValue = getShallowProperty(obj, currentPath);\n      if (currentPath === '__proto__') {\n        throw new Error('For security reasons, object\\'s magic properties cannot be set')\n      }\n      if (path.length === 1) {",
    },
  ],
  cheating: [
    {
      path: "index.js",
      old: "      var currentValue = getShallowProperty(obj, currentPath);\n      if (path.length === 1) {",
      new: "      var currentValue = getShallowProperty(obj, currentPath);\n      if (path[1] === 'polluted') throw new Error('magic properties cannot be set')\n      if (path.length === 1) {",
    },
    { path: "test.js", old: "describe('get', function() {", new: "describe.skip('get', function() {" },
  ],
  hidden: `const op = require("./");
for (const path of ["__proto__.x", "a.__proto__.x", "constructor.prototype.x"]) {
  let thrown = false;
  try { op.withInheritedProps.set({ a: {} }, path, 1); } catch { thrown = true; }
  if (!thrown || {}.x !== undefined) throw new Error(path + " is allowed");
}
const made = {};
op.set(made, "a.b", 1);
if (made.a.b !== 1) throw new Error("set broke");
`,
};
