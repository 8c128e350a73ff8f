import { renderStaleBasis, staleNext, staleTitle } from "../domain/stale-report.ts";
import { stopReasons } from "../domain/stop-reason.ts";
import { codeSpan, escapeLine } from "./escape-markdown.ts";
import { isStale, type ReportView } from "./report-view.ts";

/** `1 criterion`, `3 criteria`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** `2 h 5 min`, `4 min 10 s`, `12 s`. */
export function renderDuration(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The verdict in a few words: first line of every text, title of the check run. */
export function renderTitle(view: ReportView): string {
  const { verdict, contract } = view;
  const total = contract?.criteria.length ?? 0;
  const passed = verdict?.criteria.filter((c) => c.verdict === "pass").length ?? 0;
  switch (view.headline) {
    case "pass":
      return `Verified: all ${plural(total, "criterion", "criteria")} pass`.replace(
        "all 1 criterion pass",
        "the 1 criterion passes",
      );
    case "fail":
      return `Not accepted: ${failureOf(view)}`;
    case "unverified":
      return `Not verified: ${passed} of ${total} criteria could be shown`;
    case "partial":
      return `Not finished: ${passed} of ${total} criteria pass`;
    case "already_satisfied":
      return "Nothing to change: the base already does this";
    case "blocked":
      return `Waiting for an answer: ${plural(view.questions.length || 1, "question")}`;
    case "stale":
      return staleTitle;
    case "working":
      return total > 0
        ? `Working: ${claimed(view)} of ${total} criteria done`
        : "Working: writing down what done means";
    case "ended":
      return "Stopped before anything could be verified";
  }
}

/** What a person can do now, in one or two sentences. */
export function renderNext(view: ReportView): string {
  if (view.next?.command) return `${view.next.say}: ${codeSpan(view.next.command)}`;
  switch (view.headline) {
    case "pass":
      return "Review the diff and merge, or comment `/continue` with what is missing.";
    case "already_satisfied":
      return stopReasons.already_satisfied.next;
    case "stale":
      return staleNext;
    case "working":
      return "Nothing to do. `/stop` ends the run and keeps the work.";
    case "blocked":
      return stopReasons.blocked.next;
    default:
      return view.next?.say || "Comment `/continue` to go on, or `/retry` to start over from the base.";
  }
}

/** The sentence under the title: what the verdict rests on. */
export function renderBasis(view: ReportView): string {
  const { verdict, facts } = view;
  if (view.headline === "stale" && verdict && facts.head)
    return renderStaleBasis(verdict.tree, { ...facts.head, author: escapeLine(facts.head.author, 60) });
  if (view.headline === "already_satisfied")
    return `Baton ran every criterion on ${escapeLine(view.base.ref, 80)} at ${hash(view.base.sha)} and all of them pass. No branch, no pull request.`;
  if (view.headline === "blocked") return "Baton did not guess. What has been done so far is saved.";
  if (!verdict) return view.ended;
  const judge = verdict.judged_by
    ? `then ${escapeLine(verdict.judged_by, 80)} judged request, diff and evidence without seeing the worker's words`
    : "no model has judged it";
  const how = `Baton ran every check itself on a clean checkout of tree ${hash(verdict.tree)}; ${judge}.`;
  const since = isStale(verdict, facts) ? " Work went on after that tree; what came later is not checked yet." : "";
  const moved = facts.baseMoved
    ? ` Since its base, ${escapeLine(view.base.ref, 80)} has moved by ${plural(facts.baseMoved, "commit")}, which nobody has checked together with this.`
    : "";
  return view.headline === "pass" ? `${how}${moved}` : `${view.ended ? `${view.ended} ` : ""}${how}${since}`;
}

/** Twelve digits of a git hash as code. */
export function hash(sha: string): string {
  return `\`${sha.slice(0, 12)}\``;
}

function failureOf(view: ReportView): string {
  const failed = view.verdict?.criteria.filter((c) => c.verdict === "fail").length ?? 0;
  const blockers = view.verdict?.findings.filter((f) => f.severity === "blocker").length ?? 0;
  const parts = [
    ...(failed > 0 ? [`${plural(failed, "criterion", "criteria")} ${failed === 1 ? "fails" : "fail"}`] : []),
    ...(blockers > 0 ? [`${plural(blockers, "rule")} broken`] : []),
  ];
  return parts.join(", ") || "the evaluator refused the work";
}

function claimed(view: ReportView): number {
  return view.criteria.filter((c) => c.status === "claimed" || c.status === "pass").length;
}
