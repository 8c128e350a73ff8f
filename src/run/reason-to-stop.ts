import { mayWrite } from "../domain/permission.ts";
import type { State } from "../domain/state.ts";
import { fetchPermission } from "../github/permission.ts";
import { fetchPullRequest } from "../github/pull-request.ts";
import type { GitHubForgeOptions } from "./github-forge.ts";

export interface ReasonToStop {
  reason: string;
  handsOff: boolean;
}

interface Issue {
  state: string;
  labels?: readonly (string | { name?: string })[];
}

/** Reads pull request, right and issue anew (free of the rate limit while nothing changes). */
export async function findReasonToStop(options: GitHubForgeOptions, state: State): Promise<ReasonToStop | null> {
  return (
    (await lookAtPullRequest(options, state)) ??
    (await lookAtPerson(options, state)) ??
    (await lookAtIssue(options, state))
  );
}

async function lookAtIssue(options: GitHubForgeOptions, state: State): Promise<ReasonToStop | null> {
  const { number } = state.request;
  if (number === null) return null;
  const route = "/repos/{owner}/{repo}/issues/{issue_number}";
  const issue = await options.github.find<Issue>(route, { ...options.repository, issue_number: number });
  if (!issue) return { reason: `#${number} does not exist any more.`, handsOff: true };
  if (issue.state === "closed") return { reason: `#${number} was closed while Baton was at work.`, handsOff: false };
  const label = options.label ?? options.policy.label;
  const names = (issue.labels ?? []).map((one) => (typeof one === "string" ? one : one.name));
  if (!isByLabel(state) || names.includes(label)) return null;
  return { reason: `The label \`${label}\` was taken off while Baton was at work.`, handsOff: false };
}

/** Whether a label, and no later word of a person, is what this work goes on by. */
function isByLabel(state: State): boolean {
  return state.runs.findLast(({ trigger }) => trigger !== "continuation")?.trigger === "label";
}

async function lookAtPullRequest(options: GitHubForgeOptions, state: State): Promise<ReasonToStop | null> {
  const number = Number(state.published.pull_request);
  if (!Number.isSafeInteger(number) || number <= 0) return null;
  const pull = await fetchPullRequest(options.github, options.repository, number);
  if (!pull || pull.state === "open") return null;
  const fate = pull.merged_at ? "merged" : "closed";
  return { reason: `Pull request #${number} was ${fate}; nothing more is pushed to its branch.`, handsOff: true };
}

async function lookAtPerson(options: GitHubForgeOptions, state: State): Promise<ReasonToStop | null> {
  const { requester } = state;
  if (requester.id === 0 || options.policy.allowed_bots.includes(requester.id)) return null;
  const right = await fetchPermission(options.github, options.repository, requester);
  if (right.kind === "unknown" || mayWrite(right)) return null;
  return { reason: `${requester.login} has no write permission on this repository any more.`, handsOff: true };
}
