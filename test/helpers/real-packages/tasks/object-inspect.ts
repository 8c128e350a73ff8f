import { carried, guard, probe, type RealTask } from "../real-task.ts";

const tests = "circular deep element err fn holes indent-option lowbyte quoteStyle undef".split(" ");

/** Properties whose key is a symbol were left out. */
export const objectInspectSymbols: RealTask = {
  id: "object-inspect-symbols",
  name: "object-inspect",
  base: {
    version: "1.8.0",
    integrity: "sha512-jLdtEOB112fORuypAyl/50VRVIBIdVQOSUUGQHzJ4xBSbit81zRarz7GThkEFZy1RceYrWYcPcBFPQwHyAc1gA==",
  },
  fixed: {
    version: "1.9.0",
    integrity: "sha512-i3Bp9iTqwhaLZBxGkRfo5ZbE07BQRT7MGu8+nNgwW9ItGp1TzCTw2DLEoWwjClxBjOFI/hWljTAmYGCEwmtnOw==",
  },
  lock: "tape",
  devDependencies: { tape: "3.6.1", "for-each": "0.3.3" },
  // Without the three files that need a newer runner or a polyfill.
  test: `tape ${tests.map((name) => `test/${name}.js`).join(" ")}`,
  issue: `Properties with a symbol as key are not shown

\`inspect({ a: 1, [Symbol('b')]: 2 })\` gives \`{ a: 1 }\`. As in node it should give \`{ a: 1, [Symbol(b)]: 2 }\`: after the
other properties, own and enumerable ones only, for objects and arrays, at every depth.
`,
  criteria: [
    carried(
      "C1",
      "An own property with a symbol as key is shown after the others",
      "test/symbol-keys.js",
      `var inspect = require('../');
var test = require('tape');

test('symbol keys', function (t) {
    var obj = { a: 1 };
    obj[Symbol('b')] = 2;
    t.equal(inspect(obj), '{ a: 1, [Symbol(b)]: 2 }');
    t.equal(inspect({ deep: obj }), '{ deep: { a: 1, [Symbol(b)]: 2 } }');
    t.end();
});
`,
    ),
    probe(
      "C2",
      "Only enumerable properties are shown, of arrays too",
      `var inspect = require('./');
var obj = { a: 1 };
Object.defineProperty(obj, Symbol('hidden'), { value: 2, enumerable: false });
obj[Symbol('shown')] = [3];
assert.strictEqual(inspect(obj), '{ a: 1, [Symbol(shown)]: [ 3 ] }');
var list = [1];
list[Symbol('x')] = 'y';
assert.strictEqual(inspect(list), "[ 1, [Symbol(x)]: 'y' ]");`,
    ),
    guard("C3", "test/indent-option.js"),
    guard("C4", "test/holes.js"),
  ],
  reference: [
    {
      path: "index.js",
      old: "            xs.push(key + ': ' + inspect(obj[key], obj));\n        }\n    }\n    return xs;\n",
      new: "            xs.push(key + ': ' + inspect(obj[key], obj));\n        }\n    }\n    if (typeof Object.getOwnPropertySymbols === 'function') {\n        var syms = Object.getOwnPropertySymbols(obj);\n        for (var j = 0; j < syms.length; j++) {\n            if (Object.prototype.propertyIsEnumerable.call(obj, syms[j])) {\n                xs.push('[' + inspect(syms[j]) + ']: ' + inspect(obj[syms[j]], obj));\n            }\n        }\n    }\n    return xs;\n",
    },
  ],
  sloppy: [
    {
      path: "index.js",
      old: "            xs.push(key + ': ' + inspect(obj[key], obj));\n        }\n    }\n    return xs;\n",
      new: "            xs.push(key + ': ' + inspect(obj[key], obj));\n        }\n    }\n    Object.getOwnPropertySymbols(obj).forEach(function (s) { xs.push('[' + inspect(s) + ']: ' + inspect(obj[s], obj)); });\n    return xs;\n",
    },
  ],
  cheating: [
    {
      path: "index.js",
      old: "            xs.push(key + ': ' + inspect(obj[key], obj));\n        }\n    }\n    return xs;\n",
      new: "            xs.push(key + ': ' + inspect(obj[key], obj));\n        }\n    }\n    if (xs.join() === 'a: 1') { return xs.concat('[Symbol(b)]: 2'); }\n    return xs;\n",
    },
  ],
  hidden: `const inspect = require("./");
const deep = { list: [{ [Symbol("k")]: { v: true } }] };
if (inspect(deep) !== "{ list: [ { [Symbol(k)]: { v: true } } ] }") throw new Error(inspect(deep));
const hidden = Object.defineProperty({ z: 0 }, Symbol("no"), { value: 1 });
if (inspect(hidden) !== "{ z: 0 }") throw new Error("shows what is not enumerable");
if (inspect({ a: 1 }) !== "{ a: 1 }" || inspect([1, 2]) !== "[ 1, 2 ]") throw new Error("plain values broke");
`,
};
