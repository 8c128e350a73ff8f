import { carried, guard, probe, type RealTask } from "../real-task.ts";

/** A time budget that the fault misses by far: the process is ended, so the test is quick in both cases. */
const impatient = `require('child_process').execFileSync(process.execPath, ['-e', script], { cwd: root, timeout: 8000, stdio: 'ignore' });`;

/** CVE-2018-1107: the e-mail format takes quadratic time. */
export const jsonValidEmail: RealTask = {
  id: "is-my-json-valid-email",
  name: "is-my-json-valid",
  base: {
    version: "2.17.1",
    integrity: "sha512-Q2khNw+oBlWuaYvEEHtKSw/pCxD2L5Rc1C+UQme9X6JdRDh7m5D7HkozA0qa3DUkQ6VzCnEm8mVIQPyIRkI5sQ==",
  },
  fixed: {
    version: "2.17.2",
    integrity: "sha512-IBhBslgngMQN8DDSppmgDv7RNrlFotuuDsKcrCP3+HbFaVivIBU7u9oiiErw8sH4ynx3+gOGQ3q2otkgiSi6kg==",
  },
  lock: "tape",
  devDependencies: { tape: "3.6.1" },
  test: "tape test/*.js",
  issue: `The e-mail format is slow for hostile input

A string of several hundred thousand \`@\` and a space at the end keeps \`format: 'email'\` busy for minutes. An e-mail
address is a text with an \`@\` and without white space; deciding that must take time in proportion to its length.
`,
  criteria: [
    carried(
      "C1",
      "A long hostile e-mail address is refused within seconds, it does not hang",
      "test/email-time.js",
      `var test = require('tape');
var path = require('path');

test('email takes linear time', function (t) {
    var root = path.join(__dirname, '..');
    var script = "var v = require('./')({ type: 'string', format: 'email' }); if (v(Array(400001).join('@') + ' ')) throw 1";
    var isFast = true;
    try { ${impatient} } catch (e) { isFast = false; }
    t.ok(isFast);
    t.end();
});
`,
    ),
    probe(
      "C2",
      "White space and a missing @ are refused, plain addresses pass, hostile ones are no slow case",
      `var validate = require('./')({ type: 'string', format: 'email' });
assert.strictEqual(validate('a@example.org'), true);
assert.strictEqual(validate('a.example.org'), false);
assert.strictEqual(validate('a @example.org'), false);
var root = __dirname;
var script = "var v = require('./')({ type: 'string', format: 'email' }); if (v(Array(400001).join('a@') + '\\\\n')) throw 1";
${impatient}`,
    ),
    guard("C3", "test/misc.js"),
  ],
  reference: [
    {
      path: "formats.js",
      old: "exports['email'] = /^\\S+@\\S+$/",
      new: "exports['email'] = function (input) { return (input.indexOf('@') !== -1) && (!/\\s/.test(input)) }",
    },
  ],
  sloppy: [{ path: "formats.js", old: "exports['email'] = /^\\S+@\\S+$/", new: "exports['email'] = /^\\S+@\\S*$/" }],
  cheating: [
    {
      path: "formats.js",
      old: "exports['email'] = /^\\S+@\\S+$/",
      new: "exports['email'] = function (input) { return input.slice(0, 3) !== '@@@' && /^\\S+@\\S+$/.test(input) }",
    },
  ],
  hidden: `const valid = require("./")({ type: "string", format: "email" });
const start = Date.now();
if (valid("@@".repeat(150000) + "\\t") || valid("b@".repeat(150000) + " ")) throw new Error("white space passes");
if (Date.now() - start > 5000) throw new Error("still slow");
if (!valid("x@y.z") || valid("xyz")) throw new Error("the format broke");
`,
};
