import { setTimeout as sleep } from "node:timers/promises";
import type { Envelope } from "../../src/domain/envelope.ts";
import type { Script } from "../../src/local/model/script.ts";
import type { WorldOptions } from "../../src/local/world.ts";
import { patientPolicy } from "./crash-story.ts";
import { type Journey, startJourney } from "./journey.ts";
import { slugFiles, slugScript } from "./slug-story.ts";

/** The run job alone, without gate and close: one process per run, for stories of many runs. */
const workflow = `name: baton
run-name: "\${{ format('{0} [{1}] by {2}', fromJSON(inputs.task).session, fromJSON(inputs.task).trigger.event_id, fromJSON(inputs.task).trigger.actor_id) }}"
on:
  workflow_dispatch:
    inputs:
      task: { type: string }
permissions: { contents: write, issues: write, pull-requests: write, checks: write, actions: write }
jobs:
  run:
    runs-on: ubuntu-latest
    steps:
      - uses: acme/baton@v0
        with:
          mode: run
          anthropic_api_key: \${{ secrets.ANTHROPIC_API_KEY }}
          task: \${{ inputs.task }}
`;

/** A world in which the test itself rings for each run. */
export async function startBareStory(options: {
  script?: Script;
  files?: Record<string, string>;
  policy?: string;
  world?: Partial<WorldOptions>;
}): Promise<{ journey: Journey; issue: number; ring: (hop: number) => Promise<void> } & AsyncDisposable> {
  const journey = await startJourney({
    script: options.script ?? slugScript(),
    files: options.files ?? slugFiles(options.policy ?? patientPolicy),
    withApp: false,
    world: { workflows: { "baton.yml": workflow }, ...options.world },
  });
  const { world } = journey;
  const issue = await world.openIssue({ title: "slug should fold accents", body: "Crème → creme." });
  const mona = world.as("mona");
  const { id } = (await mona.request("GET", "/user")).body as { id: number };
  const ring = async (hop: number): Promise<void> => {
    const task: Envelope = {
      v: 1,
      session: `issue-${issue}`,
      trigger: {
        kind: hop === 0 ? "dispatch" : "continuation",
        event_id: `ring-${hop}`,
        comment_id: null,
        actor_id: id,
        at: new Date().toISOString(),
      },
      subject: { number: issue, sha256: "" },
      status_comment_id: null,
      hop,
    };
    await mona.request("POST", "/repos/acme/app/actions/workflows/baton.yml/dispatches", {
      ref: "main",
      inputs: { task: JSON.stringify(task) },
    });
  };
  return { journey, issue, ring, [Symbol.asyncDispose]: () => journey[Symbol.asyncDispose]() };
}

/**
 * Takes the runner away after every turn, when the model has thought about the next one for `thinkingMs`. At 0 the turn before
 * is on the remote or just on its way there. The request that is cut off gets no answer and costs nothing; the same one is
 * answered for the next runner.
 */
export function wipedAfterEachTurn(script: Script, wipe: () => Promise<unknown>, thinkingMs = 0): Script {
  const seen = new Set<number>();
  let turns = 0;
  return async (request, memory) => {
    if (turns > 0 && !seen.has(turns)) {
      seen.add(turns);
      await sleep(thinkingMs);
      await wipe();
      return { kind: "reset", billed: false };
    }
    turns += 1;
    return await script(request, memory);
  };
}
