/** The repository of the story: a small library without dependencies, its own tests, and a README with one wrong number. */
export const libraryFiles: Readonly<Record<string, string>> = {
  "package.json": `${JSON.stringify(
    { name: "spans", version: "1.2.0", type: "module", exports: "./src/index.js", scripts: { test: "node --test" } },
    null,
    2,
  )}\n`,
  "README.md":
    '# spans\n\nReads and writes durations.\n\n```js\nimport { format, parse } from "spans";\n\nparse("1h 30m"); // 5400000\nparse("2d"); // 172800\nformat(5400000); // "1h 30m"\n```\n',
  "src/index.js": 'export { format } from "./format.js";\nexport { parse } from "./parse.js";\n',
  "src/units.js":
    "/** Milliseconds of each unit, largest first. */\nexport const units = {\n  d: 86_400_000,\n  h: 3_600_000,\n  m: 60_000,\n  s: 1_000,\n  ms: 1,\n};\n",
  "src/parse.js":
    'import { units } from "./units.js";\n\n/** Reads a duration such as "1h 30m" and gives its milliseconds. */\nexport function parse(text) {\n  let total = 0;\n  for (const [, count, unit] of text.matchAll(/(\\d+)\\s*([a-z]+)/g)) {\n    total += Number(count) * (units[unit] ?? 0);\n  }\n  return total;\n}\n',
  "src/format.js":
    'import { units } from "./units.js";\n\n/** Writes milliseconds as "1h 30m". */\nexport function format(ms) {\n  const parts = [];\n  let rest = ms;\n  for (const [unit, size] of Object.entries(units)) {\n    const count = Math.floor(rest / size);\n    rest -= count * size;\n    if (count > 0) parts.push(`${count}${unit}`);\n  }\n  return parts.join(" ") || "0ms";\n}\n',
  "test/parse.test.js":
    'import assert from "node:assert/strict";\nimport { test } from "node:test";\nimport { parse } from "../src/index.js";\n\ntest("reads hours and minutes", () => {\n  assert.equal(parse("1h 30m"), 5_400_000);\n});\n\ntest("reads days, seconds and milliseconds", () => {\n  assert.equal(parse("2d 3s 4ms"), 172_803_004);\n});\n',
  "test/format.test.js":
    'import assert from "node:assert/strict";\nimport { test } from "node:test";\nimport { format } from "../src/index.js";\n\ntest("writes hours and minutes", () => {\n  assert.equal(format(5_400_000), "1h 30m");\n});\n\ntest("writes nothing as no milliseconds", () => {\n  assert.equal(format(0), "0ms");\n});\n',
};

/** What a user reports. */
export const issue = {
  title: "parse() silently gets durations wrong",
  body: [
    "`parse` returns wrong numbers for things people really type:",
    "",
    '- `parse("1.5h")` gives 18000000 (it reads `5h`); expected 5400000.',
    '- `parse("90 minutes")` gives 0; unit names in full, singular and plural, should work.',
    '- `parse("soon")` and `parse("5 parsecs")` give 0; text that is no duration should throw a `RangeError` that quotes it.',
  ].join("\n"),
};

const summed = "    total += Number(count) * (units[unit] ?? 0);\n";
const summedByName = "    total += Number(count) * (sizeOf(unit) ?? 0);\n";

export interface Edit {
  path: string;
  old: string;
  new: string;
}

/** The edits that mend the library, by criterion: each list works on what the lists before it left. */
export const edits: Readonly<Record<"C1" | "C2" | "C3", readonly Edit[]>> = {
  C1: [{ path: "src/parse.js", old: "/(\\d+)\\s*([a-z]+)/g", new: "/(\\d+(?:\\.\\d+)?)\\s*([a-z]+)/g" }],
  C2: [
    {
      path: "src/units.js",
      old: "  ms: 1,\n};\n",
      new: '  ms: 1,\n};\n\nconst names = new Map(\n  Object.entries({ ...units, day: units.d, hour: units.h, minute: units.m, second: units.s, millisecond: units.ms }),\n);\n\n/** Milliseconds of a unit by its sign or its name in full, singular or plural; undefined for anything else. */\nexport function sizeOf(unit) {\n  return names.get(unit) ?? names.get(unit.replace(/s$/, ""));\n}\n',
    },
    { path: "src/parse.js", old: 'import { units } from "./units.js";', new: 'import { sizeOf } from "./units.js";' },
    { path: "src/parse.js", old: summed, new: summedByName },
  ],
  C3: [
    {
      path: "src/parse.js",
      old: "  let total = 0;\n",
      new: '  const refuse = () => {\n    throw new RangeError(`not a duration: "${text}"`);\n  };\n  if (!/^\\s*(?:\\d+(?:\\.\\d+)?\\s*[a-z]+\\s*)+$/.test(text)) refuse();\n  let total = 0;\n',
    },
    { path: "src/parse.js", old: summedByName, new: "    total += Number(count) * (sizeOf(unit) ?? refuse());\n" },
  ],
};

/** The files as they stand once the edits of these criteria are made. */
export function mendedFiles(criteria: readonly (keyof typeof edits)[]): Record<string, string> {
  const files: Record<string, string> = { ...libraryFiles };
  for (const { path, old, new: text } of criteria.flatMap((id) => edits[id])) {
    const before = files[path] ?? "";
    if (!before.includes(old)) throw new Error(`the story's edit of ${path} does not fit`);
    files[path] = before.replace(old, () => text);
  }
  return files;
}

const carriedTest = (lines: readonly string[]): string =>
  `import assert from "node:assert/strict";\nimport { test } from "node:test";\nimport { parse } from "../src/index.js";\n\n${lines.join("\n")}\n`;

/** The tests that decide the criteria; the demo keeps them to check the end for itself. */
export const deciders: Readonly<Record<keyof typeof edits, { path: string; content: string }>> = {
  C1: {
    path: "test/decimals.test.js",
    content: carriedTest([
      'test("reads decimals", () => {',
      '  assert.equal(parse("1.5h"), 5_400_000);',
      '  assert.equal(parse("0.25s 1ms"), 251);',
      "});",
    ]),
  },
  C2: {
    path: "test/unit-names.test.js",
    content: carriedTest([
      'test("reads unit names in full", () => {',
      '  assert.equal(parse("90 minutes"), 5_400_000);',
      '  assert.equal(parse("1 day 1 hour"), 90_000_000);',
      "});",
    ]),
  },
  C3: {
    path: "test/refusal.test.js",
    content: carriedTest([
      'for (const text of ["soon", "5 parsecs", "", "3 constructors"])',
      "  test(`refuses ${JSON.stringify(text)} and quotes it`, () => {",
      '    assert.throws(() => parse(text), (error) => error instanceof RangeError && error.message.includes(`"${text}"`));',
      "  });",
    ]),
  },
};
