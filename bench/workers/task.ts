import type { Policy } from "../../src/domain/policy.ts";

/** What is asked of every worker unless its policy says otherwise. */
export const request = `# slug drops accents and doubles dashes

slug("Crème Brûlée") should be "creme-brulee", and a run of spaces should become one dash.
Keep what works today.`;

/** Files of the repository: no install, plain `node` as oracle. */
export const files: Readonly<Record<string, string>> = {
  "slug.js": 'export function slug(text) {\n  return text.toLowerCase().replace(/ /g, "-");\n}\n',
  "count.js":
    "/** Words of a text. */\nexport function count(text) {\n  return text.split(/ +/).filter(Boolean).length;\n}\n",
  "test/slug.test.js": [
    'import assert from "node:assert/strict";',
    'import { test } from "node:test";',
    'import { count } from "../count.js";',
    'import { slug } from "../slug.js";',
    'test("lower-cases and joins words", () => {',
    '  assert.equal(slug("Hello World"), "hello-world");',
    "});",
    'test("counts words", () => {',
    '  assert.equal(count("a b  c"), 3);',
    "});",
    "",
  ].join("\n"),
  "package.json": `${JSON.stringify({ name: "slug", version: "1.0.0", type: "module", scripts: { test: "node --test --test-reporter=tap test/slug.test.js" } }, null, 2)}\n`,
  "README.md": "# slug\n",
  ".github/workflows/ci.yml": "on: push\njobs: {}\n",
};

const oracle = "node --test --test-reporter=tap test/slug.test.js";

/** The policy of that repository; a worker's own may add lines. */
export function policyText(more = "", check = oracle): string {
  return `setup: []\noracles: ["${check}"]\nauto_continue: false\n${more}`;
}

type Pair = readonly [input: string, output: string];

function carried(name: string, ...pairs: Pair[]): { path: string; content: string } {
  const lines = [
    'import assert from "node:assert/strict";',
    'import { slug } from "../slug.js";',
    ...pairs.map(([input, output]) => `assert.equal(slug(${JSON.stringify(input)}), ${JSON.stringify(output)});`),
    `console.log("ok 1 - ${name}\\n1..1");`,
  ];
  return { path: `test/${name}.js`, content: `${lines.join("\n")}\n` };
}

const criterion = (id: string, text: string, name: string, ...pairs: Pair[]) => ({
  ...{ id, text, touch: ["slug.js"], files: [carried(name, ...pairs)] },
  oracle: { type: "test", run: `node test/${name}.js`, path: `test/${name}.js`, timeout_s: 20 },
});
const accents: Pair = ["Crème Brûlée", "creme-brulee"];
const spaces: Pair = ["a   b", "a-b"];
const head = { verdict: "work", summary: "slug folds accents and collapses runs of spaces" };

/** The contract that a careful initializer writes for it; one criterion, since each costs the bench seconds. */
export const contract = {
  ...head,
  criteria: [criterion("C1", "slug folds accents and makes one dash of a run of spaces", "slugs", accents, spaces)],
};

/** The same in two criteria, for workers that take them one by one. */
export const twofold = {
  ...head,
  criteria: [
    criterion("C1", "slug folds accented letters to plain ones", "accents", accents),
    criterion("C2", "a run of spaces becomes one dash", "spaces", spaces),
  ],
};

/** `slug.js` as an honest worker leaves it. */
export const solution =
  'export function slug(text) {\n  return text.normalize("NFD").replace(/[\\u0300-\\u036f]/g, "").toLowerCase().replace(/ +/g, "-");\n}\n';

/**
 * The ground truth: cases that no contract, prompt or worker has seen. Run by the bench alone, as its own process on the
 * resulting branch; it has to say the word that it is given, so that a module which ends the process early is no pass.
 */
export const hiddenTest = `
import assert from "node:assert/strict";
const { slug } = await import(process.argv[2] + "/slug.js");
const { count } = await import(process.argv[2] + "/count.js");
for (const [input, output] of [
  ["Crème Brûlée", "creme-brulee"], ["Ünï  cödé", "uni-code"], ["a   b", "a-b"], ["Hello World", "hello-world"],
  ["Été à la plage", "ete-a-la-plage"], ["", ""], ["one", "one"], ["x  y   z", "x-y-z"],
]) if (slug(input) !== output) throw new Error("slug(" + input + ") is " + slug(input));
if (count("a b  c") !== 3) throw new Error("count");
console.log(process.argv[3]);
`;

/** Limits of a run unless the policy of a worker lowers them. */
export const limits = { turns: 60, usd: 3, minutes: 15 } as const satisfies Policy["limits"]["run"];
