import type { StopReason } from "../../domain/stop-reason.ts";
import type { Plot } from "./breaks.ts";
import { libraryFiles, mendedFiles } from "./library.ts";
import type { StoryFacts } from "./look.ts";
import { mendedReadme } from "./night.ts";

/** One thing that must be so at the end, and what was found. */
export interface Check {
  name: string;
  ok: boolean;
  found: string;
}

/** The verdict as the session has it; null before the first. */
export function verdictOf({ state }: StoryFacts): "pass" | "fail" | "unverified" | null {
  return state?.verdict?.outcome ?? null;
}

/** Stop reason of each run, in order; null is a run that ended without a word. */
export function stopsOf({ state }: StoryFacts): (StopReason | null)[] {
  return state?.runs.map(({ stop_reason }) => stop_reason) ?? [];
}

/** Judges the end of a scripted story: what must always hold, and the one ending that is the truth of this plot. */
export function judgeStory(facts: StoryFacts, plot: Plot): Check[] {
  const { expected } = plot;
  return [
    ...judgeCounts(facts),
    ...judgeTruth(facts),
    same("the verdict", verdictOf(facts), expected.verdict),
    same("how each run ended", stopsOf(facts).map(say).join(", "), expected.stops.map(say).join(", ")),
    ...(expected.isReady ? judgeFinalTree(facts) : []),
    ...(plot.hasNight ? judgeNight(facts) : []),
    ...(plot.damagesState
      ? [
          check(
            "the damage is told in the pull request",
            /journal is damaged/.test(facts.pull?.body ?? ""),
            "looked for",
          ),
        ]
      : []),
    ...judgeMoney(facts, plot),
  ];
}

/** Judges what must hold whatever a model does: for the real one. */
export function judgeLive(facts: StoryFacts): Check[] {
  return [...judgeCounts(facts), ...judgeTruth(facts)];
}

const say = (stop: StopReason | null): string => stop ?? "killed";

function judgeCounts({ counts, botComments, pullBranches, session }: StoryFacts): Check[] {
  const branches = counts.branches.filter((name) => name.startsWith(`baton/${session}`));
  const statuses = botComments.filter((body) => body.startsWith("<!-- baton:status"));
  return [
    same("branches of the issue", branches.join(", "), `baton/${session}`),
    same("pull requests of the issue", String(pullBranches.filter((name) => name === `baton/${session}`).length), "1"),
    same("status comments on the issue", String(statuses.length), "1"),
    same("other comments of bots on the issue", String(botComments.length - statuses.length), "0"),
  ];
}

/** What is said must be what is: nobody is told "verified" unless the demo's own clone agrees. */
function judgeTruth(facts: StoryFacts): Check[] {
  const { own, pull } = facts;
  const isVerified = verdictOf(facts) === "pass";
  const isGreen = own?.suite.isGreen === true && Object.values(own.deciders).every(Boolean);
  const checks = pull?.checks.filter(({ name }) => name === "baton").map(({ conclusion }) => conclusion) ?? [];
  const isSaid = checks.includes("success") || pull?.draft === false || /Verified: all/.test(pull?.body ?? "");
  return [
    check(
      "“verified” is said only of what is verified",
      isVerified || !isSaid,
      `verdict ${verdictOf(facts)}, draft ${pull?.draft}, check ${checks.join(", ") || "none"}`,
    ),
    check(
      "“verified” is true in a clean clone",
      !isVerified || isGreen,
      own ? `suite ${own.suite.isGreen ? "green" : "red"}, ${tell(own.deciders)}` : "no branch",
    ),
    check(
      "the suite is green in a clean clone",
      own?.suite.isGreen === true,
      own?.suite.isGreen ? "green" : "red or absent",
    ),
  ];
}

function judgeFinalTree({ own, pull, state }: StoryFacts): Check[] {
  const wanted = mendedFiles(["C1", "C2", "C3"]);
  const wrong = Object.keys(libraryFiles).filter((path) => own?.files[path] !== wanted[path]);
  const extra = Object.keys(own?.files ?? {}).filter((path) => !(path in wanted) && !path.startsWith(".github/"));
  return [
    check("the files are as they should be", own !== null && wrong.length === 0, wrong.join(", ") || "as expected"),
    check("there is no other file, and no state file", extra.length === 0, extra.join(", ") || "none"),
    check(
      "every criterion's test passes in a clean clone",
      own !== null && Object.values(own.deciders).every(Boolean),
      tell(own?.deciders ?? {}),
    ),
    same("the verified tree is the published one", state?.verdict?.tree ?? "none", own?.tree ?? "no branch"),
    same(
      "the check on the head",
      pull?.checks
        .map(({ name, conclusion }) => `${name} ${conclusion}`)
        .filter((text) => text.startsWith("baton "))
        .join(", ") ?? "",
      "baton success",
    ),
    check(
      "the pull request is open and ready",
      pull?.state === "open" && pull.draft === false,
      `${pull?.state}, ${pull?.draft ? "draft" : "ready"}`,
    ),
  ];
}

function judgeNight({ night, pullBranches }: StoryFacts): Check[] {
  const nights = pullBranches.filter((name) => name.startsWith("baton/maintenance-"));
  const conclusion = night?.checks.find(({ name }) => name === "baton")?.conclusion ?? null;
  return [
    same("pull requests of the night", String(nights.length), "1"),
    check(
      "the night's README is right",
      night?.readme === mendedReadme,
      night?.readme === mendedReadme ? "right" : "wrong or absent",
    ),
    same("the check on the night's head", conclusion, "success"),
  ];
}

function judgeMoney({ state, others, bill, modelProblems }: StoryFacts, plot: Plot): Check[] {
  const cap = Math.round(plot.runUsd * 1e6);
  const over = state?.runs.filter(({ spend }) => spend.usd_micro > cap) ?? [];
  const ledger = [state, ...others].reduce((sum, one) => sum + (one?.spend.total.usd_micro ?? 0), 0);
  return [
    check("no run spent more than its budget", over.length === 0, over.length === 0 ? "none" : `${over.length} runs`),
    check(
      "what the ledgers say covers the model server's bill",
      bill === null || ledger >= bill.usdMicro,
      `${ledger} against ${bill?.usdMicro ?? 0} micro-USD`,
    ),
    check(
      "nobody asked the scripted model for something out of its part",
      modelProblems.length === 0,
      modelProblems.join("; ") || "nobody",
    ),
  ];
}

function tell(decided: Readonly<Record<string, boolean>>): string {
  return Object.entries(decided)
    .map(([id, ok]) => `${id} ${ok ? "passes" : "fails"}`)
    .join(", ");
}

function same(name: string, found: string | null, expected: string | null): Check {
  return check(name, found === expected, found === expected ? `${found}` : `${found}, expected ${expected}`);
}

function check(name: string, ok: boolean, found: string): Check {
  return { name, ok, found };
}
