import { SessionKey } from "../domain/session-key.ts";
import type { Trigger } from "../domain/trigger.ts";

/** What is known of the pull request a trigger stands on. */
export interface HeadFacts {
  headRef: string | null;
  fork: boolean | null;
  /** The pull request was opened by Baton's own account. */
  ours: boolean;
}

/** The session whose work branch `ref` is (`baton/issue-12`, `baton/issue-12-2`), or null. */
export function sessionOfBranch(ref: string, prefix = "baton/"): SessionKey | null {
  if (!ref.startsWith(prefix)) return null;
  const name = ref.slice(prefix.length);
  const match =
    /^((?:issue|pr)-[1-9]\d{0,9}|task-[0-9a-f]{8}|maintenance-[a-z0-9-]+-\d{8})(?:-([2-9]|[1-9]\d{1,5}))?$/.exec(name);
  const parsed = SessionKey.safeParse(match?.[1]);
  return parsed.success ? parsed.data : null;
}

/** The session that a trigger belongs to; null for triggers that name none (schedule, a dispatch without a task). */
export function sessionOfTrigger(trigger: Trigger, head: HeadFacts | null, prefix = "baton/"): SessionKey | null {
  switch (trigger.kind) {
    case "label":
      return `issue-${trigger.number}`;
    case "command":
    case "review": {
      const onPullRequest = trigger.kind === "review" || trigger.onPullRequest;
      if (!onPullRequest) return `issue-${trigger.number}`;
      const own = head?.ours && head.fork === false && head.headRef ? sessionOfBranch(head.headRef, prefix) : null;
      // People review each other's work all day: only what is said of Baton's own work is said to Baton.
      return own ?? (trigger.kind === "review" ? null : `pr-${trigger.number}`);
    }
    case "continuation":
      return trigger.session;
    case "dispatch":
    case "schedule":
      return null;
  }
}
