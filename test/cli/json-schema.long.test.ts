import { describe, expect, it } from "vitest";
import { honestEvaluator } from "../../src/local/model/honest-evaluator.ts";
import { type Step, scriptByRole, sequence } from "../../src/local/model/script-helpers.ts";
import { startScriptedModel } from "../../src/local/model/start-scripted-model.ts";
import { findProgram } from "../../src/sandbox/host.ts";
import { collapseSpaces, foldAccents, handsOn, proposeContract, slugFiles } from "../helpers/slug-story.ts";
import { baton } from "./fake-terminal.ts";
import { createRepository } from "./repository.ts";

const schema = '{"type":"object","properties":{"places":{"type":"integer"}},"required":["places"]}';
const claim = (criteria: string[], more: object): Step => ({
  toolCalls: [{ name: "finish", input: { summary: "done", criteria, ...more } }],
});

describe("--json-schema", () => {
  it("names what cannot be used", async () => {
    const cwd = createRepository({ "a.txt": "a\n" });
    const refused = async (text: string): Promise<string> => {
      const { code, err } = await baton(["run", "--task", "x", "--dry-run", "--json-schema", text], { cwd });
      expect(code).toBe(2);
      return err;
    };
    expect(await refused("nope.json")).toContain("nope.json cannot be read");
    expect(await refused('{"type":')).toContain("cannot be used");
    expect(await refused('{"type":"objct"}')).toContain("objct");
    expect(await refused('{"if":{},"then":{}}')).toContain("not supported");
  });

  // Needs bubblewrap: the model's commands run nowhere else.
  it.skipIf(findProgram("bwrap") === null)("gives a result that fits, and sends back one that does not", async () => {
    const steps = [
      foldAccents,
      claim(["C1"], {}),
      claim(["C1"], { result: { places: "one" } }),
      claim(["C1"], { result: { places: 1 } }),
      collapseSpaces,
      claim(["C2"], { result: { places: 2 } }),
    ];
    const script = scriptByRole({
      initializer: sequence(proposeContract),
      worker: handsOn(sequence(steps)),
      evaluator: honestEvaluator(),
    });
    await using model = await startScriptedModel({ script });
    const env = { PATH: process.env.PATH, ANTHROPIC_API_KEY: model.apiKey, ANTHROPIC_BASE_URL: model.url };
    const words = ["run", "--task", "Fold accents", "--output", "json", "--json-schema", schema];
    const { out } = await baton(words, { cwd: createRepository(slugFiles()), env });
    expect(JSON.parse(out)).toMatchObject({
      stop_reason: "done",
      structured_output: { places: 2 },
      structured_output_error: null,
    });
    expect(model.problems()).toEqual([]);
  });
});
