import { resolve } from "node:path";
import { describeError } from "../domain/errors.ts";
import { renderUsd } from "../domain/limits.ts";
import { plural } from "../evaluator/report-text.ts";
import { type CliCommand, type CommandInput, choiceOption, textOption } from "./command.ts";
import { describeSession, type SessionStanding } from "./describe-session.ts";
import { cutLine, plainText } from "./plain-text.ts";
import { openSessionShelf, readSessionKey, type SavedSession, type SessionShelf } from "./session-shelf.ts";

const help = `baton status: where the sessions of a repository stand.

Usage: baton status [SESSION] [--repo PATH] [--output text|json]

Without SESSION one line for each session; with it all there is to know. Read from refs/baton/*, so it tells the same on
every clone: for sessions of GitHub first \`git fetch origin "refs/baton/*:refs/baton/*"\`.

  --repo PATH        the repository; default: the current folder
  --output FORMAT    text (default) or json

Examples:
  baton status
  baton status task-1a2b3c4d --repo ../library
  baton status --output json | jq '.[] | select(.condition == "lost")'

Exit code: 0; 2 when there is no such session.`;

/** `baton status`: condition, criteria, turns, spend, last reason and what next. */
export const statusCommand: CliCommand = {
  name: "status",
  help,
  options: { repo: { type: "string" }, output: { type: "string" } },
  positionals: { min: 0, max: 1 },
  async run(input) {
    const { terminal, positionals } = input;
    const asJson = choiceOption(input, "output", ["text", "json"], "text") === "json";
    await using shelf = await openSessionShelf(resolve(terminal.cwd, textOption(input, "repo") ?? "."));
    if (positionals[0] === undefined) return await list(input, shelf, asJson);
    const saved = await shelf.load(readSessionKey(positionals[0]));
    const standing = describeSession(saved);
    terminal.out(asJson ? `${JSON.stringify(standing)}\n` : renderDetails(saved, standing));
    return 0;
  },
};

async function list({ terminal }: CommandInput, shelf: SessionShelf, asJson: boolean): Promise<number> {
  const standings: SessionStanding[] = [];
  for (const key of await shelf.keys()) {
    try {
      standings.push(describeSession(await shelf.load(key)));
    } catch (error) {
      terminal.err(`${key}: ${plainText(describeError(error))}\n`);
    }
  }
  if (asJson) terminal.out(`${JSON.stringify(standings)}\n`);
  else if (standings.length === 0)
    terminal.out(
      `No session in ${shelf.place.root} (another repository: --repo PATH).\nStart one: baton run --task "…"; for those of GitHub: git fetch origin "refs/baton/*:refs/baton/*"\n`,
    );
  else terminal.out(renderTable(standings));
  return 0;
}

function renderTable(standings: readonly SessionStanding[]): string {
  const rows = [
    ["SESSION", "CONDITION", "VERIFIED", "TURNS", "SPENT", "REQUEST"],
    ...standings.map((one) => [
      one.session,
      one.condition,
      one.criteria.of === 0 ? "-" : `${one.criteria.verified}/${one.criteria.of}`,
      String(one.turns),
      one.usd,
      cutLine(one.request, 48),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd(),
  );
  return `${lines.join("\n")}\n\n${standings.map(({ session, next }) => `${session}: ${plainText(next)}`).join("\n")}\n`;
}

function renderDetails({ state, head, problems }: SavedSession, standing: SessionStanding): string {
  const marks = { open: "open", claimed: "claimed", pass: "verified", fail: "failed", unverifiable: "not verifiable" };
  const lines = [
    `${standing.session}: ${cutLine(standing.request, 100)}`,
    "",
    `Condition  ${standing.condition}: ${standing.reason}`,
    `Next       ${standing.next}`,
    `Branch     ${standing.branch}${head ? ` at ${head.commit.slice(0, 12)}` : " (nothing on it yet)"}, from ${state.base.ref} at ${state.base.sha.slice(0, 12)}`,
    `Spend      ${standing.usd} in ${plural(standing.turns, "turn")}, ${plural(state.contexts, "context")}, ${plural(standing.runs, "run")}`,
    ...Object.entries(state.spend.by_role)
      .filter(([, { turns, usd_micro }]) => turns > 0 || usd_micro > 0)
      .map(([role, spend]) => `             ${role}: ${renderUsd(spend.usd_micro)} in ${plural(spend.turns, "turn")}`),
    `Contract   ${state.contract_sha256 ? `sha256 ${state.contract_sha256.slice(0, 12)}` : "none yet"}`,
    ...state.criteria.map(({ id, status }) => {
      const text = state.contract?.criteria.find((one) => one.id === id)?.text ?? "";
      return `  ${marks[status].padEnd(14)} ${id}: ${cutLine(text, 90)}`;
    }),
    ...state.questions.map((question) => `Question   ${cutLine(question, 300)}`),
    "Runs",
    ...state.runs.map(
      (run, index) =>
        `  ${index + 1}  ${run.started_at}  ${(run.stop_reason ?? "not ended").padEnd(16)} ${plural(run.spend.turns, "turn")}, ${renderUsd(run.spend.usd_micro)}`,
    ),
    ...[...state.warnings, ...problems].map((text) => `Warning    ${cutLine(text, 300)}`),
    `Report     baton report ${standing.session}`,
  ];
  return `${plainText(lines.join("\n"))}\n`;
}
