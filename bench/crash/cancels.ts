import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { startStory } from "../../test/helpers/crash-story.ts";
import { settle } from "../../test/helpers/journey-view.ts";

export interface Cancels {
  /** From the cancel to the checkpoint on the remote that says `cancelled`, per run. */
  ms: number[];
  /** Runs whose session says `cancelled` and whose status comment says so too. */
  saved: number;
  notes: string[];
}

/** Cancels runs amid the work, as the button does: SIGINT, 7.5 s, SIGTERM, 2.5 s, SIGKILL. */
export async function playCancels(options: { count: number; say: (line: string) => void }): Promise<Cancels> {
  const found: Cancels = { ms: [], saved: 0, notes: [] };
  for (let round = 0; round < options.count; round += 1) {
    let cancelled: Promise<number> | null = null;
    await using story = await startStory({
      world: {
        runner: {
          onLine: ({ runId, text }) => {
            if (text.includes("· turn 3 ·")) cancelled ??= cancel(runId);
          },
        },
      },
    });
    const { world } = story.journey;
    const cancel = async (runId: number): Promise<number> => {
      const before = headOf(world.repo.gitDir, story.issue);
      const start = performance.now();
      await world.as("mona").request("POST", `/repos/acme/app/actions/runs/${runId}/cancel`);
      return await endOf(world.repo.gitDir, story.issue, before, start);
    };
    await world.label(story.issue, "baton", "mona");
    const view = await settle(story.journey, story.issue);
    found.ms.push((await cancelled) ?? Number.NaN);
    const isSaved =
      view.state.runs.at(-1)?.stop_reason === "cancelled" && /cancelled/.test(view.statusComments[0] ?? "");
    if (isSaved) found.saved += 1;
    else found.notes.push(`cancel ${round + 1}: ${view.state.runs.map((run) => run.stop_reason).join(", ")}`);
    options.say(`cancel ${round + 1} of ${options.count}: ${Math.round(found.ms.at(-1) ?? 0)} ms`);
  }
  return found;
}

function headOf(gitDir: string, issue: number): string {
  return execFileSync(
    "git",
    ["--git-dir", gitDir, "for-each-ref", "--format=%(objectname)", `refs/baton/issue-${issue}`],
    {
      encoding: "utf8",
    },
  ).trim();
}

/** Milliseconds until the session's state on the remote says that the run has ended. */
async function endOf(gitDir: string, issue: number, before: string, start: number): Promise<number> {
  let seen = before;
  while (performance.now() - start < 30_000) {
    const head = headOf(gitDir, issue);
    if (head !== seen) {
      const at = performance.now() - start;
      const text = execFileSync("git", ["--git-dir", gitDir, "show", `${head}:session/state.json`], {
        encoding: "utf8",
      });
      if (text.includes('"cancelled"')) return at;
      seen = head;
    }
    await sleep(20);
  }
  return Number.NaN;
}
