import { setTimeout as sleep } from "node:timers/promises";
import type { EmbeddedGitHub } from "./github/start-github.ts";
import type { Runner } from "./runner/start-runner.ts";

/** Resolves when no event, delivery or run is on its way. */
export async function untilIdle(github: EmbeddedGitHub, runner: Runner): Promise<void> {
  for (let quiet = 0; quiet < 2; ) {
    await github.settled();
    const before = github.actions.runs.length;
    const busy = runner.active().length > 0;
    await runner.idle();
    await github.settled();
    // Events of the last run may have queued another: only two quiet looks in a row count.
    await sleep(10);
    quiet = busy || github.actions.runs.length !== before || runner.active().length > 0 ? 0 : quiet + 1;
  }
}

/** Polls until the predicate gives something; fails in words that name the runs. */
export async function waitFor<T>(
  github: EmbeddedGitHub,
  predicate: () => T | Promise<T>,
  options: { timeoutMs?: number; what?: string } = {},
): Promise<NonNullable<T>> {
  const end = Date.now() + (options.timeoutMs ?? 60_000);
  while (Date.now() < end) {
    const found = await predicate();
    if (found) return found as NonNullable<T>;
    await sleep(50);
  }
  const runs = github.actions.runs.map(
    (run) =>
      `${run.display_title}: ${run.status} ${run.conclusion ?? ""} [${run.jobs.map((job) => `${job.key} ${job.conclusion ?? job.status}`).join(", ")}]`,
  );
  throw new Error(`waited in vain for ${options.what ?? "the predicate"}; runs:\n${runs.join("\n") || "(none)"}`);
}
