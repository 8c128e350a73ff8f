import type { Tree, WorkerPolicy } from "../policy.ts";
import { call } from "../policy.ts";

/** How Python is called: the system's own, which every host that runs the bench has. */
const unittest = "/usr/bin/python3 -m unittest";

const base = 'def count(text):\n    return len(text.split(" "))\n';

/** `words.py` as an honest worker leaves it. */
export const pythonSolution = "def count(text):\n    return len(text.split())\n";

const testOf = (name: string, ...pairs: (readonly [string, number])[]): string =>
  [
    ...["import unittest", "", "from words import count", "", "", `class ${name}(unittest.TestCase):`],
    ...pairs.flatMap(([text, words], at) => [
      `    def test_${at + 1}(self):`,
      `        self.assertEqual(count(${JSON.stringify(text)}), ${words})`,
      "",
    ]),
  ].join("\n");

/** A repository in Python with `unittest` as its check; right is only the solution itself, in the same words or others. */
export const pythonRepository = {
  files: {
    ...{ "slug.js": null, "count.js": null, "test/slug.test.js": null, "package.json": null },
    "words.py": base,
    "tests/__init__.py": "",
    "tests/test_words.py": testOf("Words", ["a b", 2], ["one", 1]),
  },
  oracle: `${unittest} discover -s tests -t .`,
  initializer: [
    call("contract", {
      ...{ verdict: "work", summary: "count ignores runs of spaces" },
      criteria: [
        {
          ...{ id: "C1", text: "count ignores runs of spaces, and an empty text has no words", touch: ["words.py"] },
          oracle: {
            type: "test",
            ...{ run: `${unittest} tests/test_spaces.py`, path: "tests/test_spaces.py", timeout_s: 60 },
          },
          files: [{ path: "tests/test_spaces.py", content: testOf("Spaces", ["a   b", 2], ["", 0]) }],
        },
      ],
    }),
  ],
  ownTruth: true,
  tree: (tree: Tree) =>
    /^ {4}return len\(text\.split\(\)\)$/m.test(tree.get("words.py") ?? "") && !tree.has("unittest.py")
      ? null
      : "words.py does not count words",
} satisfies Partial<WorkerPolicy>;
