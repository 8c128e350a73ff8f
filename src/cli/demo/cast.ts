import { honestEvaluator } from "../../local/model/honest-evaluator.ts";
import type { Reply, Script } from "../../local/model/script.ts";
import { requestText, scriptByRole } from "../../local/model/script-helpers.ts";
import type { MessagesRequest } from "../../local/model/wire.ts";
import { contractOf } from "./contract.ts";
import { edits } from "./library.ts";
import { playNight } from "./night.ts";

/** What the cast plays: the plain story, or the one in which nothing can decide the last criterion. */
export type Casting = "plain" | "undecidable";

type Call = NonNullable<Reply["toolCalls"]>[number];

/**
 * The scripted roles. Each line depends on nothing but the request it answers (role, focus, turn of the context), as a
 * model's would: a runner that dies or a context that is rebuilt changes nothing in it.
 */
export function createCast(casting: Casting): Script {
  return scriptByRole({
    initializer: (request) => playNight(request, "initializer") ?? playInitializer(request, casting),
    worker: (request) => playNight(request, "worker") ?? playWorker(request, casting),
    evaluator: honestEvaluator({ unjudged: casting === "plain" ? "pass" : "unverifiable" }),
  });
}

const bash = (command: string): Call => ({ name: "bash", input: { command } });
const read = (path: string): Call => ({ name: "read", input: { path } });
const finish = (summary: string, criteria?: string[]): Call => ({
  name: "finish",
  input: criteria ? { summary, criteria } : { summary },
});
const ask = (expression: string): Call =>
  bash(`node --input-type=module -e 'import { parse } from "./src/index.js"; console.log(${expression})'`);

/** How many answers the context has had before this request. */
export function turnOf(request: MessagesRequest): number {
  return request.messages.filter(({ role }) => role === "assistant").length;
}

function playInitializer(request: MessagesRequest, casting: Casting): Reply {
  const propose: Call = { name: "contract", input: contractOf(casting) };
  if (request.tool_choice?.type === "tool") return { toolCalls: [propose] };
  const lines: Reply[] = [
    {
      text: "First the code that the report is about, and how the repository tests itself.",
      toolCalls: [read("src/parse.js"), bash("ls . src test && cat package.json && node --test 2>&1 | tail -12")],
    },
    {
      text: "The suite is green, so it does not cover this. I reproduce each of the three reports.",
      toolCalls: [ask('parse("1.5h"), parse("90 minutes"), parse("soon"), parse("5 parsecs")')],
    },
    { text: "All three are real. Each becomes a criterion with a test of its own.", toolCalls: [propose] },
  ];
  return lines[Math.min(turnOf(request), lines.length - 1)]!;
}

function playWorker(request: MessagesRequest, casting: Casting): Reply {
  const text = requestText(request);
  const focus = /<focus>\s*Work on (\w+)\./.exec(text)?.[1] ?? "";
  if (isWindDown(request)) return windDown(focus);
  const turn = turnOf(request);
  const lines = linesOf(focus, casting, text.includes(`In progress: ${focus}: `));
  return spend(lines[Math.min(turn, lines.length - 1)]!, request);
}

function linesOf(focus: string, casting: Casting, isHandedOn: boolean): Reply[] {
  switch (focus) {
    case "C1":
      return casting === "plain" ? playDecimals() : playTwoAtOnce();
    case "C2":
      return isHandedOn ? playUnitNames() : [...ponder(spellings), ...playUnitNames()];
    case "C3":
      if (casting === "undecidable") return insist();
      return isHandedOn ? playRefusal() : [...ponder(oddTexts), ...playRefusal()];
    default:
      return [
        { text: "What is left is the suite itself.", toolCalls: [bash("node --test 2>&1 | tail -12")] },
        { toolCalls: [finish("The repository's own tests pass.", focus ? [focus] : undefined)] },
      ];
  }
}

/** The first criterion, and then a claim that is too large. */
function playDecimals(): Reply[] {
  return [
    { text: "Where does this stand?", toolCalls: [read("src/parse.js"), ask('parse("1.5h")')] },
    { text: "The pattern takes whole numbers only.", toolCalls: edit("C1") },
    { text: "Does it hold, and is everything else as before?", toolCalls: [ask('parse("1.5h")'), suite()] },
    {
      text: "Decimals work and the tests are green. That settles the issue.",
      toolCalls: [finish("parse() reads decimals now. Everything that was asked for is done.")],
    },
  ];
}

/** Sent back: the second criterion, done properly. */
function playUnitNames(): Reply[] {
  return [
    {
      text: "The evaluator is right: the unit names are still missing.",
      toolCalls: [read("src/units.js"), ask('parse("90 minutes")')],
    },
    { text: "Units get their names in full, in one place.", toolCalls: edit("C2") },
    { toolCalls: [ask('parse("90 minutes"), parse("1 day 1 hour"), parse("1.5h")'), suite()] },
    { toolCalls: [finish("Unit names in full are read, singular and plural.", ["C2"])] },
  ];
}

const spellings = ["1 hour", "2 hrs", "90 mins", "3 Minutes", "1 day 1 hour"];
const oddTexts = ["soon", "5 parsecs", "", "3 constructors", "1h soon", "-5m", "1e3s", "1 h", "h1", "1h,30m", "m", "5"];

/** A criterion with no note to start from: a long thought about each text that could matter. */
function ponder(texts: readonly string[]): Reply[] {
  return texts.map((text) => ({
    text: `What does it make of ${JSON.stringify(text)}, and what should it?`,
    toolCalls: [ask(`parse(${JSON.stringify(text)})`)],
    outputTokens: 3_500,
  }));
}

/** The third criterion from the note of the run before. */
function playRefusal(): Reply[] {
  return [
    {
      text: "The note names the cause. I look at it once more, and at what passed before.",
      toolCalls: [read("src/parse.js"), ask('parse("1.5h"), parse("90 minutes"), parse("soon")')],
    },
    { text: "Refuse the whole text unless every part of it is understood.", toolCalls: edit("C3") },
    {
      toolCalls: [
        ask('(() => { try { return parse("5 parsecs"); } catch (error) { return String(error); } })()'),
        suite(),
      ],
    },
    { toolCalls: [finish("Text that is no duration throws a RangeError that quotes it.", ["C3"])] },
  ];
}

/** Two of three criteria, and the claim that all is done: what only the missing oracle would have caught. */
function playTwoAtOnce(): Reply[] {
  return [
    ...playDecimals().slice(0, 2),
    { text: "The unit names go along with it.", toolCalls: edit("C2") },
    { toolCalls: [ask('parse("1.5h"), parse("90 minutes")'), suite()] },
    { toolCalls: [finish("Everything that was asked for is done.")] },
  ];
}

function insist(): Reply[] {
  return [
    { text: "I see nothing that is missing.", toolCalls: [suite()] },
    { toolCalls: [finish("Everything that was asked for is done.")] },
  ];
}

function edit(id: keyof typeof edits): Call[] {
  return edits[id].map((one) => ({ name: "edit", input: one }));
}

function suite(): Call {
  return bash("node --test 2>&1 | tail -12");
}

/** What a long thought costs, as far as the request allows it to be one. */
function spend(reply: Reply, request: MessagesRequest): Reply {
  if (reply.outputTokens === undefined) return reply;
  return { ...reply, outputTokens: Math.min(reply.outputTokens, request.max_tokens - 1) };
}

function isWindDown(request: MessagesRequest): boolean {
  if (request.tool_choice?.type === "tool") return true;
  const last = request.messages.at(-1);
  return JSON.stringify(last?.content ?? "").includes("Call `handoff` now");
}

function windDown(focus: string): Reply {
  return {
    toolCalls: [
      {
        name: "handoff",
        input: {
          done: [],
          in_progress: `${focus || "the rest"}: understood, nothing edited for it yet`,
          next_steps: [
            "In src/parse.js, refuse the text as a whole unless every part of it has a number and a known unit",
          ],
          decisions: [{ what: "refuse in parse(), not in its callers", why: "the package has one entry" }],
          tried_and_failed: [],
          gotchas: ["`units[unit]` would find `constructor`; look units up in the Map"],
          questions_for_human: [],
        },
      },
    ],
  };
}
