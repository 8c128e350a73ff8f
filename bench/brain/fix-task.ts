import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { honestEvaluator } from "../../src/local/model/honest-evaluator.ts";
import type { Reply, Script } from "../../src/local/model/script.ts";
import { scriptByRole } from "../../src/local/model/script-helpers.ts";
import type { MessagesRequest } from "../../src/local/model/wire.ts";

/** A bug of one line, fixed in six turns. */
export const fixPrompt = "sum([]) throws\n\n`sum` of an empty list must be 0; now it throws. The test is test.mjs.";

const files: Readonly<Record<string, string>> = {
  "sum.mjs": "export function sum(numbers) {\n  return numbers.reduce((a, b) => a + b);\n}\n",
  "test.mjs": 'import { sum } from "./sum.mjs";\nif (sum([1, 2]) !== 3) throw new Error("sum([1, 2])");\n',
  ".github/baton.yml": "setup: []\noracles: [node test.mjs]\n",
};

/** Writes the repository's files. */
export async function writeFix(dir: string): Promise<void> {
  await mkdir(join(dir, ".github"), { recursive: true });
  for (const [path, text] of Object.entries(files)) await writeFile(join(dir, path), text);
}

const oracle = `node -e 'import("./sum.mjs").then((m) => process.exit(m.sum([]) === 0 ? 0 : 1))'`;
const steps = [
  "cat sum.mjs",
  "cat test.mjs",
  oracle,
  "sed -i 's/a + b)/a + b, 0)/' sum.mjs && cat sum.mjs",
  `node test.mjs && ${oracle}`,
];
const criteria = [{ id: "C1", text: "sum of an empty list is 0", oracle: { type: "command", run: oracle } }];

/** What the scripted model says: five commands, then the end. */
export function fixScript(): Script {
  return scriptByRole({
    initializer: () => call("contract", { verdict: "work", summary: "sum([]) is 0", criteria }),
    evaluator: honestEvaluator(),
    worker: (request) => {
      const command = steps[request.messages.filter(({ role }) => role === "assistant").length];
      return command ? shell(request, command) : finish(request, "C1");
    },
  });
}

/** One tool call as a whole reply. */
export const call = (name: string, input: unknown): Reply => ({ toolCalls: [{ name, input }] });

/** A command through whatever shell tool the agent offers. */
export function shell(request: MessagesRequest, command: string): Reply {
  const tool = (request.tools ?? []).find(({ name }) => /bash|shell|command|terminal|exec/i.test(name));
  if (!tool) return { text: "There is no tool to run a command with." };
  const fields = Object.keys((tool.input_schema?.properties as object | undefined) ?? { command: 0 });
  return call(tool.name, { [fields.find((field) => /command|cmd|script|code/i.test(field)) ?? "command"]: command });
}

/** The end of the work on a criterion: through Baton's tool where it is offered, else in words. */
export function finish(request: MessagesRequest, criterion: string): Reply {
  if (!request.tools?.some(({ name }) => name === "finish")) return { text: "The task is done." };
  return call("finish", { summary: `${criterion} is done.`, criteria: [criterion] });
}
