import { decideDue, type PlaybookHistory } from "./decide-due.ts";
import type { Playbook } from "./playbook.ts";
import type { FoundPlaybooks } from "./read-playbooks.ts";

/** One line of `baton maintenance --list`. */
export interface DueRow {
  name: string;
  schedule: string;
  what: "due" | "continue" | "refresh" | "not due" | "broken";
  /** Why; for a broken playbook the mistake with file and line. */
  reason: string;
  description: string;
  source: string;
}

/** What is due tonight and why, broken playbooks included; playbooks come in the policy's order. Pure. */
export function listDue(
  found: FoundPlaybooks,
  today: string,
  histories: ReadonlyMap<string, PlaybookHistory>,
): DueRow[] {
  return [
    ...found.playbooks.map((playbook) => rowOf(playbook, today, histories.get(playbook.name))),
    ...found.broken.map(({ name, error }) => ({
      name,
      schedule: "",
      what: "broken" as const,
      reason: error.message,
      description: "",
      source: "",
    })),
  ];
}

function rowOf(playbook: Playbook, today: string, history: PlaybookHistory | undefined): DueRow {
  const due = decideDue(playbook, today, history ?? { sessions: [], open: null });
  const { name, schedule, description, source } = playbook;
  return {
    name,
    schedule,
    what: due.kind === "not_due" ? "not due" : due.kind,
    reason: due.reason,
    description,
    source,
  };
}
