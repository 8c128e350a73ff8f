import { toMicroUsd } from "../domain/limits.ts";
import type { Policy } from "../domain/policy.ts";
import type { SessionKey } from "../domain/session-key.ts";
import type { Playbook } from "./playbook.ts";

/** What a playbook makes of a run: everything in it only narrows what the policy allows. */
export interface AppliedPlaybook {
  policy: Policy;
  /** Caps that the playbook asks for: turns, micro-USD, ms; null means as the policy says. */
  asked: { from: string; turns: number | null; usdMicro: number | null; ms: number | null };
  request: { title: string; body: string };
  chore: { prepare: readonly string[]; skipIf: readonly string[]; paths: readonly string[] };
  labels: readonly string[];
  reviewers: readonly string[];
}

/** Name and day (`yyyy-mm-dd`) of a maintenance session's key, or null for other sessions. */
export function playbookOfKey(key: SessionKey | string): { name: string; day: string } | null {
  const match = /^maintenance-(.+)-(\d{4})(\d{2})(\d{2})$/.exec(key);
  return match ? { name: match[1]!, day: `${match[2]}-${match[3]}-${match[4]}` } : null;
}

/** The terms of a run of this playbook: its oracles beside the policy's, its own caps, paths, set-up and request. Pure. */
export function applyPlaybook(playbook: Playbook, policy: Policy): AppliedPlaybook {
  const { limits } = playbook;
  return {
    policy: { ...policy, oracles: [...new Set([...policy.oracles, ...playbook.oracles])].slice(0, 50) },
    asked: {
      from: `The playbook ${playbook.name}`,
      turns: limits.turns ?? null,
      usdMicro: limits.usd === undefined ? null : toMicroUsd(limits.usd),
      ms: limits.minutes === undefined ? null : Math.round(limits.minutes * 60_000),
    },
    request: { title: playbook.description.replace(/\.$/, "").slice(0, 200), body: renderRequest(playbook) },
    chore: { prepare: playbook.prepare, skipIf: playbook.skip_if, paths: playbook.paths },
    labels: playbook.labels,
    reviewers: playbook.reviewers,
  };
}

function renderRequest({ body, paths }: Playbook): string {
  if (paths.length === 0) return body;
  const list = paths.map((path) => `- \`${path}\``).join("\n");
  return `${body}\n\nOnly these paths may change; everything else stays as it is on the base. Tests that a criterion carries may lie elsewhere: they judge the work and are not published:\n${list}`;
}
