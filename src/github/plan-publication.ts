/** What should be seen on GitHub at one moment. */
export interface DesiredPublication {
  /** Work branch and its head; null before the first commit. */
  head: { branch: string; sha: string } | null;
  base: string;
  ready: boolean;
  /** Hash of each text, so that equal texts cause no write. */
  reportSha256: string;
  statusSha256: string;
  check: { externalId: string; conclusion: "success" | "failure" | "neutral" | null } | null;
}

/** What is there already. */
export interface FoundPublication {
  pullRequest: {
    number: number;
    draft: boolean;
    state: "open" | "closed" | "merged";
    head: string;
    base: string;
    reportSha256: string | null;
  } | null;
  status: { id: number; sha256: string | null } | null;
  check: { id: number; externalId: string; conclusion: string | null } | null;
  /** A person has made the pull request ready, or a draft, after Baton last did: their choice stays. */
  humanSetReadiness: boolean;
}

export type PublicationOperation =
  | { op: "create_pull_request" }
  | { op: "update_report"; number: number }
  | { op: "make_ready"; number: number }
  | { op: "make_draft"; number: number }
  | { op: "write_check" }
  | { op: "write_status" };

/** The writes that lead from what is found to what is desired, in order; none where nothing differs. */
export function planPublication(desired: DesiredPublication, found: FoundPublication): PublicationOperation[] {
  const plan: PublicationOperation[] = [];
  const pull = found.pullRequest;
  const isOver = pull !== null && pull.state !== "open";
  if (desired.head && !pull) plan.push({ op: "create_pull_request" });
  // A merged or closed pull request belongs to people now: nothing is written to it.
  if (pull && !isOver && pull.reportSha256 !== desired.reportSha256)
    plan.push({ op: "update_report", number: pull.number });
  if (desired.head && desired.check && !isOver && differs(desired.check, found.check)) plan.push({ op: "write_check" });
  if (pull && !isOver && !found.humanSetReadiness) {
    if (desired.ready && pull.draft) plan.push({ op: "make_ready", number: pull.number });
    // A stale or failed verdict must not look ready.
    if (!desired.ready && !pull.draft) plan.push({ op: "make_draft", number: pull.number });
  }
  if (!found.status || found.status.sha256 !== desired.statusSha256) plan.push({ op: "write_status" });
  return plan;
}

function differs(desired: NonNullable<DesiredPublication["check"]>, found: FoundPublication["check"]): boolean {
  return !found || found.externalId !== desired.externalId || found.conclusion !== desired.conclusion;
}
