import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { honestEvaluator } from "../../src/local/model/honest-evaluator.ts";
import { type Step, scriptByRole, sequence } from "../../src/local/model/script-helpers.ts";
import { startJourney, workflowText } from "../helpers/journey.ts";
import { settle } from "../helpers/journey-view.ts";
import { collapseSpaces, finish, fixedSlug, foldAccents, slugContract, slugFiles } from "../helpers/slug-story.ts";

const folder = "packages/my slug";

/** The story's library in a folder of a monorepo whose root has nothing to test, nor a package. */
function filesInFolder(policy: string): Record<string, string> {
  const { ".github/baton.yml": _replaced, ...files } = slugFiles();
  return {
    ...Object.fromEntries(Object.entries(files).map(([path, text]) => [`${folder}/${path}`, text])),
    [`${folder}/AGENTS.md`]: "Guidance of the folder.\n",
    "AGENTS.md": "Guidance of the root.\n",
    ".github/baton.yml": policy,
  };
}

const contract = {
  ...slugContract,
  criteria: slugContract.criteria.map((one) => ({
    ...one,
    oracle: { ...one.oracle, ...("path" in one.oracle ? { path: `${folder}/${one.oracle.path}` } : {}) },
    ...("files" in one ? { files: one.files!.map((file) => ({ ...file, path: `${folder}/${file.path}` })) } : {}),
  })),
};

const within = (step: Step): Step => {
  const [one] = (step as { toolCalls: { name: string; input: object }[] }).toolCalls;
  return { toolCalls: [{ name: one!.name, input: { ...one!.input, path: `${folder}/slug.js` } }] };
};
const bash = (command: string): Step => ({ toolCalls: [{ name: "bash", input: { command } }] });

async function listen(): Promise<{ port: number; asked: string[]; close: () => void }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.end("pong\n");
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { port: (server.address() as AddressInfo).port, asked, close: () => server.close() };
}

describe("a workflow with `working_directory`, and a policy with `work_network`", () => {
  it("prepares, works and is judged in that folder, and reaches that host and no other", async () => {
    const [open, closed] = [await listen(), await listen()];
    const policy = `setup: ["test -f slug.js && echo ready > prepared.txt"]\noracles: [node test/slug.js]\nwork_network: ["127.0.0.1:${open.port}"]\n`;
    const workflow = (await workflowText()).replace(
      "          mode: run\n",
      `          mode: run\n          working_directory: ./${folder}/\n`,
    );
    const ask = (port: number): string => `curl -s -m 10 http://127.0.0.1:${port}/ping`;
    await using journey = await startJourney({
      script: scriptByRole({
        initializer: sequence([
          bash("node test/slug.js && cat prepared.txt"),
          { toolCalls: [{ name: "contract", input: contract }] },
        ]),
        worker: sequence([
          bash(`${ask(open.port)}; ${ask(closed.port)}; true`),
          within(foldAccents),
          finish(["C1"]),
          within(collapseSpaces),
          finish(["C2"]),
        ]),
        evaluator: honestEvaluator(),
      }),
      files: filesInFolder(policy),
      withApp: false,
      world: { workflows: { "baton.yml": workflow } },
    });
    const { world } = journey;
    const issue = await world.openIssue({ title: "slug should fold accents", body: "Crème → creme." });
    await world.label(issue, "baton", "mona");
    const view = await settle(journey, issue);
    open.close();
    closed.close();
    expect(view.state.runs.map(({ stop_reason }) => stop_reason)).toEqual(["done"]);
    expect(view.file(`${folder}/slug.js`)).toBe(fixedSlug);
    expect(view.files().filter((path) => path.endsWith("prepared.txt"))).toEqual([]);
    expect(view.state.contract?.criteria.map(({ oracle }) => "run" in oracle && oracle.run).at(-1)).toBe(
      `cd '/workspace/${folder}' || exit; node test/slug.js`,
    );
    expect([open.asked, closed.asked]).toEqual([["/ping"], []]);
    const asked = JSON.stringify(world.model?.requests() ?? []);
    expect(asked).toContain("Guidance of the folder.");
    expect(asked).not.toContain("Guidance of the root.");
  });
});
