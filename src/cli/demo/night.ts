import type { Reply } from "../../local/model/script.ts";
import { requestText } from "../../local/model/script-helpers.ts";
import type { MessagesRequest } from "../../local/model/wire.ts";
import { libraryFiles } from "./library.ts";

/** Name of the story's playbook, and what is unmistakable in its request. */
export const playbookName = "readme-numbers";
const mark = "Every number in the README is what the code gives.";

/** The playbook as it lies on the default branch. */
export const playbookFiles: Readonly<Record<string, string>> = {
  [`.github/baton/maintenance/${playbookName}.md`]: `---\nname: ${playbookName}\ndescription: ${mark}\nschedule: nightly\npaths: ["**/*.md", "test/**"]\n---\n${mark}\n\nRun each example of the README; where it says another value than the code gives, correct the README, not the code.\n`,
};

const wrong = '"2d"); // 172800\n';
const right = '"2d"); // 172800000\n';

/** The README as it must stand in the night's pull request. */
export const mendedReadme = (libraryFiles["README.md"] ?? "").replace(wrong, right);

const decider = {
  path: "test/readme.test.js",
  content:
    'import assert from "node:assert/strict";\nimport { readFileSync } from "node:fs";\nimport { test } from "node:test";\nimport { format, parse } from "../src/index.js";\n\nconst code = /```js\\n([\\s\\S]*?)```/.exec(readFileSync("README.md", "utf8"))[1];\nfor (const [, call, value] of code.matchAll(/^(.*\\)); \\/\\/ (.*)$/gm)) {\n  test(`${call} gives ${value}`, () => {\n    assert.equal(JSON.stringify(new Function("format", "parse", `return ${call}`)(format, parse)), value);\n  });\n}\n',
};

const contract = {
  verdict: "work",
  summary: "The README says what the code gives.",
  criteria: [
    {
      id: "C1",
      text: "each example of the README gives the value that stands behind it",
      kind: "docs",
      oracle: { type: "test", run: `node ${decider.path}`, path: decider.path, timeout_s: 60 },
      files: [decider],
      touch: ["README.md"],
    },
  ],
};

/** What initializer and worker say in the nightly session; null in any other. */
export function playNight(request: MessagesRequest, role: "initializer" | "worker"): Reply | null {
  if (!requestText(request).includes(mark)) return null;
  const lines = role === "initializer" ? propose : mend;
  const turn = request.messages.filter((message) => message.role === "assistant").length;
  return lines[Math.min(turn, lines.length - 1)] ?? null;
}

const propose: Reply[] = [
  {
    text: "Which of the README's examples tell the truth?",
    toolCalls: [
      { name: "read", input: { path: "README.md" } },
      {
        name: "bash",
        input: {
          command:
            'node --input-type=module -e \'import { format, parse } from "./src/index.js"; console.log(parse("1h 30m"), parse("2d"), format(5400000))\'',
        },
      },
    ],
  },
  { text: "Two days are 172800000, not 172800.", toolCalls: [{ name: "contract", input: contract }] },
];

const mend: Reply[] = [
  { toolCalls: [{ name: "edit", input: { path: "README.md", old: wrong, new: right } }] },
  { toolCalls: [{ name: "finish", input: { summary: "The README says 172800000 now.", criteria: ["C1"] } }] },
];
