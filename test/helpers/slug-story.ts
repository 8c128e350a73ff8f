import { honestEvaluator } from "../../src/local/model/honest-evaluator.ts";
import type { Answer, Script } from "../../src/local/model/script.ts";
import { type Step, scriptByRole, sequence } from "../../src/local/model/script-helpers.ts";

/** A small library with a defect, its own tests, and a policy that needs no set-up. */
export function slugFiles(policy = "setup: []\noracles: [node test/slug.js]\n"): Record<string, string> {
  return {
    "slug.js": 'export function slug(text) {\n  return text.toLowerCase().replace(/ /g, "-");\n}\n',
    "test/slug.js":
      'import assert from "node:assert/strict";\nimport { slug } from "../slug.js";\nassert.equal(slug("Hello World"), "hello-world");\nconsole.log("ok 1 - lower-cases and joins words");\nconsole.log("1..1");\n',
    "package.json": '{"name":"slug","version":"1.0.0","type":"module","scripts":{"test":"node test/slug.js"}}\n',
    "README.md": "# slug\n",
    ".github/baton.yml": policy,
  };
}

const carried = (name: string, input: string, output: string): { path: string; content: string } => ({
  path: `test/${name}.js`,
  content: `import assert from "node:assert/strict";\nimport { slug } from "../slug.js";\nassert.equal(slug(${JSON.stringify(input)}), ${JSON.stringify(output)});\nconsole.log("ok 1 - ${name}");\nconsole.log("1..1");\n`,
});

/** The contract of the story: two behaviours with carried tests, and what must stay green. */
export const slugContract = {
  verdict: "work",
  summary: "slug folds accents and collapses runs of spaces",
  criteria: [
    {
      id: "C1",
      text: "slug folds accented letters to plain ones",
      kind: "behaviour",
      oracle: { type: "test", run: "node test/accents.js", path: "test/accents.js" },
      files: [carried("accents", "Crème Brûlée", "creme-brulee")],
    },
    {
      id: "C2",
      text: "a run of spaces becomes one dash",
      kind: "behaviour",
      oracle: { type: "test", run: "node test/spaces.js", path: "test/spaces.js" },
      files: [carried("spaces", "a   b", "a-b")],
    },
    {
      id: "C3",
      text: "the existing test stays green",
      kind: "regression",
      oracle: { type: "command", run: "node test/slug.js" },
    },
  ],
};

const call = (name: string, input: unknown): Step => ({ toolCalls: [{ name, input }] });

export const foldAccents = call("edit", {
  path: "slug.js",
  old: "text.toLowerCase()",
  new: 'text.normalize("NFD").replace(/[\\u0300-\\u036f]/g, "").toLowerCase()',
});
export const collapseSpaces = call("edit", { path: "slug.js", old: "/ /g", new: "/ +/g" });
export const readSlug = call("read", { path: "slug.js" });
export const finish = (criteria?: string[]): Step =>
  call("finish", { summary: "done", ...(criteria ? { criteria } : {}) });

export const proposeContract: Step[] = [call("bash", { command: "node test/slug.js" }), call("contract", slugContract)];

/** A worker that does it right, one criterion after the other. */
export const honestWorker: Step[] = [readSlug, foldAccents, finish(["C1"]), collapseSpaces, finish(["C2"])];

/**
 * What the honest worker does when a death has taken one of its steps: it writes the file whole, looks at nothing else, and
 * claims to be done.
 */
const makeUp: Script = (request) => {
  const last = JSON.stringify(request.messages.findLast(({ role }) => role === "assistant")?.content ?? "");
  const step = last.includes("cat > slug.js")
    ? finish()
    : call("bash", { command: `cat > slug.js <<'END'\n${fixedSlug}END` });
  return step as Answer;
};

/** Writes the note when a cap forces it, without using up a step of the story. */
export function handsOn(worker: Script): Script {
  return (request, memory) =>
    request.tool_choice?.name === "handoff"
      ? {
          toolCalls: [
            {
              name: "handoff",
              input: {
                done: ["accents fold"],
                in_progress: "spaces",
                next_steps: ["slug.js: collapse runs of spaces"],
              },
            },
          ],
        }
      : worker(request, memory);
}

/** The whole cast; the worker's steps are counted over all contexts and runs. */
export function slugScript(
  worker: readonly Step[] = honestWorker,
  initializer: readonly Step[] = proposeContract,
): Script {
  return scriptByRole({
    // A turn that a killed machine repeats prints another duration, and so asks once more.
    initializer: sequence(initializer, { after: initializer.at(-1) }),
    worker: handsOn(sequence(worker, worker === honestWorker ? { after: makeUp } : {})),
    evaluator: honestEvaluator(),
  });
}

/** `slug.js` as it must stand at the end. */
export const fixedSlug =
  'export function slug(text) {\n  return text.normalize("NFD").replace(/[\\u0300-\\u036f]/g, "").toLowerCase().replace(/ +/g, "-");\n}\n';
