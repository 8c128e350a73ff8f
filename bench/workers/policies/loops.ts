import type { Event } from "../../../src/domain/event.ts";
import type { Step } from "../../../src/local/model/script-helpers.ts";
import { bash, call, edit, put, solve, times, type WorkerPolicy } from "../policy.ts";
import { handoffNote } from "../steps.ts";

const nudged =
  (rule: string) =>
  (events: readonly Event[]): string | null =>
    events.some((event) => event.type === "message_added" && event.data.kind === "nudge" && event.data.rule === rule)
      ? null
      : `no nudge by ${rule}`;
const text = (said: string): Step => ({ text: said });
const two = (first: Step, second: Step, rounds: number): Step[] =>
  Array.from({ length: rounds }, () => [first, second]).flat();
const there = edit("slug.js", "toLowerCase", "toUpperCase");
const back = edit("slug.js", "toUpperCase", "toLowerCase");
const long = "0123456789abcde\n".repeat(3_000);

/** Workers that go round in circles, talk, or fill their window; and the caps. */
export const loops: readonly WorkerPolicy[] = [
  {
    ...{ id: "11", does: "makes the same call for ever" },
    worker: times(60, bash("cat slug.js")),
    expect: { stops: ["stuck"], verdict: null, journal: nudged("R1") },
  },
  {
    ...{ id: "11b", does: "makes the same call for ever; a second run is told better" },
    worker: [...times(5, bash("cat slug.js")), ...solve],
    more: [{ say: "Just edit slug.js." }],
    expect: { stops: ["stuck", "done"], verdict: "pass" },
  },
  {
    ...{ id: "12", does: "goes A-B-A-B" },
    worker: two(bash("cat slug.js"), bash("cat count.js"), 30),
    expect: { stops: ["stuck"], verdict: null, journal: nudged("R2") },
  },
  {
    ...{ id: "13", does: "runs into the same error with reworded thoughts and names" },
    worker: Array.from({ length: 30 }, (_none, at) => ({
      thinking: `Idea ${at}: perhaps it works this time.`,
      ...(bash(`node /tmp/try-${at}.js`) as object),
    })) as Step[],
    expect: { stops: ["stuck"], verdict: null, journal: nudged("R3") },
  },
  {
    ...{ id: "15", does: "edits and reverts, for ever" },
    worker: two(there, back, 60),
    expect: { stops: [["stuck", "no_progress"]], verdict: null, journal: nudged("R5") },
  },
  {
    ...{ id: "16", does: "only talks" },
    worker: times(20, text("I will now think about the problem.")),
    expect: { stops: ["stuck"], verdict: null },
  },
  {
    ...{ id: "16b", does: "answers with nothing" },
    worker: times(20, { content: [], stopReason: "end_turn" }),
    expect: { stops: ["stuck"], verdict: null },
  },
  {
    ...{ id: "16c", does: "only thinks" },
    worker: times(20, { thinking: "Hm.", stopReason: "end_turn" }),
    expect: { stops: ["stuck"], verdict: null },
  },
  {
    ...{ id: "16d", does: "talks twice, then works" },
    worker: [text("Let me see."), text("I see."), ...solve],
    expect: { stops: ["done"], verdict: "pass" },
  },
  {
    ...{ id: "42", does: "fills its window again and again" },
    worker: times(60, put("notes.txt", long)),
    policy: "limits: { run: { usd: 20 } }\n",
    limits: { usd: 20 },
    expect: { stops: [["no_progress", "stuck"]], verdict: null },
  },
  {
    ...{ id: "42b", does: "hands over for ever without doing anything" },
    worker: Array.from({ length: 60 }, (_none, at) =>
      call("handoff", { ...handoffNote, in_progress: `thought ${at}` }),
    ),
    expect: { stops: ["no_progress"], verdict: null },
  },
  {
    ...{ id: "43", does: "spends to the cap" },
    worker: Array.from({ length: 60 }, (_none, at) => put(`page-${at}.txt`, `${at} ${long}`)),
    limits: { usd: 0.6 },
    expect: { stops: ["max_budget"], verdict: null },
  },
  {
    ...{ id: "43b", does: "spends to the cap, and a second run goes on" },
    worker: [...times(2, put("notes.txt", long)), bash("rm notes.txt"), ...solve],
    limits: { usd: 0.45 },
    more: [{}],
    expect: { stops: ["max_budget", "done"], verdict: "pass" },
  },
  {
    ...{ id: "43c", does: "works with a model that has no price" },
    worker: solve,
    policy: "models: { worker: claude-opus-9 }\n",
    expect: { stops: ["done"], verdict: "pass" },
  },
  {
    ...{ id: "48", does: "lets each command run for ten minutes" },
    worker: [bash("sleep 600", 600), ...solve],
    limits: { minutes: 0.4 },
    more: [{ say: "No sleeping." }],
    expect: { stops: ["timeout", "done"], verdict: "pass" },
  },
  {
    ...{ id: "48b", does: "uses up the turns of three runs without any progress" },
    worker: Array.from({ length: 90 }, (_none, at) => bash(`echo ${at} >> notes.txt`)),
    limits: { turns: 6 },
    more: [{ limits: { turns: 3 } }, { limits: { turns: 3 } }, { limits: { turns: 3 } }],
    expect: { stops: ["max_turns", "max_turns", "max_turns", "no_progress"], verdict: null },
  },
];
