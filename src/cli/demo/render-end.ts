import { join } from "node:path";
import { renderUsd } from "../../domain/limits.ts";
import { stopReasons } from "../../domain/stop-reason.ts";
import type { Check } from "./judge-story.ts";
import { readLedger, readOwnCommands } from "./ledger.ts";
import type { PullRequestFacts, StoryFacts } from "./look.ts";

/** Where what is left of a story lies. */
export interface LeftBehind {
  report: string;
  state: string;
  journal: string;
  clone: string;
  artifacts: string;
}

export function pathsOf(outDir: string): LeftBehind {
  return {
    report: join(outDir, "pull-request.md"),
    state: join(outDir, "session", "state.json"),
    journal: join(outDir, "session", "journal"),
    clone: join(outDir, "clone"),
    artifacts: join(outDir, "artifacts"),
  };
}

/** The end of the story, for a person. */
export function renderEnd(facts: StoryFacts, checks: readonly Check[], paths: LeftBehind): string {
  return [
    ...(facts.pull ? renderPull(facts.pull) : ["There is no pull request."]),
    ...renderNight(facts),
    ...renderLedger(facts),
    ...renderCommands(facts),
    heading("What is left on this machine"),
    ...Object.entries(paths).map(([name, path]) => `  ${name.padEnd(10)} ${path}`),
    heading("Checked by the demo itself"),
    ...checks.map(({ name, ok, found }) => `  ${ok ? "✓" : "✗"} ${name}: ${found}`),
    "",
  ].join("\n");
}

function heading(text: string): string {
  return `\n${text}\n${"─".repeat(text.length)}`;
}

/** The pull request as its page shows it: without the marks and folds that only a browser hides. */
function renderPull(pull: PullRequestFacts): string[] {
  const body = pull.body
    .replaceAll(/<!--[\s\S]*?-->\n?/g, "")
    .replaceAll(/<details>\s*<summary>([\s\S]*?)<\/summary>[\s\S]*?<\/details>/g, "▸ $1")
    .replaceAll(/<br>|<\/?su[bp]>/g, " ")
    .replaceAll(/\\([`*_~[\]()#<>|])/g, "$1")
    .replaceAll(/\n{3,}/g, "\n\n")
    .trim();
  return [
    heading(`Pull request #${pull.number}: ${pull.title}`),
    `  ${pull.draft ? "Draft" : "Ready for review"} · ${pull.state} · ${pull.head.ref} at ${pull.head.sha.slice(0, 12)}`,
    ...pull.checks
      .filter(({ name }) => name === "baton")
      .map(({ name, conclusion, title }) => `  Check ${name}: ${conclusion ?? "in progress"} · ${title}`),
    ...pull.commits.map((commit) => `  · ${commit}`),
    "",
    ...body.split("\n").map((line) => `  ${line}`.trimEnd()),
  ];
}

function renderNight({ night }: StoryFacts): string[] {
  if (!night) return [];
  const check = night.checks.find(({ name }) => name === "baton");
  return [
    heading(`Pull request #${night.number} of the night: ${night.title}`),
    `  ${night.draft ? "Draft" : "Ready for review"} · ${night.state} · ${night.head.ref} at ${night.head.sha.slice(0, 12)}`,
    `  Check baton: ${check?.conclusion ?? "none"} · ${check?.title ?? ""}`,
  ];
}

function renderLedger({ state, events, others, bill }: StoryFacts): string[] {
  if (!state) return [];
  const rows = readLedger(state, events ?? []);
  const roles = ["initializer", "worker", "evaluator"] as const;
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, index) => (index === 0 || index === 6 ? cell.padEnd(6) : cell.padStart(12))).join("")}`;
  const usd = (micro: number | undefined): string => (micro === undefined ? "-" : renderUsd(micro));
  return [
    heading("What it cost"),
    line(["run", "turns", ...roles, "spent", "  of"]),
    ...rows.map(
      (row) =>
        `${line([String(row.run), String(row.turns), ...roles.map((role) => usd(row.byRole[role])), usd(row.usdMicro), `  ${usd(row.limitUsdMicro)}`])}  ${row.stop === null ? "ended without a word" : stopReasons[row.stop].sentence}`,
    ),
    line([
      "all",
      String(state.spend.total.turns),
      ...roles.map((role) => usd(state.spend.by_role[role].usd_micro)),
      usd(state.spend.total.usd_micro),
    ]),
    ...others.map((other) =>
      line([
        "night",
        String(other.spend.total.turns),
        ...roles.map((role) => usd(other.spend.by_role[role].usd_micro)),
        usd(other.spend.total.usd_micro),
      ]),
    ),
    ...(bill ? [`  The model server's own bill: ${renderUsd(bill.usdMicro)} for ${bill.requests} requests.`] : []),
  ];
}

function renderCommands({ events }: StoryFacts): string[] {
  const commands = readOwnCommands(events ?? []);
  if (commands.length === 0) return [];
  let last = "";
  const lines = commands.flatMap(({ when, criterion, kind, command, outcome, exit }) => {
    const title = when === last ? [] : [`  ${when}`];
    last = when;
    const shown = command.replaceAll(/\s+/g, " ").slice(0, 60);
    return [
      ...title,
      `    ${(criterion ?? "-").padEnd(4)} ${kind.padEnd(18)} ${shown.padEnd(60)} ${outcome}${exit === null ? "" : `, exit ${exit}`}`,
    ];
  });
  return [heading("Commands that Baton ran itself"), ...lines];
}

/** The same for machines: one object. */
export function summariseStory(
  facts: StoryFacts,
  checks: readonly Check[],
  paths: LeftBehind,
): Record<string, unknown> {
  const { state, events, counts, bill, own, pull, night, others } = facts;
  return {
    ok: checks.every(({ ok }) => ok),
    verdict: state?.verdict?.outcome ?? null,
    stop_reasons: state?.runs.map(({ stop_reason }) => stop_reason) ?? [],
    counts: {
      branches: counts.branches.filter((name) => name === `baton/${facts.session}`).length,
      pull_requests: facts.pullBranches.filter((name) => name === `baton/${facts.session}`).length,
      status_comments: facts.botComments.filter((body) => body.startsWith("<!-- baton:status")).length,
      workflow_runs: counts.runs,
    },
    pull_request: pull && { number: pull.number, draft: pull.draft, checks: pull.checks, url: pull.url },
    night: night && { number: night.number, draft: night.draft, checks: night.checks, url: night.url },
    costs: {
      runs: state
        ? readLedger(state, events ?? []).map(({ run, stop, turns, usdMicro, byRole }) => ({
            run,
            stop,
            turns,
            usd_micro: usdMicro,
            by_role: byRole,
          }))
        : [],
      total_usd_micro: state?.spend.total.usd_micro ?? 0,
      night_usd_micro: others.reduce((sum, one) => sum + one.spend.total.usd_micro, 0),
      bill_usd_micro: bill?.usdMicro ?? null,
      requests: bill?.requests ?? null,
    },
    tree: {
      sha: own?.tree ?? null,
      verified: state?.verdict?.tree ?? null,
      files: Object.keys(own?.files ?? {}),
      tests_green: own?.suite.isGreen ?? false,
      criteria: own?.deciders ?? {},
    },
    commands: readOwnCommands(events ?? []),
    paths,
    checks,
  };
}
