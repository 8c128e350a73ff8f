import type { Event } from "../domain/event.ts";

/**
 * Worker contexts in a row, up to the newest, that left the workspace as it already was before them: what a worker who
 * only hands over, or edits and reverts, does for ever. A finished criterion, a verdict, a fresh start or a new run
 * begins anew, so a long piece of work may take as many contexts as it needs. Pure; trees are those before each turn's tools.
 */
export function countIdleContexts(events: readonly Event[]): number {
  const seen = new Set<string>();
  let idle = 0;
  let tree: string | null = null;
  for (const event of events) {
    if (event.type === "verdict_given" || event.type === "work_restarted" || event.type === "run_claimed") {
      seen.clear();
      idle = 0;
      tree = null;
    }
    if (event.type === "turn_ended" && event.role === "worker" && event.data.tree !== null) {
      tree = event.data.tree;
      if (seen.size === 0) seen.add(tree);
    }
    if (event.type !== "context_closed" || event.data.role !== "worker") continue;
    const isNew = tree !== null && !seen.has(tree);
    idle = isNew || event.data.end === "finished" ? 0 : idle + 1;
    if (tree !== null) seen.add(tree);
  }
  return idle;
}
