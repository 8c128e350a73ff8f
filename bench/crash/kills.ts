import { setTimeout as sleep } from "node:timers/promises";
import { billOf, bringToEnd, describeRuns, findViolations, startStory } from "../../test/helpers/crash-story.ts";

/** Kills that one session meets; more of them would only test patience. */
const killsPerStory = 8;
/** Latest moment of a kill, ms after the start of the job: somewhat longer than a run without one takes. */
const longest = 12_000;

export interface Kills {
  kills: number;
  /** Kills in stories that ended whole. */
  whole: number;
  stories: number;
  /** Stories in which less was booked than billed. */
  underbooked: number;
  notes: string[];
}

/** Plays the slug story again and again; the machine of a run goes away at moments drawn from the seed. */
export async function playKills(options: { count: number; seed: number; say: (line: string) => void }): Promise<Kills> {
  const random = createRandom(options.seed);
  const found: Kills = { kills: 0, whole: 0, stories: 0, underbooked: 0, notes: [] };
  while (found.kills < options.count) {
    // More early moments than late ones: a kill costs what the run did until then, and each run goes on where the last one fell.
    const moments = Array.from({ length: killsPerStory }, () => Math.round(random() ** 2 * longest));
    await using story = await startStory();
    const { journey, issue } = story;
    const { world } = journey;
    for (const afterMs of moments) world.runner.killNext({ job: "run", afterMs });
    await world.label(issue, "baton", "mona");
    const ended = await bringToEnd(journey, issue, killsPerStory + 2).catch((error: Error) => error);
    const killed = world.github.actions.runs.flatMap((run) => run.jobs).filter(isLost).length;
    const violations = ended instanceof Error ? [ended.message] : findViolations(journey, issue, ended);
    found.stories += 1;
    found.kills += killed;
    if (violations.length === 0) found.whole += killed;
    else found.notes.push(`kills after ${moments.join(", ")} ms: ${violations.join("; ")}`);
    if (!(ended instanceof Error) && ended.state.spend.total.usd_micro < billOf(journey)) found.underbooked += 1;
    const course = ended instanceof Error ? "not whole" : describeRuns(ended);
    options.say(`kill -9: ${found.kills} of ${options.count}, ${found.whole} whole (${course})`);
    // A machine so fast that no plan strikes would never come to the count.
    if (killed === 0) await sleep(1);
    if (found.stories > options.count) break;
  }
  return found;
}

function isLost({ key, annotations }: { key: string; annotations: readonly { message: string }[] }): boolean {
  return key === "run" && annotations.some(({ message }) => message.startsWith("The hosted runner lost communication"));
}

/** mulberry32: the same moments for the same seed. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
