import { type MicroUsd, renderUsd } from "../domain/limits.ts";
import type { StopReason } from "../domain/stop-reason.ts";

/** One session of the week, as plain values; texts of others are already neutralised by the caller. */
export interface DigestSession {
  key: string;
  title: string;
  number: number | null;
  stop: StopReason | null;
  outcome: "pass" | "fail" | "unverified" | null;
  runs: number;
  spent_usd_micro: MicroUsd;
  criteria: number;
  verified: number;
  /** What the evaluator refused in this week: rule or criterion, with its reason. */
  refusals: readonly { rule: string; text: string }[];
}

/** Marker by which the one digest issue is found and edited. */
export const digestMarker = "<!-- baton:digest -->";

/** The weekly digest as markdown: sessions, verdicts, spend, cost per verified criterion, refusals and why. Pure. */
export function renderDigest(week: { from: string; to: string; sessions: readonly DigestSession[] }): string {
  const { sessions } = week;
  const spent = sessions.reduce((sum, session) => sum + session.spent_usd_micro, 0);
  const verified = sessions.reduce((sum, session) => sum + session.verified, 0);
  const passed = sessions.filter((session) => session.outcome === "pass").length;
  const head = [digestMarker, `## Baton, ${week.from} to ${week.to}`, ""];
  if (sessions.length === 0) return [...head, "No session ran in this week.", ""].join("\n");
  const perCriterion =
    verified > 0 ? `${renderUsd(Math.round(spent / verified))} per verified criterion` : "no criterion was verified";
  return [
    ...head,
    `${count(sessions.length, "session")}, ${passed} verified; ${renderUsd(spent)} spent, ${perCriterion}.`,
    "",
    "| session | verdict | criteria | runs | spent | last ending |",
    "|---|---|---|---:|---:|---|",
    ...sessions.map(
      (s) =>
        `| ${s.number === null ? s.key : `#${s.number}`} ${cell(s.title)} | ${s.outcome ?? "none yet"} | ${s.verified} of ${s.criteria} | ${s.runs} | ${renderUsd(s.spent_usd_micro)} | ${s.stop ?? "open"} |`,
    ),
    "",
    ...renderRefusals(sessions),
  ].join("\n");
}

function renderRefusals(sessions: readonly DigestSession[]): string[] {
  const all = sessions.flatMap((session) => session.refusals.map((refusal) => ({ ...refusal, key: session.key })));
  if (all.length === 0) return ["The evaluator refused nothing.", ""];
  const byRule = Map.groupBy(all, (refusal) => refusal.rule);
  const rows = [...byRule].sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1));
  return [
    "**What the evaluator refused**",
    "",
    ...rows.map(
      ([rule, list]) =>
        `- ${cell(rule)}, ${count(list.length, "time")}; last in ${list.at(-1)!.key}: ${cell(list.at(-1)!.text)}`,
    ),
    "",
  ];
}

/** Text inside one table cell or list line. */
function cell(text: string): string {
  const flat = text.replaceAll(/\s+/g, " ").replaceAll("\\", "\\\\").replaceAll("|", "\\|").trim();
  return flat.length > 160 ? `${flat.slice(0, 159)}…` : flat;
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}
