import type { Script } from "../../src/local/model/script.ts";
import { startBareStory, wipedAfterEachTurn } from "../../test/helpers/bare-run.ts";
import { billOf, findViolations } from "../../test/helpers/crash-story.ts";
import { type JourneyView, settle } from "../../test/helpers/journey-view.ts";
import { collapseSpaces, finish, foldAccents, readSlug, slugScript } from "../../test/helpers/slug-story.ts";

export interface Wipes {
  finished: boolean;
  wipes: number;
  /** Answers of the model beyond those of the uninterrupted session. */
  repeated: number;
  /** Bill of the model's server, against the uninterrupted session's. */
  costRatio: number;
  underbooked: number;
  notes: string[];
}

/** Real models think longer before a runner goes; a checkpoint travels meanwhile. */
const thinkingMs = 1_500;

/** One session of so many turns, once in peace and once with a new machine after every turn. */
export async function playWipes(options: { turns: number; say: (line: string) => void }): Promise<Wipes> {
  const peace = await play(options, false);
  const war = await play(options, true);
  const repeated = war.answers - peace.answers;
  options.say(`wiped ${war.wipes} times: ${repeated} turns repeated, ${war.billed} against ${peace.billed} micro-USD`);
  return {
    finished: war.violations.length === 0,
    wipes: war.wipes,
    repeated,
    costRatio: war.billed / peace.billed,
    underbooked: war.booked < war.billed ? 1 : 0,
    notes: war.violations,
  };
}

async function play({ turns, say }: { turns: number; say: (line: string) => void }, wiped: boolean) {
  let wipes = 0;
  const calm = longScript(turns);
  const wipe = async (): Promise<void> => {
    wipes += 1;
    const { runner } = story.journey.world;
    await Promise.all(runner.active().map((id) => runner.killRun(id)));
  };
  await using story = await startBareStory({ script: wiped ? wipedAfterEachTurn(calm, wipe, thinkingMs) : calm });
  const { journey, issue } = story;
  let view: JourneyView | null = null;
  // At most one turn per machine is repeated.
  for (let hop = 0; hop <= 2 * turns + 4 && view?.state.runs.at(-1)?.stop_reason !== "done"; hop += 1) {
    await story.ring(hop);
    view = await settle(journey, issue);
    if (wiped && hop % 10 === 0) say(`  ${wipes} machines gone`);
  }
  const bill = journey.world.model!.bill();
  const violations = findViolations(journey, issue, view!);
  return {
    wipes,
    violations,
    answers: bill.requests,
    billed: billOf(journey),
    booked: view!.state.spend.total.usd_micro,
  };
}

/** Initializer 2, evaluator 1, and a worker that reads much before each of its two changes; the prompt grows as it does at work. */
function longScript(turns: number): Script {
  const reading = Array.from({ length: Math.max(0, turns - 8) }, (_, at) => ({
    toolCalls: [
      { name: "bash", input: { command: `echo look ${at}; head -c 1500 slug.js test/slug.js README.md package.json` } },
    ],
  }));
  const half = Math.ceil(reading.length / 2);
  return slugScript([
    ...[readSlug, ...reading.slice(0, half), foldAccents, finish(["C1"])],
    ...[...reading.slice(half), collapseSpaces, finish(["C2"])],
  ]);
}
