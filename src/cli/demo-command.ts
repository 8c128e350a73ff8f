import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { ConfigError } from "../domain/errors.ts";
import { type CliCommand, type CommandInput, type Terminal, textOption } from "./command.ts";
import { type BreakName, breakNames, plotOf } from "./demo/breaks.ts";
import { judgeLive, judgeStory } from "./demo/judge-story.ts";
import type { StoryFacts } from "./demo/look.ts";
import { createNarrator } from "./demo/narrator.ts";
import { playStory } from "./demo/play.ts";
import { pathsOf, renderEnd, summariseStory } from "./demo/render-end.ts";
import type { Stage } from "./demo/stage.ts";
import { findPackageRoot } from "./package-root.ts";

const help = `Usage: baton demo [options]

Plays the whole story on this machine: a small GitHub, a runner and a scripted model on 127.0.0.1, and the real App and
the real action between them. A maintainer labels an issue; run 1 claims to be done too early, is refused, and ends at its
budget; \`/continue\` starts run 2 on a fresh runner, which finishes; the pull request is verified.

  --json            one JSON object at the end, on standard output
  --keep            leaves the world up at the end, with pages to look at; Ctrl-C ends it
  --live            plays it with the real model (ANTHROPIC_API_KEY; costs a dollar or two)
  --break WHAT      breaks something, and the story still has to end truthfully:
                      evaluator  nothing can decide the criterion of the early refusal
                      state      the session on the remote is damaged between the runs
                      budget     every run has half the budget
                      runner     run 2 is ended by kill -9
  --out DIR         where clone, session and reports are left (default .baton-local/demo; what an earlier
                    demo left there is replaced, anything else is refused)

Needs Linux with user namespaces. Exit code 0 only when the final tree, the verdict and the counts are what the story must end with.`;

/** `baton demo`: the story on the embedded world. */
export const demoCommand: CliCommand = {
  name: "demo",
  help,
  options: {
    json: { type: "boolean" },
    keep: { type: "boolean" },
    live: { type: "boolean" },
    break: { type: "string" },
    out: { type: "string" },
  },
  positionals: { min: 0, max: 0 },
  run: runDemo,
};

async function runDemo(input: CommandInput): Promise<number> {
  const { terminal, values } = input;
  const broken = readBreak(input);
  const liveKey = readLiveKey(input, broken);
  const outDir = resolve(terminal.cwd, textOption(input, "out") ?? ".baton-local/demo");
  const plot = plotOf(broken);
  const narrator = createNarrator(terminal);
  let isTrue = false;
  const atEnd = async (facts: StoryFacts, stage: Stage): Promise<void> => {
    const checks = liveKey === null ? judgeStory(facts, plot) : judgeLive(facts);
    isTrue = checks.every(({ ok }) => ok);
    const paths = pathsOf(outDir);
    if (facts.pull) await writeFile(paths.report, facts.pull.body);
    const summary = { break: broken, live: liveKey !== null, ...summariseStory(facts, checks, paths) };
    if (values.json) terminal.out(`${JSON.stringify(summary, null, 2)}\n`);
    else terminal.out(`${renderEnd(facts, checks, paths)}\n${renderOutcome(isTrue, broken)}\n`);
    if (values.keep) await keepUp(terminal, stage, facts);
  };
  await playStory({ packageRoot: findPackageRoot(), outDir, plot, liveKey, narrator, signal: terminal.signal, atEnd });
  return isTrue ? 0 : 1;
}

function readBreak(input: CommandInput): BreakName | null {
  const text = textOption(input, "break");
  if (text === undefined) return null;
  const found = breakNames.find((name) => name === text);
  if (found) return found;
  throw new ConfigError(`--break is ${JSON.stringify(text)}; allowed is ${breakNames.join(", ")}.`, {
    hint: "See: baton demo --help",
  });
}

function readLiveKey(input: CommandInput, broken: BreakName | null): string | null {
  if (!input.values.live) return null;
  const key = input.terminal.env.ANTHROPIC_API_KEY;
  if (!key) {
    throw new ConfigError("ANTHROPIC_API_KEY is not set.", {
      hint: "Set it for --live, or leave --live out: the scripted model needs no key.",
    });
  }
  if (broken === null) return key;
  throw new ConfigError("--live and --break do not go together.", { hint: "Leave one of them out." });
}

function renderOutcome(isTrue: boolean, broken: BreakName | null): string {
  if (!isTrue) return "The story did not end as it must: see the lines with ✗.";
  return broken === null
    ? "The story ended as it must."
    : `Broken on purpose (${broken}), and the story ended truthfully.`;
}

/** Leaves the world up until Ctrl-C. */
async function keepUp(terminal: Terminal, { world }: Stage, facts: StoryFacts): Promise<void> {
  const base = `${world.github.url}/${world.repository}`;
  const number = facts.session.replace("issue-", "");
  const pages = [
    ["issue", `${base}/issues/${number}`],
    ...(facts.pull ? [["pull request", `${base}/pull/${facts.pull.number}`]] : []),
    ...(facts.pull ? [["files changed", `${base}/pull/${facts.pull.number}/files`]] : []),
    ["runs", `${base}/actions`],
  ];
  terminal.err(
    `\nThe world stays up; Ctrl-C ends it.\n${pages.map(([name = "", url]) => `  ${name.padEnd(14)} ${url}\n`).join("")}`,
  );
  if (terminal.signal.aborted) return;
  await new Promise<void>((resolve) => terminal.signal.addEventListener("abort", () => resolve(), { once: true }));
}
