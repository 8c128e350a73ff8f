import type { Baseline, Contract } from "../domain/contract.ts";
import type { Spend } from "../domain/limits.ts";
import { decideNextStep, type NextStep } from "../domain/next-step.ts";
import type { State } from "../domain/state.ts";
import { type StopReason, stopReasons } from "../domain/stop-reason.ts";
import type { Verdict } from "../domain/verdict.ts";
import { escapeLine } from "./escape-markdown.ts";

/** What a report tells first. `stale`: there is a verdict, but the branch has moved on from its tree. */
export type Headline =
  | "pass"
  | "fail"
  | "unverified"
  | "partial"
  | "already_satisfied"
  | "blocked"
  | "stale"
  | "working"
  | "ended";

/** Facts of the run that the state does not hold. */
export interface ReportFacts {
  nowMs: number;
  /** The last verdict whole, with its tails; null before the first. */
  verdict: Verdict | null;
  /** What held the code in: one phrase, such as `bubblewrap, no network`. */
  walls: string;
  /** Walls that were not up; empty when all were. */
  weaker: readonly string[];
  /** What people should know of how this job is set up, a sentence or two each. */
  notes: readonly string[];
  /** Commits on the default branch since the base; null when not known. */
  baseMoved: number | null;
  runUrl: string | null;
  traceUrl: string | null;
  /** The report whole, for links from cut texts; null when there is no such place. */
  fullReportUrl: string | null;
  /** The branch's head as it stands, when it was looked up. `author` is the login or name of its commit. */
  head: { commit: string; tree: string; author: string } | null;
  /** Baseline of a request that the base already satisfies. */
  baseline: readonly Baseline[];
  /** Hosts that were asked for and denied. */
  blockedHosts: readonly string[];
  /** Set-ups that changed manifests made necessary, one line each. */
  renewals: readonly string[];
}

/** Everything that report, check run, status comment and job summary show. */
export interface ReportView {
  session: string;
  headline: Headline;
  stopReason: StopReason | null;
  /** One sentence on how the last run ended; empty while it goes on. */
  ended: string;
  /** What a person can do after the last run; null while it goes on. */
  next: NextStep | null;
  request: { number: number | null; title: string };
  requester: string;
  branch: string;
  base: { ref: string; sha: string };
  contract: Contract | null;
  contractSha256: string | null;
  verdict: Verdict | null;
  criteria: State["criteria"];
  alreadySatisfied: string | null;
  questions: readonly string[];
  spend: { total: Spend; byRole: [string, Spend][]; perVerifiedUsdMicro: number | null };
  runs: number;
  contexts: number;
  rounds: number;
  restarts: number;
  /** From the start of the first run to the end of the last (or now), without the pauses between runs. */
  workedMs: number;
  warnings: readonly string[];
  facts: ReportFacts;
}

/** Builds the view from the state and the facts, alone. */
export function readReportView(state: State, facts: ReportFacts): ReportView {
  const run = state.runs.at(-1);
  const reason = run?.stop_reason ?? null;
  const verdict = facts.verdict ?? state.verdict;
  const verified =
    verdict && !isStale(verdict, facts) ? verdict.criteria.filter((c) => c.verdict === "pass").length : 0;
  return {
    session: state.session,
    headline: headlineOf(state, verdict, facts),
    stopReason: reason,
    ended: reason
      ? `Run ${state.runs.length} ended: ${stopReasons[reason].sentence}${renderWhy(run?.end_text ?? "")}`
      : "",
    next: reason ? decideNextStep(state, reason) : null,
    request: { number: state.request.number, title: state.request.title },
    requester: state.requester.login,
    branch: state.branch,
    base: state.base,
    contract: state.contract,
    contractSha256: state.contract_sha256,
    verdict,
    criteria: state.criteria,
    alreadySatisfied: state.already_satisfied,
    questions: state.questions,
    spend: {
      total: state.spend.total,
      byRole: Object.entries(state.spend.by_role).filter(([, spend]) => spend.turns > 0 || spend.usd_micro > 0),
      perVerifiedUsdMicro: verified > 0 ? Math.round(state.spend.total.usd_micro / verified) : null,
    },
    runs: state.runs.length,
    contexts: state.contexts,
    rounds: state.rounds,
    restarts: state.restarts,
    workedMs: state.runs.reduce(
      (sum, r) => sum + Math.max(0, (r.ended_at ? Date.parse(r.ended_at) : facts.nowMs) - Date.parse(r.started_at)),
      0,
    ),
    warnings: state.warnings,
    facts,
  };
}

// A ceiling's text is only its name, which the sentence has said already.
function renderWhy(text: string): string {
  return /\s/.test(text.trim()) ? ` ${escapeLine(text, 500)}` : "";
}

/** Whether the branch's head is not the tree that the verdict is about. */
export function isStale(verdict: Verdict, { head }: ReportFacts): boolean {
  return head !== null && head.tree !== verdict.tree;
}

function headlineOf(state: State, verdict: Verdict | null, facts: ReportFacts): Headline {
  const reason = state.runs.at(-1)?.stop_reason ?? null;
  if (state.already_satisfied !== null) return "already_satisfied";
  if (state.questions.length > 0 || reason === "blocked") return "blocked";
  // A refusal stays one while the work goes on; only a pass can be outlived by a later commit.
  if (verdict?.outcome === "pass" && isStale(verdict, facts)) return "stale";
  if (verdict?.outcome === "pass") return "pass";
  if (reason === null) return "working";
  if (verdict && reason === "rejected") return "fail";
  if (verdict?.outcome === "unverified") return "unverified";
  if (verdict?.criteria.some((c) => c.verdict === "pass")) return "partial";
  return verdict ? "fail" : "ended";
}
